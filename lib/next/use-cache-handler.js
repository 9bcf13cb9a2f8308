'use strict'

// `cacheHandlers` of Next.js 16: what functions and components with `'use cache'` have made. The interface is in `next/dist/server/lib/cache-handlers/types`.

const { within } = require('../loader')
const { counts, fail } = require('./counters')
const { lifeOf, nameOf } = require('./lives')
const { Shared } = require('./shared')

/** So long a read waits for the same entry to be stored. */
const PENDING_MS = 10_000
const PIECE = 64 * 1024

/** @typedef {import('../../next').NextUseCacheEntry} UseCacheEntry */

/** @param {unknown} options */
function createUseCacheHandler(options) {
  const shared = new Shared(options)
  /** What is being stored. @type {Map<string, Promise<void>>} */
  const pending = new Map()

  return {
    /**
     * @param {string} key
     * @param {string[]} softTags
     * @returns {Promise<UseCacheEntry | undefined>}
     */
    async get(key, softTags) {
      const { cache } = shared
      if (cache === null) return undefined
      const name = nameOf('use', key)
      const storing = pending.get(name)
      if (storing !== undefined) await within(PENDING_MS, storing, () => {})
      const found = await cache.find(name, { isUsable, more: softTags })
      if (found === null) return undefined
      const { bytes, ...entry } = found.value
      // In the past, so that it is given once more and made anew behind that.
      return { ...entry, tags: [...found.meta.tags], revalidate: found.isStale ? -1 : entry.revalidate, value: streamOf(bytes) }
    },

    /**
     * @param {string} key
     * @param {Promise<UseCacheEntry>} pendingEntry
     */
    async set(key, pendingEntry) {
      const { cache } = shared
      if (cache === null) return void pendingEntry.then(({ value }) => value.cancel()).catch(() => {})
      const name = nameOf('use', key)
      const storing = store(cache, name, pendingEntry).catch(fail)
      pending.set(name, storing)
      await storing
      if (pending.get(name) === storing) pending.delete(name)
    },

    async refreshTags() {
      await shared.cache?.refresh()
    },

    /** Tags are looked at when an entry is read. */
    async getExpiration() {
      return Infinity
    },

    /**
     * @param {string[]} tags
     * @param {{ expire?: number }} [durations]
     */
    async updateTags(tags, durations) {
      await shared.cache?.invalidate(tags, durations)
    },
  }
}

/** @param {any} value */
function isUsable(value) {
  return Buffer.isBuffer(value?.bytes) && ['stale', 'timestamp', 'expire', 'revalidate'].every((name) => typeof value[name] === 'number')
}

/**
 * @param {import('./next-cache').NextCache} cache
 * @param {string} name
 * @param {Promise<UseCacheEntry>} pendingEntry
 */
async function store(cache, name, pendingEntry) {
  const { value, tags, stale, timestamp, expire, revalidate } = await pendingEntry
  const bytes = await bytesOf(value, cache.maxEntryBytes)
  if (bytes === null) return
  // Its time is that at which its making began, by the clock of this process.
  await cache.keep(name, { at: timestamp, number: cache.numberAt(timestamp), tags }, { bytes, stale, timestamp, expire, revalidate }, lifeOf(expire, cache.lifeMs))
}

/**
 * All of a stream; `null` where it is too long, or breaks off.
 * @param {ReadableStream<Uint8Array>} stream
 * @param {number} most
 */
async function bytesOf(stream, most) {
  const reader = stream.getReader()
  const pieces = []
  let length = 0
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      length += next.value.byteLength
      if (length > most) {
        counts.tooLarge++
        // Where another reads the same source, it would be waited for.
        void reader.cancel().catch(() => {})
        return null
      }
      pieces.push(next.value)
    }
  } catch {
    counts.broken++
    return null
  }
  return Buffer.concat(pieces, length)
}

/**
 * A new one each time.
 * @param {Buffer} bytes
 */
function streamOf(bytes) {
  let at = 0
  return /** @type {ReadableStream<Uint8Array>} */ (
    new ReadableStream({
      pull(controller) {
        if (at < bytes.length) controller.enqueue(new Uint8Array(bytes.subarray(at, (at += PIECE))))
        if (at >= bytes.length) controller.close()
      },
    })
  )
}

module.exports = { createUseCacheHandler }
