'use strict'

// What both interfaces of Next.js have in common: entries with tags, of which each process knows at once when they are invalidated.

const { TypeSafeCache } = require('../cache')
const { RedwrightError } = require('../errors')
const { LATE, Patience } = require('../http/patience')
const { counts, fail } = require('./counters')
const { Latest } = require('./latest')
const { decode, encode } = require('./record')
const { Tags } = require('./tags')

const LATEST_BYTES = 32 * 1024 * 1024
/** An entry was made behind an invalidation that has not been heard of here. */
const UNKNOWN = Symbol('unknown')

/**
 * What is known of an entry beside its value: when it was made (ms since 1970), the last invalidation that was known when its making began, its tags, and what Next.js says of
 * its life. `none` where it stands for one that was not stored.
 * @typedef {{ at: number, number: number, tags: readonly string[], control?: any, none?: true }} Meta
 * @typedef {{ meta: Meta, value: any }} Entry
 * @typedef {Entry & { isStale: boolean }} Found
 */

class NextCache {
  #entries
  #tags
  #patience
  /** @type {Latest | null} */
  #latest

  /**
   * @param {import('../redis').Redis} redis
   * @param {import('./settings').Settings} settings
   */
  constructor(redis, { prefix, timeoutMs, lifeMs, maxEntryBytes, near, compress, onUnavailable }) {
    this.lifeMs = lifeMs
    this.maxEntryBytes = maxEntryBytes
    this.#entries = new TypeSafeCache(redis, { prefix, namespace: 'entries', name: prefix, near, compress, timeoutMs })
    this.#tags = new Tags(redis, { prefix, lifeMs, timeoutMs })
    // A page asks many times, one after the other, and is to wait once.
    this.#patience = new Patience(timeoutMs, 1)
    this.#latest = onUnavailable === 'stale' ? new Latest(LATEST_BYTES) : null
  }

  /** The last invalidation that is known: what is made from now on knows of it. 0 for none. */
  get number() {
    return this.#tags.number
  }

  /**
   * The last invalidation that was known at a time, in ms since 1970 by the clock of this process; 0 for none.
   * @param {number} at
   */
  numberAt(at) {
    return this.#tags.numberAt(at)
  }

  /**
   * An entry that may be given; `null` for none. Never rejects.
   * @param {string} name
   * @param {{ isUsable(value: any): boolean, more?: readonly string[], seed?: () => Promise<{ meta: Omit<Meta, 'number'>, value: any } | null> }} how `more`: tags that it is asked for with;
   *   `seed`: what there may be where nothing is stored
   * @returns {Promise<Found | null>}
   */
  async find(name, { isUsable, more = [], seed }) {
    const copy = this.#tags.isCurrent ? this.#entries.peek(name) : undefined
    /** @type {Found | null | undefined | typeof UNKNOWN | typeof LATE} */
    let found = copy === undefined ? UNKNOWN : this.#judged(copy, more)
    if (found === UNKNOWN) found = await this.#asked(name, more)
    if (found === LATE) found = this.#without(name, more)
    if (found === undefined && seed !== undefined) found = await this.#seeded(name, more, seed)
    if (found && found !== UNKNOWN && (found.meta.none || !isUsable(found.value))) {
      if (!found.meta.none) counts.unreadable++
      found = null
    }
    if (!found || found === UNKNOWN) {
      counts.misses++
      return null
    }
    counts[found.isStale ? 'staleHits' : 'hits']++
    return found
  }

