'use strict'

// What the caches and the repository share: keys in namespaces, one native call an operation.

const binding = require('./native')
const check = require('./check')
const { Puts } = require('./puts')
const { Reads } = require('./reads')
const { Redis, call, callTogether, opened } = require('./redis')
const { typeError, kindOf } = require('./errors')
const { inParts } = require('./parts')
const { JSON_TEXT } = require('./values')

/** What the native half takes for a life of no end. */
const ENDLESS = -1
/** What it takes for "whenever", of an epoch. */
const WHENEVER = -1
/** Of a codec among many: the payload is not text. */
const BINARY = 0x80

/** What `read` wishes for; `src/cache/native.rs` has the same table. */
const WISH = /** @type {const} */ ({ LIFE: 1, STALE: 2, NEAR: 4 })

/** How a lease is asked for, and what is answered; `src/cache/lease.rs` has the same tables. */
const ASK = /** @type {const} */ ({ MISS: 0, REFRESH: 1, FORCE: 2, STALE: 3 })
const ANSWER = /** @type {const} */ ({ GRANTED: 0, FRESH: 1, BUSY: 2, RESTING: 3, FOREIGN: 4, VAIN: 5 })

/**
 * How a value is stored besides its life: the last part of that in which it is stale, whether it says that there is nothing, its tags.
 * @typedef {{ staleMs: number, negative: boolean, tags: readonly string[] }} Manner
 *
 * What its load took, and on what terms it is stored: who must hold the lease (0: whatever is there), and since which epoch none of its tags may
 * have been invalidated.
 * @typedef {{ loadMs: number, token: number, epoch: number }} Terms
 */

/** Whatever is there is replaced. @type {Terms} */
const NO_TERMS = Object.freeze({ loadMs: 0, token: 0, epoch: WHENEVER })

class Store {
  #redis
  #prefix
  #namespace
  #values
  #timeout
  #leaseMs
  #compressFrom
  /** @type {import('../binding').NativeCache | null} */
  #native = null
  #reads
  #puts

  /**
   * @param {Redis} redis
   * @param {string} prefix
   * @param {string} namespace
   * @param {import('./values').Values} values
   * @param {{ timeoutMs?: import('../index').Duration, leaseMs?: number, compressFrom?: number }} options
   */
  constructor(redis, prefix, namespace, values, { timeoutMs, leaseMs = 0, compressFrom = 0 }) {
    if (!(redis instanceof Redis)) throw typeError(`redis must be a Redis of this package, got ${kindOf(redis)}`)
    check.key(prefix, 'options.prefix')
    this.#redis = redis
    this.#prefix = prefix
    this.#namespace = namespace
    this.#values = values
    this.#timeout = timeoutMs === undefined ? 0 : check.duration(timeoutMs, 'options.timeoutMs')
    this.#leaseMs = leaseMs
    this.#compressFrom = compressFrom
    // Only a client that is there gathers.
    const native = () => this.#on(/** @type {import('../binding').NativeRedis} */ (opened(redis)))
    this.#reads = new Reads(native)
    this.#puts = new Puts(native)
  }

  get leaseMs() {
    return this.#leaseMs
  }

  /**
   * @param {import('../binding').NativeRedis} redis
   * @returns {import('../binding').NativeCache}
   */
  #on(redis) {
    return (this.#native ??= new binding.NativeCache(redis, this.#prefix, this.#namespace, this.#timeout, this.#leaseMs, this.#compressFrom))
  }

