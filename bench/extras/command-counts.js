'use strict'

const { setTimeout: sleep } = require('node:timers/promises')
const { watchSent } = require('./monitor')

// How many commands a server executes, by connections of its own.

const SETTLE_MS = 50

class CommandCounts {
  static async open(url) {
    const { Redis } = require('ioredis6')
    const redis = new Redis(url)
    await redis.ping()
    return new CommandCounts(redis, url)
  }

  constructor(redis, url) {
    this.redis = redis
    this.url = url
  }

  /** All so far, those within scripts too, by `INFO commandstats`. */
  async executed() {
    const stats = await this.redis.info('commandstats')
    const calls = [...stats.matchAll(/^cmdstat_(\S+?):calls=(\d+)/gm)]
    return calls.filter(([, name]) => name !== 'info').reduce((sum, [, , count]) => sum + Number(count), 0)
  }

  /** How many clients send while `act` runs: what scripts call is not among them. It slows the server. */
  async sentDuring(act) {
    const watch = await watchSent(this.url)
    try {
      await act()
      await sleep(SETTLE_MS)
    } finally {
      watch.stop()
    }
    return watch.stop()
  }

  close() {
    return this.redis.quit()
  }
}

module.exports = { CommandCounts }
