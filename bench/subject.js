'use strict'

const assert = require('node:assert/strict')
const { performance } = require('node:perf_hooks')
const { setTimeout: sleep } = require('node:timers/promises')
const { entrant } = require('./contenders')
const { crowd } = require('./crowd')
const { NEAR_COUNT, makeBatches, makeKeys, makeRecord } = require('./data')
const { measure } = require('./measure')
const { ROWS } = require('./rows')
const { spin } = require('./spin')

const SAMPLES = 50
const RECORDS_TO_WRITE = 64
const INFLIGHT = 64
/** Until the server has told a near cache of what was just written. */
const SETTLE_MS = 100

/** One contender at one row in this process: opened, filled, checked in full once, then measured as often as asked. */
class Subject {
  static async open({ name, row: rowName, size, text, url }) {
    const subject = new Subject()
    const row = ROWS[rowName]
    subject.peer = entrant(name, rowName)
    if (subject.peer === undefined) throw new Error(`${name} takes no part in ${rowName}`)
    subject.row = row
    subject.record = (i) => makeRecord(i, size, text)
    subject.keys = row.near ? makeKeys('near', size).slice(0, NEAR_COUNT) : makeKeys(row.data === undefined ? rowName : 'hit', size)
    subject.client = await subject.peer.open(url, rowName)

    const { keys } = subject
    const batches = makeBatches(keys)
    const records = Array.from({ length: row.near ? keys.length : RECORDS_TO_WRITE }, (_, i) => subject.record(i))
    const facts = { chars: JSON.stringify(records[0]).length, batchCount: batches.length, openedAt: performance.now(), allowed: 0 }
    const { right } = row
    const ways = subject.peer.rows[rowName](subject.client, { keys, batches, records })
    subject.operation = { ...ways, right: (reply, i) => right(reply, i, facts) }
    if (row.near) await subject.warm()
    return subject
  }

  /** Stores what the row reads. */
  async seed() {
    const { client, keys, peer, record, row } = this
    await this.#ofEach(
      row.data === 'string'
        ? (i) => peer.storeString(client, keys[i], JSON.stringify(record(i)))
        : (i) => peer.storeRecord(client, keys[i], record(i)),
    )
  }

  /** Has everything in memory. */
  async warm() {
    const { put, call, warm = call } = this.operation
    await this.#ofEach(put)
    await sleep(SETTLE_MS)
    await this.#ofEach(warm)
    await sleep(SETTLE_MS)
  }

  async #ofEach(act) {
    const { keys } = this
    for (let from = 0; from < keys.length; from += INFLIGHT) {
      await Promise.all(keys.slice(from, from + INFLIGHT).map((_, n) => act(from + n)))
    }
  }

  /** Compares some replies in full; the measured ones are only glanced at. */
  async check() {
    const { call, decode = (reply) => reply, right } = this.operation
    const step = Math.floor(this.keys.length / SAMPLES)
    for (let i = 0; i < this.keys.length; i += step) {
      const value = decode(this.row.sync ? call(i) : await call(i))
      assert.ok(right(value, i), `a reply was not the one asked for: ${String(value).slice(0, 40)}`)
      if (Array.isArray(value)) assert.deepEqual(value[value.length - 1], this.record(value[value.length - 1].id))
      else if (this.row.data === 'record' || this.row.near) assert.deepEqual(value, this.record(i))
      else if (this.row.data === 'string') assert.equal(value, JSON.stringify(this.record(i)))
    }
  }

  measure({ inflight, rampMs, windowMs }) {
    globalThis.gc?.() // no window pays for the garbage of the one before
    const keyCount = this.keys.length
    if (this.row.near) return spin(this.operation, { sync: this.row.sync, rampMs, windowMs, keyCount })
    if (this.row.hot) return crowd(this.operation, { inflight, rampMs, windowMs, keyCount })
    return measure(this.operation, { inflight, rampMs, windowMs, keyCount })
  }

  async close() {
    await this.peer.close(this.client)
  }
}

module.exports = { Subject }