  /** @param {string | undefined} namespace */
  #isOwn(namespace) {
    return namespace === undefined || namespace === this.#namespace
  }

  /**
   * The value as it is stored, or a list that begins with a `KIND` where that was wished for.
   * @param {string} key
   * @param {string | undefined} namespace
   * @param {number} wish
   * @param {number} beta
   * @param {import('./calls').Decode} decode
   */
  read(key, namespace, wish, beta, decode) {
    if (beta === 0 && (wish & ~WISH.STALE) === 0 && this.#isOwn(namespace)) {
      const answer = callTogether(this.#redis, this.#reads, key, null, wish, decode)
      if (answer !== null) return answer
    }
    return call(this.#redis, (redis, ticket) => this.#on(redis).get(ticket, key, wish, beta, namespace), decode)
  }

  /**
   * @param {string} key
   * @param {string | undefined} namespace
   * @param {import('./calls').Decode} decode
   * @param {AbortSignal | undefined} signal
   */
  lookup(key, namespace, decode, signal) {
    return call(this.#redis, (redis, ticket) => this.#on(redis).lookup(ticket, key, namespace), decode, signal)
  }

  /**
   * @param {string} key
   * @param {string | undefined} namespace
   */
  exists(key, namespace) {
    return call(this.#redis, (redis, ticket) => this.#on(redis).exists(ticket, key, namespace))
  }

  /**
   * @param {string} key
   * @param {string | Uint8Array} payload what `encode` gave
   * @param {number} ttlMs
   * @param {string | undefined} namespace
   */
  set(key, payload, ttlMs, namespace) {
    const codec = this.#values.codecIdOf(payload)
    return call(this.#redis, (redis, ticket) => this.#on(redis).set(ticket, key, payload, codec, life(ttlMs), namespace))
  }

  /**
   * Stores with a head, or on terms. Whether these held.
   * @param {string} key
   * @param {string | Uint8Array} payload
   * @param {number} lifeMs in all
   * @param {Manner} manner
   * @param {Terms} terms
   * @param {string | undefined} namespace
   * @returns {Promise<boolean>}
   */
  put(key, payload, lifeMs, { staleMs, negative, tags }, terms, namespace) {
    const codec = this.#values.codecIdOf(payload)
    if (terms === NO_TERMS && tags.length > 0 && codec === JSON_TEXT && typeof payload === 'string' && Puts.takes(payload) && this.#isOwn(namespace)) {
      const entry = { text: payload, lifeMs: life(lifeMs), staleMs, tags }
      const answer = callTogether(this.#redis, this.#puts, key, entry, tags.length, null)
      if (answer !== null) return answer
    }
    const { loadMs, token, epoch } = terms
    const joined = tags.length === 0 ? undefined : tags.join('\0')
    return call(this.#redis, (redis, ticket) =>
      this.#on(redis).put(ticket, key, payload, codec, life(lifeMs), staleMs, loadMs, negative, joined, token, epoch, namespace),
    )
  }

  /**
   * @param {string[]} keys
   * @param {string | undefined} namespace
   * @param {(stored: any) => any} decode of one value
   * @returns {Promise<any[]>}
   */
  async getMany(keys, namespace, decode) {
    const parts = await this.#eachPart(keys, (native, ticket, ids) => native.getMany(ticket, ids, namespace), (list) => list.map(decode))
    return parts.length === 1 ? parts[0] : parts.flat()
  }

  /**
   * @param {string[]} keys
   * @param {(string | Uint8Array)[]} payloads
   * @param {number[]} livesMs in all
   * @param {string | undefined} namespace
   */
  async setMany(keys, payloads, livesMs, namespace) {
    await this.#inParts(keys, payloads, (native, ticket, part) =>
      native.setMany(ticket, part.ids, part.texts, part.binaries, part.codecs, part.pick(livesMs).map(life), namespace),
    )
  }

  /**
   * As `put` for many, in the same manner but for their tags. Whether the terms of each held.
   * @param {string[]} keys
   * @param {(string | Uint8Array)[]} payloads
   * @param {number[]} livesMs in all
   * @param {Terms & { staleMs: number, tags: readonly (readonly string[])[] }} manner the tags of each
   * @param {string | undefined} namespace
   * @returns {Promise<boolean[]>}
   */
  async putMany(keys, payloads, livesMs, { staleMs, loadMs, tags, token, epoch }, namespace) {
    const parts = await this.#inParts(keys, payloads, (native, ticket, part) => {
      const { ids, texts, binaries, codecs } = part
      const lives = part.pick(livesMs).map(life)
      const own = part.pick(tags)
      // Those that all share are told once.
      const isShared = own.every((list) => list === own[0])
      const flat = isShared ? own[0] : own.flat()
      const joined = flat.length === 0 ? undefined : flat.join('\0')
      const counts = isShared ? [] : own.map((list) => list.length)
      return native.putMany(ticket, ids, texts, binaries, codecs, lives, staleMs, loadMs, joined, counts, token, epoch, namespace)
    })
    return parts.flat()
  }

  /**
   * @param {string[]} keys
   * @param {(string | Uint8Array)[]} payloads
   * @param {(native: import('../binding').NativeCache, ticket: number, part: {
   *   ids: string, texts: string, binaries: Uint8Array[], codecs: Uint8Array, pick: <T>(list: readonly T[]) => T[]
   * }) => number} submit
   */
  #inParts(keys, payloads, submit) {
    /** @param {string | Uint8Array} payload */
    const text = (payload) => (typeof payload === 'string' ? payload : '')
    return inParts(keys.length, (i) => Math.max(keys[i].length, text(payloads[i]).length), (start, end) => {
      /** @template T @param {readonly T[]} list */
      const pick = (list) => list.slice(start, end)
      const chosen = pick(payloads)
      const binaries = /** @type {Uint8Array[]} */ (chosen.filter((payload) => typeof payload !== 'string'))
      const codecs = Uint8Array.from(chosen, (payload) => this.#values.codecIdOf(payload) | (typeof payload === 'string' ? 0 : BINARY))
      const part = { ids: pick(keys).join('\0'), texts: chosen.map(text).join('\0'), binaries, codecs, pick }
      return call(this.#redis, (redis, ticket) => submit(this.#on(redis), ticket, part))
    })
  }

  /**
   * How many of the keys were there.
   * @param {string[]} keys
   * @param {string | undefined} namespace
   * @returns {Promise<number>}
   */
  async delete(keys, namespace) {
    const counts = await this.#eachPart(keys, (native, ticket, ids) => native.delete(ticket, ids, namespace))
    return counts.reduce((sum, count) => sum + count, 0)
  }

  /**
   * @param {string[]} keys
   * @param {(native: import('../binding').NativeCache, ticket: number, ids: string) => number} submit
   * @param {import('./calls').Decode} [decode]
   */
  #eachPart(keys, submit, decode) {
    return inParts(keys.length, (i) => keys[i].length, (start, end) => {
      const ids = keys.slice(start, end).join('\0')
      return call(this.#redis, (redis, ticket) => submit(this.#on(redis), ticket, ids), decode)
    })
  }

  /**
   * @param {string} glob
   * @param {string | undefined} namespace
   */
  deleteMatching(glob, namespace) {
    return call(this.#redis, (redis, ticket) => this.#on(redis).deleteMatching(ticket, glob, namespace))
  }

  /**
   * Asks for the right to load: `[answer, value, epoch, whether another's load was waited for]`.
   * @param {string} key
   * @param {string | undefined} namespace
   * @param {{ token: number, how: number, waitMs: number, tagged: boolean }} wanted
   * @returns {Promise<[answer: number, stored: any, epoch: number, waited: boolean]>}
   */
  lease(key, namespace, { token, how, waitMs, tagged }) {
    return call(this.#redis, (redis, ticket) => this.#on(redis).lease(ticket, key, token, how, waitMs, tagged, namespace))
  }

  /**
   * @param {string[]} keys
   * @param {string | undefined} namespace
   * @param {{ token: number, how: number, tagged: boolean }} wanted
   * @returns {Promise<[answer: number, stored: any, epoch: number, waited: boolean][]>}
   */
  async leaseMany(keys, namespace, { token, how, tagged }) {
    const parts = await this.#eachPart(keys, (native, ticket, ids) => native.leaseMany(ticket, ids, token, how, tagged, namespace))
    return parts.flat()
  }

  /**
   * Gives leases back, if there is a token; where a value is there, nobody loads it again for `restMs`. Not waited for: it leaves before whatever the caller does
   * next, and should it fail, they end by themselves.
   * @param {string[]} keys
   * @param {number} token
   * @param {number} restMs
   * @param {string | undefined} namespace
   */
  abandon(keys, token, restMs, namespace) {
    if (token === 0 || keys.length === 0) return
    this.#eachPart(keys, (native, ticket, ids) => native.abandon(ticket, ids, token, restMs, namespace)).catch(() => {})
  }

  /** Bytes of what is stored, as they crossed the wire. */
  traffic() {
    const [bytesRead = 0, bytesWritten = 0] = this.#native?.traffic() ?? []
    return { bytesRead, bytesWritten }
  }

  /**
   * How many entries were invalidated.
   * @param {readonly string[]} tags
   * @param {boolean} all
   * @param {boolean} expire
   * @returns {Promise<number>}
   */
  invalidate(tags, all, expire) {
    return call(this.#redis, (redis, ticket) => this.#on(redis).invalidate(ticket, tags.join('\0'), all, expire))
  }
}

/** @param {number} ttlMs */
function life(ttlMs) {
  return ttlMs === Infinity ? ENDLESS : ttlMs
}

module.exports = { Store, WISH, ASK, ANSWER, WHENEVER, NO_TERMS }
