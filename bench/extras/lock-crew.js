'use strict'

const { setTimeout: sleep } = require('node:timers/promises')
const { Racer } = require('../racer')
const { readHolds } = require('./lock-holds')

const PROGRAM = 'extras/lock-waiter.js'
const RAMP_MS = 250

const now = () => Number(process.hrtime.bigint()) / 1e6

/** The processes of one contender of `lock-handover.js`. */
class LockCrew {
  static async start({ name, what, url, processes }) {
    const started = await Promise.allSettled(Array.from({ length: processes }, () => Racer.start(name, { url, what }, PROGRAM)))
    const crew = new LockCrew(started.flatMap(({ value }) => value ?? []))
    const failed = started.find(({ status }) => status === 'rejected')
    if (!failed) return crew
    await crew.stop()
    throw failed.reason
  }

  constructor(racers) {
    this.racers = racers
    this.windows = 0
  }

  /** One window: what its holds show, with the commands that were executed for each hand-over. */
  async measure(cell, counts) {
    const holds = this.#run(cell)
    holds.catch(() => {}) // it is awaited below
    await sleep(RAMP_MS)
    const openedAt = now()
    const before = await counts.executed()
    await sleep(openedAt + cell.windowMs - now())
    const after = await counts.executed()
    const closedAt = now()
    const found = readHolds(await holds, { openedAt, closedAt })
    return { ...found, executed: (after - before) / found.handovers }
  }

  /** How many commands clients send for each hand-over, over a short run from its first to its last. */
  async countSent(cell, counts) {
    let holds
    const sent = await counts.sentDuring(async () => (holds = await this.#run(cell)))
    return sent / readHolds(holds, { openedAt: -Infinity, closedAt: Infinity }).handovers
  }

  /** Another lock each time, so that nobody meets what was left behind. */
  async #run({ holdMs, thinkMs, waiters, processes, windowMs }) {
    const each = waiters / processes
    const resource = `handover-${process.pid}-${this.windows++}`
    const order = { resource, waiters: each, holdMs, thinkMs, forMs: RAMP_MS + windowMs }
    const told = await Promise.all(this.racers.slice(0, processes).map((racer, n) => racer.ask('run', { ...order, first: n * each })))
    return told.flat()
  }

  async stop() {
    await Promise.all(this.racers.map((racer) => racer.stop()))
  }
}

module.exports = { LockCrew }
