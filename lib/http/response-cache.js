'use strict'

// Stored responses, whoever asks for them: what is there, who loads, what is taken away. `lib/express/` is its door.

const { TypeSafeCache, getOrSetJudged, invalidate, planOf } = require('../cache')
const check = require('../check')
const { escapeGlob } = require('../key-space')
const { sharedCopies } = require('../near-options')
const { Recent } = require('../recent')
const { register } = require('../registry')
const { Bodies } = require('./bodies')
const { AT, READABLE, addressIn, keyOf, ownKey, targetOf } = require('./key')
const { HOUR, PASS_MS } = require('./making')
const { LATE, Patience } = require('./patience')

const NAMESPACE = 'http'
/** About so many pages it is remembered what was found out. */
const MOST_FOUND = 10_000
/** After a load behind a client that gave nothing to store. */
const REST_MS = 1_000
/** A request waits so long for Redis: behind that the application answers by itself. */
const TIMEOUT_MS = 40

/** @type {WeakMap<object, Map<string, ResponseCache>>} */
const known = new WeakMap()

class ResponseCache {
  #cache
  #plan
  #patience
  bodies
  /** Who is told what failed. @type {Set<(error: unknown) => void>} */
  listening = new Set()
  /** Callers with the same terms share loads. */
  terms = {}
  /** Pages that were not for everybody: for a while whoever says who they are need not look. @type {Recent<true>} */
  personal = new Recent(MOST_FOUND, PASS_MS)
  /** By what else pages vary than a response of theirs may say. @type {Recent<readonly string[]>} */
  varied = new Recent(MOST_FOUND, HOUR)
  counts = {
    hits: 0, staleHits: 0, misses: 0, revalidated: 0, passes: 0, stores: 0, refusals: 0, aborted: 0, invalidations: 0, unreadable: 0, lostBodies: 0,
    staleOnError: 0, refreshes: 0, failures: 0,
  }

  /**
   * @param {TypeSafeCache} cache
   * @param {string} prefix
   * @param {number} timeoutMs
   */
  constructor(cache, prefix, timeoutMs) {
    this.#cache = cache
    /** What stands before its keys, whoever else uses them. */
    this.space = `${prefix}\0${cache.namespace}\0`
    this.#patience = new Patience(timeoutMs)
    this.#plan = planOf(cache)
    this.bodies = new Bodies(cache)
    const { counts } = this
    register('page', cache.name, this, () => figuresOf(counts, cache))
  }

  metrics() {
    return figuresOf(this.counts, this.#cache)
  }

  /**
   * That of a cache, or of a client with these settings: routes that say the same share one.
   * @param {import('../redis').Redis | TypeSafeCache} source
   * @param {{ prefix?: string, namespace?: string, near?: any, timeoutMs?: import('../../index').Duration }} settings
   */
  static of(source, { prefix, namespace = NAMESPACE, near = false, timeoutMs = TIMEOUT_MS }) {
    if (prefix !== undefined) check.key(prefix, 'options.prefix')
    check.key(namespace, 'options.namespace')
    const copies = sharedCopies(near)
    const patienceMs = check.duration(timeoutMs, 'options.timeoutMs')
    const id = JSON.stringify([prefix, namespace, near, patienceMs], (_, value) => (typeof value === 'bigint' ? String(value) : value))
    const same = known.get(source)?.get(id)
    if (same !== undefined) return same
    /** @type {(error: unknown) => void} */
    let told = () => {}
    const onError = (/** @type {unknown} */ error) => told(error)
    const cache = source instanceof TypeSafeCache ? source : new TypeSafeCache(source, /** @type {any} */ ({ prefix, namespace, name: namespace, near: copies, onError }))
    const made = new ResponseCache(cache, prefix ?? '', patienceMs)
    told = (error) => made.#failed(error)
    const of = known.get(source) ?? new Map()
    known.set(source, of.set(id, made))
    return made
  }

  /**
   * What failed is told to one of those who want to hear of it: it is about the store, and not about their routes.
   * @param {unknown} error
   */
  #failed(error) {
    const [first] = this.listening
    if (first === undefined) this.counts.failures++
    else first(error)
  }

