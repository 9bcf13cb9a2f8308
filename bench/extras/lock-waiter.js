'use strict'

// One of the processes of `lock-handover.js`: waiters that take one lock, hold it, release it, and take it again. Each hold is told by the clock
// that all processes of the machine share.

const { setTimeout: sleep } = require('node:timers/promises')
const { contender } = require('../contenders')
const { serve } = require('../serve')

let peer
let client
let take

const now = () => Number(process.hrtime.bigint()) / 1e6

serve({
  async open({ name, url, what }) {
    peer = contender(name)
    client = await peer.open(url, 'lockHandover')
    take = peer.waiters[what](client)
    // What is done once, such as a script that is loaded or a channel that is subscribed to, is done before it counts.
    const release = await take(`warm-up-${process.pid}`)
    await release()
  },

  /** Gives a row for each hold: which waiter, when it asked, and from when to when it held. */
  async run({ resource, first, waiters, holdMs, thinkMs, forMs }) {
    const end = now() + forMs
    const holds = []

    async function wait(who) {
      for (;;) {
        if (thinkMs > 0) await sleep(Math.random() * 2 * thinkMs)
        const asked = now()
        if (asked >= end) return
        const release = await take(resource)
        const from = now()
        // Those who still waited when it ended are let through, so that nobody waits when the next begins.
        if (holdMs > 0 && from < end) await sleep(holdMs)
        holds.push([who, asked, from, now()])
        await release()
      }
    }

    await Promise.all(Array.from({ length: waiters }, (_, n) => wait(first + n)))
    return holds
  },

  close: () => client && peer.close(client),
})
