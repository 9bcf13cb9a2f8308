'use strict'

// The process of one way to limit rates of `limit-memory.js`: decisions about many ids, and what the server says of its memory. What is looked at
// goes by a client of ours, whoever decides.

const { Redis } = require('../..')
const { contender } = require('../contenders')
const { serve } = require('../serve')

const INFLIGHT = 250

let redis
let peer
let client
let ask
let ids

serve({
  async open({ name, url, what, ids: count, policy }) {
    ids = Array.from({ length: count }, (_, i) => `id-${String(i).padStart(17, '0')}`)
    redis = await Redis.connect(url)
    peer = contender(name)
    client = await peer.open(url, 'limitMemory')
    ask = peer.weigh[what](client, policy)
  },

  async weigh({ more }) {
    for (let n = 0; n < more; n++) {
      for (let from = 0; from < ids.length; from += INFLIGHT) await Promise.all(ids.slice(from, from + INFLIGHT).map(ask))
    }
    const sizes = await Promise.all((await keysOfIds()).map((key) => redis.command('MEMORY', 'USAGE', key, 'SAMPLES', 0)))
    return { bytes: sizes.reduce((sum, size) => sum + Number(size), 0) / ids.length }
  },

  /** How many keys an id has, and how many of those have no end. */
  async look() {
    const keys = await keysOfIds()
    const lives = await Promise.all(keys.map((key) => redis.command('PTTL', key)))
    return { keys: keys.length / ids.length, immortal: lives.filter((ms) => ms === -1).length }
  },

  async close() {
    await redis?.close()
    if (client) await peer.close(client)
  },
})

async function keysOfIds() {
  const keys = new Set()
  let cursor = '0'
  do {
    const [next, found] = await redis.command('SCAN', cursor, 'MATCH', '*id-0*', 'COUNT', 1_000)
    for (const key of found) keys.add(key)
    cursor = String(next)
  } while (cursor !== '0')
  return [...keys]
}
