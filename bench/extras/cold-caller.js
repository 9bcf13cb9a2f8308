'use strict'

// One of the processes of `cold-key.js`: a client, and callers that all ask at once.

const assert = require('node:assert/strict')
const { performance } = require('node:perf_hooks')
const { setTimeout: sleep } = require('node:timers/promises')
const { contender } = require('../contenders')
const { serve } = require('../serve')

const VALUE = { id: 1, name: 'Ada Lovelace', active: true }

let peer
let client
let ask
let callers
let loads = 0

serve({
  async open({ name, url, callers: count, loadMs }) {
    peer = contender(name)
    client = await peer.open(url)
    callers = count
    ask = peer.cold(client, async () => {
      loads++
      await sleep(loadMs)
      return VALUE
    })
    // A first call of anything has its own costs, and a connection that is still being opened is one of them.
    await ask(`warm-${process.pid}`)
  },

  async race({ key, at }) {
    loads = 0
    await sleep(Math.max(0, at - Date.now()))
    const begun = performance.now()
    const values = await Promise.all(Array.from({ length: callers }, () => ask(key)))
    const slowestMs = performance.now() - begun
    for (const value of values) assert.deepEqual(value, VALUE)
    return { loads, slowestMs }
  },

  close: () => client && peer.close(client),
})
