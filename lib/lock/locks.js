'use strict'

// What mutexes, semaphores and read-write locks have in common: arguments in, native calls out.

const check = require('../check')
const { typeError } = require('../errors')
const { register } = require('../registry')
const { clientBeside } = require('./durable')
const { Keeper } = require('./keeper')
const { Link } = require('./link')
const { FAIR, MUTEX } = require('./native')
const { clientsOf, defaultTerms, termsOf, patienceOf, stallOf, ttlOf } = require('./options')
const { lockOf, coveringLock, tokenOf } = require('./origin')
const { giveBack, unknownRelease } = require('./release')
const { nameOf, namesOf, isOne } = require('./resources')
const { under, underHeld } = require('./under')

/** @typedef {import('./keeper').Terms} Terms */
/** @typedef {import('./held-lock').HeldLock} HeldLock */

/** @param {number} answer as `src/lock/release.rs` has it */
function isReleased(answer) {
  if (answer === 2) throw unknownRelease()
  return answer === 1
}

const nothing = () => null
/** Of a call that says nothing of it. */
const AT_ONCE = { waitMs: 0, renew: false }

class Locks {
  #known
  #open
  #settings
  #defaults
  /** The terms of `under` without options. @type {Terms | undefined} */
  #underDefaults
  #keeper
  /** Over a connection that waits for replicas. @type {Keeper | undefined} */
  #durable
  #counts = { acquired: 0, busy: 0, released: 0, lost: 0 }

  /**
   * @param {unknown} redis
   * @param {any} given options, whose keys are known
   * @param {{ kind: number, prefix: string, permits?: number, known: { acquire: readonly string[], under: readonly string[] } }} of
   * @param {(...args: ConstructorParameters<typeof Link>) => import('./keeper').Link} [open]
   */
  constructor(redis, given, { kind, prefix: usual, permits = 0, known }, open = (...args) => new Link(...args)) {
    const clients = clientsOf(redis, kind === MUTEX)
    const { prefix = usual, name = prefix, loopStallLimitMs } = given
    check.key(prefix, 'options.prefix')
    check.key(name, 'options.name')
    this.#known = known
    this.#open = open
    this.#settings = { kind, prefix, clients, loopStallMs: stallOf(loopStallLimitMs) }
    this.#defaults = defaultTerms(given, clients.length > 1, permits)
    this.#keeper = this.#makeKeeper(null)
    const counts = this.#counts
    register('lock', name, this, () => counts)
  }

  /**
   * Not async: that would make a second promise of each lock.
   * @param {unknown} resource
   * @param {unknown} ttlMs
   * @param {unknown} options
   * @param {number} mode
   * @returns {Promise<HeldLock | null>}
   */
  acquire(resource, ttlMs, options, mode) {
    try {
      const names = this.#namesOf(resource)
      const ms = ttlOf(ttlMs)
      const terms = options === undefined ? this.#defaults : this.#terms(check.options(options, 'options', this.#known.acquire), AT_ONCE)
      return this.#ask(names, ms, terms, mode, nothing)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /**
   * Runs a function under a lock.
   * @param {unknown} resource
   * @param {unknown} fn
   * @param {unknown} options
   * @param {number} mode
   */
  async under(resource, fn, options, mode) {
    const names = this.#namesOf(resource)
    check.callable(fn, 'fn')
    const given = check.options(options, 'options', this.#known.under)
    const ttlMs = ttlOf(given.ttl, 'options.ttl')
    const terms = options === undefined ? (this.#underDefaults ??= this.#patient({})) : this.#patient(given)
    if (given.held !== undefined) return underHeld(coveringLock(given.held, this.#settings, names, mode), fn)
    return under((busy) => this.#ask(names, ttlMs, terms, mode, busy), fn, terms.waitMs)
  }

  /**
   * @param {unknown} resource
   * @param {unknown} lock
   * @param {readonly number[]} modes that one who has nothing but a token may hold it in
   */
  async release(resource, lock, modes) {
    const names = this.#namesOf(resource)
    const held = lockOf(lock, this.#settings, names)
    if (held !== null) return giveBack(held)
    const token = tokenOf(lock)
    return this.#any(modes, (native, ticket, mode) => native.releaseToken(ticket, names, mode, token, this.#defaults.permits), isReleased)
  }

  /**
   * @param {unknown} resource
   * @param {unknown} lock
   * @param {unknown} ttlMs
   * @param {readonly number[]} modes
   */
  async extend(resource, lock, ttlMs, modes) {
    const names = this.#namesOf(resource)
    const ms = check.duration(ttlMs, 'ttlMs')
    const held = lockOf(lock, this.#settings, names)
    if (held !== null) return held.extend(ms)
    const token = tokenOf(lock)
    return this.#any(modes, (native, ticket, mode) => native.extendToken(ticket, names, mode, token, ms))
  }

  /**
   * @template T
   * @param {unknown} resource
   * @param {(answer: any) => T} decode
   * @returns {Promise<T>}
   */
  async inspect(resource, decode) {
    const name = nameOf(resource)
    return this.#keeper.call((native, ticket) => native.inspect(ticket, name, this.#defaults.permits), decode)
  }

  /**
   * @param {unknown} resource
   * @param {number} permits
   * @returns {Promise<void>}
   */
  async resize(resource, permits) {
    const name = nameOf(resource)
    await this.#keeper.call((native, ticket) => native.resize(ticket, name, permits))
  }

  metrics() {
    return { ...this.#counts, held: this.#keeper.held + (this.#durable?.held ?? 0) }
  }

  /**
   * @template B
   * @param {string} names
   * @param {number} ttlMs
   * @param {Terms} terms
   * @param {number} mode
   * @param {(retryAfterMs: number) => B} busy
   */
  #ask(names, ttlMs, terms, mode, busy) {
    if ((terms.flags & FAIR) !== 0 && !isOne(names)) throw typeError('options.fair is of one resource only: several have no common order')
    const keeper = terms.replicas === 0 ? this.#keeper : (this.#durable ??= this.#makeKeeper(clientBeside(this.#settings.clients[0])))
    return keeper.acquire(names, ttlMs, terms, mode, busy)
  }

  /** @param {import('../redis').Redis | null} beside on which it is waited for replicas */
  #makeKeeper(beside) {
    return new Keeper((receiver) => this.#open(this.#settings.clients, beside, this.#settings, receiver), this.#settings, this.#counts)
  }

  /** @param {unknown} resource */
  #namesOf(resource) {
    return this.#settings.kind === MUTEX ? namesOf(resource) : nameOf(resource)
  }

  /** @param {any} given */
  #patient(given) {
    return this.#terms(given, { waitMs: patienceOf(given), renew: true })
  }

  /**
   * @param {any} given
   * @param {{ waitMs: number, renew: boolean }} otherwise
   */
  #terms(given, otherwise) {
    return termsOf(given, this.#defaults, this.#settings.clients.length > 1, otherwise)
  }

  /**
   * Asks with a token alone, which does not say in which mode it holds. Whether any of them was the right one.
   * @param {readonly number[]} modes
   * @param {(native: import('./native').NativeLock, ticket: number, mode: number) => number} submit
   * @param {(answer: any) => boolean} [decode]
   * @returns {Promise<boolean>}
   */
  async #any(modes, submit, decode) {
    const each = modes.map((mode) => this.#keeper.call((native, ticket) => submit(native, ticket, mode), decode))
    return (await Promise.all(each)).includes(true)
  }
}

module.exports = { Locks }
