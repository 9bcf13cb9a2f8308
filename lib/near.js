'use strict'

// Copies in memory of what was read, given again without a round trip for as long as nothing says that they are old.
//
// The I/O thread hears of every change of what was read and moves a word in shared memory: one load tells whether a copy is old, also
// where the event loop has been blocked meanwhile.

const { copierOf, UNKEPT } = require('./near-copy')
const { nearOptions } = require('./near-options')
const { NearStore } = require('./near-store')
const { OwnWrites, stampOf } = require('./own-writes')
const { MISS } = require('./values')
const { wordsOf } = require('./redis')

/** Where nobody tells of changes made elsewhere. */
const UNTRACKED_MS = 1_000

/** What is read to be kept: a copy, once it is there. */
class Copy {
  value = undefined
  bytes = 0
  /** Of the words of the I/O thread. */
  slot = 0
  generation = 0
  expiresAt = 0

  /**
   * @param {string} place
   * @param {number} places its own words
   * @param {number} stamp what they were before it was read
   * @param {number} begun since when it may be old
   */
  constructor(place, places, stamp, begun) {
    this.place = place
    this.places = places
    this.stamp = stamp
    this.begun = begun
  }
}

class Near {
  #redis
  #namespace
  #writes
  #own
  #store
  #ttlMs
  #copier
  #tally
  /** @type {Uint32Array | null} words of the I/O thread, by slot */
  #words = null

  /**
   * @param {import('./redis').Redis} redis
   * @param {{ prefix: string, namespace: string }} space
   * @param {import('./near-options').NearOptions} options
   * @param {import('./tally').Tally} tally
   */
  constructor(redis, { prefix, namespace }, { maxEntries, maxBytes, ttlMs, copy }, tally) {
    this.#redis = redis
    this.#namespace = namespace
    this.#writes = OwnWrites.of(redis, prefix)
    this.#own = this.#writes.watch()
    this.#ttlMs = ttlMs
    this.#copier = copierOf(copy)
    this.#tally = tally
    this.#store = /** @type {NearStore<Copy>} */ (new NearStore({ maxEntries, maxBytes }))
  }

  /**
   * The option `near`: `null` for none.
   * @param {import('./redis').Redis} redis
   * @param {{ prefix: string, namespace: string }} space
   * @param {unknown} option
   * @param {import('./tally').Tally} tally
   */
  static of(redis, space, option, tally) {
    const checked = nearOptions(option)
    return checked === null ? null : new Near(redis, space, checked, tally)
  }

  get figures() {
    return { nearEntries: this.#store.size, nearBytes: this.#store.bytes, nearEvictions: this.#store.evictions }
  }

  /**
   * The value, or `MISS` where there is no copy that may be given.
   * @param {string} key
   * @param {string | undefined} namespace
   */
  get(key, namespace) {
    const place = this.#placeOf(key, namespace)
    const copy = this.#store.get(place)
    if (copy === undefined) return MISS
    if (!this.#isCurrent(copy) || performance.now() >= copy.expiresAt) {
      this.#store.delete(place)
      return MISS
    }
    const value = this.#copier.get(copy.value)
    this.#tally.near(value)
    return value
  }

  /** @param {Copy} copy */
  #isCurrent(copy) {
    const words = /** @type {Uint32Array} */ (this.#words)
    return Atomics.load(words, copy.slot) === copy.generation && stampOf(this.#own, copy.places) === copy.stamp
  }

  /**
   * A read that may be kept begins; `null` where it must not: it has to come behind a write that is under way.
   * @param {string} key
   * @param {string | undefined} namespace
   */
  begin(key, namespace) {
    const places = this.#writes.placesOf(namespace ?? this.#namespace, key)
    if (this.#writes.isUnderWay(places)) return null
    return new Copy(this.#placeOf(key, namespace), places, stampOf(this.#own, places), performance.now())
  }

  /**
   * Keeps what was read, and gives the value to be handed out. Whoever shares a read comes with the same copy.
   * @param {Copy} copy as `begin` gave it
   * @param {any} value
   * @param {[kind: number, stored: any, slot: number, generation: number, isTracked: boolean, freshMs: number | null, bytes: number]} stored
   */
  keep(copy, value, [, , slot, generation, isTracked, freshMs, bytes]) {
    this.#words ??= wordsOf(this.#redis)
    if (this.#words === null) return value
    copy.bytes = bytes + copy.place.length
    copy.slot = slot
    copy.generation = generation
    // Since before it was read, however long ago that is by now.
    copy.expiresAt = copy.begun + Math.min(this.#ttlMs, freshMs ?? Infinity, isTracked ? Infinity : UNTRACKED_MS)
    if (!this.#isCurrent(copy) || performance.now() >= copy.expiresAt) return value
    const kept = this.#copier.put(value)
    if (kept === UNKEPT) return value
    copy.value = kept
    this.#store.put(copy.place, copy)
    return this.#copier.get(kept)
  }

  /**
   * @param {string} key
   * @param {string | undefined} namespace
   */
  drop(key, namespace) {
    this.#store.delete(this.#placeOf(key, namespace))
  }

  clear() {
    this.#store.clear()
  }

  /**
   * @param {string} key
   * @param {string | undefined} namespace
   */
  #placeOf(key, namespace) {
    return namespace === undefined || namespace === this.#namespace ? key : `${namespace}\0${key}`
  }
}

module.exports = { Near }