  /**
   * `undefined` where nothing is stored, `null` where what is stored may not be given, `LATE` where nobody knows.
   * @param {string} name
   * @param {readonly string[]} more
   * @returns {Promise<Found | null | undefined | typeof LATE>}
   */
  async #asked(name, more) {
    try {
      const found = await this.#patience.wait(() => this.#read(name, more))
      if (found === LATE) fail(new RedwrightError('ERR_TIMEOUT', 'Redis has not answered in time'))
      return found
    } catch (error) {
      fail(error)
      return LATE
    }
  }

  /**
   * @param {string} name
   * @param {readonly string[]} more
   */
  async #read(name, more) {
    const [bytes] = await Promise.all([/** @type {Promise<any>} */ (this.#entries.get(name)), this.#tags.current()])
    if (bytes === null) return undefined
    this.#latest?.set(name, bytes)
    const found = this.#judged(bytes, more)
    if (found !== UNKNOWN) return found
    await this.#tags.catchUp()
    const again = this.#judged(bytes, more)
    // No invalidation has its number: what was known of them has been lost.
    if (again === UNKNOWN) counts.expired++
    return again === UNKNOWN ? null : again
  }

  /**
   * @param {unknown} bytes
   * @param {readonly string[]} more
   * @returns {Found | null | typeof UNKNOWN}
   */
  #judged(bytes, more) {
    const entry = decode(bytes)
    if (entry !== null && isMeta(entry.meta)) return this.#standing(entry, more)
    counts.unreadable++
    return null
  }

  /**
   * @param {Entry} entry
   * @param {readonly string[]} more
   */
  #standing({ meta, value }, more) {
    const standing = this.#tags.standing([...meta.tags, ...more], meta.number, Date.now())
    if (standing === 'unknown') return UNKNOWN
    if (standing !== 'expired') return { meta, value, isStale: standing === 'stale' }
    counts.expired++
    return null
  }

  /**
   * What this process had last, though nobody can say whether it still holds.
   * @param {string} name
   * @param {readonly string[]} more
   * @returns {Found | null | undefined}
   */
  #without(name, more) {
    if (this.#latest === null) return null
    const entry = decode(this.#latest.get(name))
    if (entry === null || !isMeta(entry.meta)) return undefined
    const found = this.#standing(entry, more)
    return found === UNKNOWN ? { ...entry, isStale: false } : found
  }

  /**
   * @param {string} name
   * @param {readonly string[]} more
   * @param {NonNullable<Parameters<NextCache['find']>[1]['seed']>} seed
   */
  async #seeded(name, more, seed) {
    const seeded = await seed()
    if (seeded === null || Date.now() >= seeded.meta.at + this.lifeMs) return null
    counts.seeds++
    // Numbers are microseconds. What was built behind the last invalidation knows of it, and before the first there was nothing to know of.
    const number = Math.max(this.#tags.first, Math.min(seeded.meta.at * 1000, this.number))
    const entry = { meta: { ...seeded.meta, number }, value: seeded.value }
    const bytes = encode(entry.meta, entry.value)
    const lifeMs = seeded.meta.at + this.lifeMs - Date.now()
    // Unless another has stored something newer meanwhile.
    if (bytes.length <= this.maxEntryBytes) void this.#entries.getOrSet(name, () => bytes, { ttl: `${lifeMs}ms` }).catch(fail)
    return this.#standing(entry, more)
  }

  /**
   * Stores an entry. Never rejects.
   * @param {string} name
   * @param {Omit<Meta, 'none'>} meta one whose making began when nothing was known is not stored: nobody could say what has been invalidated since
   * @param {any} value
   * @param {number} lifeMs
   */
  async keep(name, meta, value, lifeMs) {
    if (!(lifeMs > 0) || meta.number === 0) return
    try {
      const kept = await this.#patience.wait(() => this.#store(name, meta, value, Math.ceil(Math.min(lifeMs, this.lifeMs))))
      if (kept === LATE) fail(new RedwrightError('ERR_TIMEOUT', 'an entry was not stored in time'))
    } catch (error) {
      fail(error)
    }
  }

  /**
   * @param {string} name
   * @param {Omit<Meta, 'none'>} meta
   * @param {any} value
   * @param {number} lifeMs
   */
  async #store(name, meta, value, lifeMs) {
    let bytes = encode(meta, value)
    const isKept = bytes.length <= this.maxEntryBytes
    // What the build has left must not come back in its place.
    if (!isKept) bytes = encode({ ...meta, none: true }, null)
    this.#latest?.set(name, isKept ? bytes : null)
    counts[isKept ? 'stores' : 'tooLarge']++
    await Promise.all([this.#tags.renew(), this.#entries.set(name, bytes, { ttl: `${lifeMs}ms` })])
  }

  /**
   * What carries one of the tags is over, at once or later: here from now on, and everywhere when this resolves, or Redis is back. Never rejects.
   * @param {readonly string[]} tags
   * @param {{ expire?: number }} [durations] in seconds
   */
  async invalidate(tags, durations) {
    counts.invalidations += tags.length
    const told = this.#tags.invalidate(tags, staleMsOf(durations))
    // Begun whether it is waited for or not.
    if ((await this.#patience.wait(() => told)) !== true) fail(new RedwrightError('ERR_TIMEOUT', 'Redis has not been told of an invalidation yet'))
  }

  /** Never rejects. */
  async refresh() {
    if (this.#tags.isCurrent) return
    await this.#patience.wait(() => this.#tags.current()).catch(fail)
  }
}

/**
 * How long it is stale before it is over: `undefined` for not at all, `null` for as long as it lives.
 * @param {{ expire?: number } | undefined} durations
 */
function staleMsOf(durations) {
  if (durations === undefined) return undefined
  const { expire } = durations
  if (expire === undefined || !Number.isFinite(expire)) return null
  return expire <= 0 ? undefined : Math.ceil(expire * 1000)
}

/** @param {any} meta */
function isMeta({ at, number, tags }) {
  return Number.isFinite(at) && Number.isFinite(number) && Array.isArray(tags) && tags.every((tag) => typeof tag === 'string')
}

module.exports = { NextCache }
