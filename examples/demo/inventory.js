'use strict'

/**
 * What Redis holds under a prefix: how many keys, how many bytes, and some of them with their remaining life.
 * It walks at most `rounds` × 1 000 keys of the server, so that it stays cheap on a big one; `complete` tells whether that was all.
 */
async function takeInventory(redis, prefix, { samples = 8, rounds = 20 } = {}) {
  const { keys, complete } = await findKeys(redis, `${prefix}:*`, rounds)
  keys.sort()
  const sizes = await Promise.all(keys.map((key) => sizeOf(redis, key)))
  const namespaces = {}
  for (const key of keys) {
    const namespace = key.slice(prefix.length + 1).split(':', 1)[0]
    namespaces[namespace] = (namespaces[namespace] ?? 0) + 1
  }
  const picked = spread(keys, samples)
  const lives = await Promise.all(picked.map((key) => redis.command('PTTL', key)))
  return {
    keys: keys.length,
    bytes: sizes.reduce((sum, size) => sum + size, 0),
    complete,
    namespaces,
    samples: picked.map((key, i) => ({ key, bytes: sizes[keys.indexOf(key)], ttlMs: lives[i] })),
  }
}

async function findKeys(redis, pattern, rounds) {
  const keys = new Set() // SCAN may give a key twice
  let cursor = '0'
  do {
    const [next, batch] = await redis.command('SCAN', cursor, 'MATCH', pattern, 'COUNT', 1000)
    for (const key of batch) keys.add(key)
    cursor = String(next)
  } while (cursor !== '0' && --rounds > 0)
  return { keys: [...keys], complete: cursor === '0' }
}

/** The length of a string; 0 for other types, which have no cheap size. */
async function sizeOf(redis, key) {
  try {
    return await redis.command('STRLEN', key)
  } catch (error) {
    if (error.serverCode === 'WRONGTYPE') return 0
    throw error
  }
}

/** Up to `count` items, evenly from the first to the last. */
function spread(items, count) {
  if (items.length <= count) return items
  return Array.from({ length: count }, (_, i) => items[Math.floor((i * items.length) / count)])
}

module.exports = { takeInventory }
