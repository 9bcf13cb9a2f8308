'use strict'

// Bodies that are too large for a record lie in parts of their own, which are never changed: whoever replaces a response writes other parts.

const { randomBytes } = require('node:crypto')
const { setTimeout } = require('node:timers')
const { INLINE } = require('./record')

/** @typedef {import('./record').Body} Body */

const PART = 256 * 1024
/** Behind a response that was replaced, for those who are still reading it. */
const GRACE_MS = 60_000

class Bodies {
  #cache

  /** @param {import('../cache').TypeSafeCache} cache */
  constructor(cache) {
    this.#cache = cache
  }

  /**
   * Stores what is too large for a record. Gives the bodies as the record is to describe them; `null` where they could not be stored.
   * @param {{ coding: string, bytes: Buffer }[]} codings the plain one first
   * @param {number} lifeMs
   * @returns {Promise<Body[] | null>}
   */
  async put(codings, lifeMs) {
    const total = codings.reduce((sum, { bytes }) => sum + bytes.length, 0)
    const bodies = codings.map(({ coding, bytes }) => ({ coding, length: bytes.length, bytes, parts: null }))
    if (total <= INLINE) return bodies
    try {
      return await Promise.all(codings.map((body) => this.#putOne(body, lifeMs + GRACE_MS)))
    } catch {
      // The cache has counted it; what was stored ends by itself.
      return null
    }
  }

  /**
   * @param {{ coding: string, bytes: Buffer }} body
   * @param {number} lifeMs
   * @returns {Promise<Body>}
   */
  async #putOne({ coding, bytes }, lifeMs) {
    const parts = { id: randomBytes(12).toString('base64url'), count: Math.ceil(bytes.length / PART), size: PART }
    const ttl = /** @type {const} */ (`${Math.ceil(lifeMs)}ms`)
    for (let i = 0; i < parts.count; i++) {
      await this.#cache.set(keyOf(parts, i), bytes.subarray(i * PART, (i + 1) * PART), { ttl })
    }
    return { coding, length: bytes.length, bytes: null, parts }
  }

  /**
   * Keeps bodies for a response that is kept on. Whether they are all there.
   * @param {Body[]} bodies
   * @param {number} lifeMs
   */
  async keep(bodies, lifeMs) {
    const ttl = /** @type {const} */ (`${Math.ceil(lifeMs + GRACE_MS)}ms`)
    try {
      for (const body of bodies) {
        for (let i = 0; body.parts !== null && i < body.parts.count; i++) {
          await this.#cache.set(keyOf(body.parts, i), await this.#part(body, i), { ttl })
        }
      }
      return true
    } catch {
      return false
    }
  }

  /**
   * Takes away what nobody reads any more, when those who do now have had their time.
   * @param {readonly Body[]} bodies
   */
  replaced(bodies) {
    const keys = bodies.flatMap(({ parts }) => (parts === null ? [] : Array.from({ length: parts.count }, (_, i) => keyOf(parts, i))))
    if (keys.length === 0) return
    // Where the process ends before, they end by their time.
    setTimeout(() => void this.#cache.deleteMany(keys).catch(() => {}), GRACE_MS).unref()
  }

  /**
   * Part by part, the next one read while the reader has the last. Throws where a part is gone.
   * @param {Body} body
   * @param {number} [start]
   * @param {number} [end] the last byte
   * @returns {AsyncGenerator<Buffer, void>}
   */
  async *read(body, start = 0, end = body.length - 1) {
    if (body.parts === null) {
      yield /** @type {Buffer} */ (body.bytes).subarray(start, end + 1)
      return
    }
    const { size } = body.parts
    const last = Math.floor(end / size)
    let next = this.#part(body, Math.floor(start / size))
    for (let i = Math.floor(start / size); i <= last; i++) {
      const part = await next
      if (i < last) {
        next = this.#part(body, i + 1)
        // It is looked at in the next round, if there is one.
        next.catch(() => {})
      }
      const from = i * size
      yield part.subarray(Math.max(0, start - from), Math.min(size, end + 1 - from))
    }
  }

  /**
   * @param {Body} body
   * @param {number} i
   */
  async #part(body, i) {
    const parts = /** @type {import('./record').Parts} */ (body.parts)
    const part = await this.#cache.get(keyOf(parts, i))
    const length = i === parts.count - 1 ? body.length - i * parts.size : parts.size
    if (!Buffer.isBuffer(part) || part.length !== length) throw new Gone()
    return part
  }
}

/** A part of a body is not there any more. */
class Gone extends Error {}

/**
 * No key of a request begins so.
 * @param {import('./record').Parts} parts
 * @param {number} i
 */
function keyOf({ id }, i) {
  return `!${id}:${i}`
}

module.exports = { Bodies }
