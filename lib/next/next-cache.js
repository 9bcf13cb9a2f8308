'use strict'

// What both interfaces of Next.js have in common: entries with tags, of which each process knows at once when they are invalidated.

const { TypeSafeCache } = require('../cache')
const { RedwrightError } = require('../errors')
const { LATE, Patience } = require('../http/patience')
const { counts, fail } = require('./counters')
const { Latest } = require('./latest')
const { Makings } = require('./makings')
const { decode, encode } = require('./record')
const { Tags } = require('./tags')

/** Tags are known for longer than entries live, by this much. */
const LONGER_MS = 3_600_000
const LATEST_BYTES = 32 * 1024 * 1024
/** An entry was made behind an invalidation that has not been heard of here. */
const UNKNOWN = Symbol('unknown')

/**
 * What is known of an entry beside its value: when it was made (ms since 1970), behind which invalidation, its tags, and what Next.js says of its life.
 * @typedef {{ at: number, number: number, tags: readonly string[], control?: any }} Meta
 * @typedef {{ meta: Meta, value: any }} Entry
 * @typedef {Entry & { isStale: boolean }} Found
 */

class NextCache {
  #entries
  #tags
  #patience
  #makings = new Makings()
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
    this.#tags = new Tags(redis, { prefix, keepMs: lifeMs + LONGER_MS, timeoutMs })
    this.#patience = new Patience(timeoutMs)
    this.#latest = onUnavailable === 'stale' ? new Latest(LATEST_BYTES) : null
  }

  /** The last invalidation that is known: what is made from now on knows of it. 0 for none. */
  get number() {
    return this.#tags.number
  }

  /**
   * An entry that may be given; `null` for none. Never rejects. Whoever is given none, or a stale one, is taken to make another.
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
    if (found && found !== UNKNOWN && !isUsable(found.value)) {
      counts.unreadable++
      found = null
    }
    if (!found || found === UNKNOWN) {
      counts.misses++
      this.#makings.begin(name, this.number)
      return null
    }
    if (found.isStale) {
      counts.staleHits++
      this.#makings.begin(name, this.number)
    } else {
      counts.hits++
    }
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
   * @param {Omit<Meta, 'number'>} meta
   * @param {any} value
   * @param {number} lifeMs
   * @param {{ begun?: number, isOfAll?: boolean }} [how] `begun`: the last invalidation that was known when its making began, where that was not when it was asked for in vain; `isOfAll`: whether it
   *   was made once for all who have asked
   */
  async keep(name, meta, value, lifeMs, { begun, isOfAll = true } = {}) {
    const number = this.#makings.end(name, isOfAll) ?? begun
    if (!(lifeMs > 0)) return
    try {
      const kept = await this.#patience.wait(async () => {
        await this.#tags.current()
        const bytes = encode({ ...meta, number: number || this.number }, value)
        const isKept = bytes.length <= this.maxEntryBytes
        this.#latest?.set(name, isKept ? bytes : null)
        counts[isKept ? 'stores' : 'tooLarge']++
        if (isKept) await this.#entries.set(name, bytes, { ttl: `${Math.ceil(Math.min(lifeMs, this.lifeMs))}ms` })
        else await this.#entries.del(name)
      })
      if (kept === LATE) fail(new RedwrightError('ERR_TIMEOUT', 'an entry was not stored in time'))
    } catch (error) {
      fail(error)
    }
  }

  /**
   * What carries one of the tags is over, at once or later: here from now on, and everywhere when this resolves, or Redis is back.
   * @param {readonly string[]} tags
   * @param {{ expire?: number }} [durations] in seconds
   */
  async invalidate(tags, durations) {
    counts.invalidations += tags.length
    const expire = durations?.expire
    const staleMs = durations === undefined || expire === 0 ? undefined : expire === undefined ? null : expire * 1000
    const telling = this.#tags.invalidate(tags, staleMs)
    const told = await this.#patience.wait(() => telling)
    if (told !== true) fail(new RedwrightError('ERR_TIMEOUT', 'Redis has not been told of an invalidation yet'))
  }

  /** Never rejects. */
  async refresh() {
    if (this.#tags.isCurrent) return
    await this.#patience.wait(() => this.#tags.current()).catch(fail)
  }
}

/** @param {any} meta */
function isMeta({ at, number, tags }) {
  return Number.isFinite(at) && Number.isFinite(number) && Array.isArray(tags) && tags.every((tag) => typeof tag === 'string')
}

module.exports = { NextCache }