  /**
   * What is in memory under a key; `undefined` for nothing.
   * @param {string} key
   */
  peek(key) {
    return this.#cache.peek(key)
  }

  /**
   * What is stored under a key; `null` for nothing, also where Redis takes its time.
   * @param {string} key
   */
  async look(key) {
    const found = await this.#patience.wait(() => this.#cache.get(key))
    return found === LATE ? null : found
  }

  /**
   * What is stored under a key, or what `fetcher` gives; `LATE` where Redis takes its time, or another who loads.
   * @param {string} key
   * @param {import('../loader').Fetcher} fetcher
   * @param {{ judge: (value: any) => import('../judged').Verdict, terms: object, waitMs: number, tagged: boolean, ahead?: any }} how
   * @returns {Promise<any>}
   */
  read(key, fetcher, how) {
    return this.#patience.wait((answered) => this.#read(key, fetcher, { ...how, answered }), how.waitMs)
  }

  /**
   * @param {string} key
   * @param {import('../loader').Fetcher} fetcher
   * @param {any} how
   */
  #read(key, fetcher, how) {
    const plan = { ...this.#plan, staleMs: 0, beta: 0, restMs: REST_MS, softMs: 0, hardMs: 0, negativeMs: undefined, signal: undefined, namespace: undefined, ...how }
    return getOrSetJudged(this.#cache, key, fetcher, plan)
  }

  /**
   * Takes pages away, and is waited for as long as Redis may take; it is done all the same.
   * @param {Iterable<string>} keys
   * @param {(error: unknown) => void} failed
   */
  async dropSoon(keys, failed) {
    const dropped = Promise.all([...keys].map((key) => this.drop(key).catch(failed)))
    await this.#patience.wait(() => dropped)
  }

  /**
   * Takes one page away, in all its variants. How many were there.
   * @param {string} key
   * @returns {Promise<number>}
   */
  async drop(key) {
    const count = await this.#cache.deleteMany([key])
    this.counts.invalidations += count
    return count
  }

  /**
   * Takes pages away: those of a URL (of a path on every host, where it names none), those under one, or one that a key generator named.
   * @param {{ url?: string, prefix?: string, key?: string, tag?: string }} what
   * @param {import('./key').Query} query
   * @returns {Promise<number>}
   */
  async purge({ url, prefix, key, tag }, query) {
    if (tag !== undefined) return this.invalidateByTag(tag)
    if (key !== undefined) return this.drop(ownKey(key))
    const [target, origin] = addressIn(url ?? prefix ?? '')
    if (url === undefined) return this.#under(target, origin)
    const wanted = targetOf(target, query)
    const page = keyOf(wanted, origin)
    if (origin === '') return this.#match(`${escapeGlob(page)}*`)
    // Behind a proxy the host that it asks for stands in the key, too.
    return (await this.drop(page)) || this.#match(`${escapeGlob(page + AT)}*`)
  }

  /**
   * @param {string} prefix
   * @param {string} origin
   */
  async #under(prefix, origin) {
    // What is too long has its hash behind its beginning.
    const beginnings = prefix.length <= READABLE ? [prefix] : [prefix, prefix.slice(0, READABLE) + AT]
    // A page, and its variants.
    const ends = origin === '' ? [''] : [escapeGlob(AT + origin), `${escapeGlob(AT + origin + AT)}*`]
    let count = 0
    for (const beginning of beginnings) {
      for (const end of ends) count += await this.#match(`${escapeGlob(beginning)}*${end}`)
    }
    return count
  }

  /** @param {string} glob */
  async #match(glob) {
    const count = await this.#cache.deletePattern(glob)
    this.counts.invalidations += count
    return count
  }

  /** @param {string} tag */
  async invalidateByTag(tag) {
    check.key(tag, 'tag')
    const count = await invalidate(this.#cache, [tag], false, false)
    this.counts.invalidations += count
    return count
  }
}

/**
 * With what the cache below could not read, be it of another type.
 * @param {ResponseCache['counts']} counts
 * @param {TypeSafeCache} cache
 */
function figuresOf(counts, cache) {
  return { ...counts, unreadable: counts.unreadable + cache.metrics().unreadable }
}

module.exports = { ResponseCache }
