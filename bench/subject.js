'use strict'

const assert = require('node:assert/strict')
const { contender } = require('./contenders')
const { makeBatches, makeKeys, makeRecord } = require('./data')
const { measure } = require('./measure')
const { ROWS } = require('./rows')

const SAMPLES = 50
const RECORDS_TO_WRITE = 64
const SEED_INFLIGHT = 64

/** One contender at one row in this process: opened, filled, checked in full once, then measured as often as asked. */
class Subject {
  static async open({ name, row: rowName, size, text, url }) {
    const subject = new Subject()
    const row = ROWS[rowName]
    subject.peer = contender(name)
    subject.row = row
    subject.record = (i) => makeRecord(i, size, text)
    subject.keys = makeKeys(row.data === undefined ? rowName : 'hit', size)
    subject.client = await subject.peer.open(url)

    const batches = makeBatches(subject.keys)
    const records = Array.from({ length: RECORDS_TO_WRITE }, (_, i) => subject.record(i))
    const facts = { chars: JSON.stringify(records[0]).length, batchCount: batches.length }
    const { call, decode } = subject.peer.rows[rowName](subject.client, { keys: subject.keys, batches, records })
    subject.operation = { call, decode, right: (reply, i) => row.right(reply, i, facts) }
    return subject
  }

  /** Stores what the row reads. */
  async seed() {
    const { client, keys, peer, record, row } = this
    const put =
      row.data === 'string'
        ? (i) => peer.storeString(client, keys[i], JSON.stringify(record(i)))
        : (i) => peer.storeRecord(client, keys[i], record(i))
    for (let from = 0; from < keys.length; from += SEED_INFLIGHT) {
      await Promise.all(keys.slice(from, from + SEED_INFLIGHT).map((_, n) => put(from + n)))
    }
  }

  /** Compares some replies in full; the measured ones are only glanced at. */
  async check() {
    const { call, decode = (reply) => reply, right } = this.operation
    const step = Math.floor(this.keys.length / SAMPLES)
    for (let i = 0; i < this.keys.length; i += step) {
      const value = decode(await call(i))
      assert.ok(right(value, i), `a reply was not the one asked for: ${String(value).slice(0, 40)}`)
      if (Array.isArray(value)) assert.deepEqual(value[value.length - 1], this.record(value[value.length - 1].id))
      else if (this.row.data === 'record') assert.deepEqual(value, this.record(i))
      else if (this.row.data === 'string') assert.equal(value, JSON.stringify(this.record(i)))
    }
  }

  measure({ inflight, rampMs, windowMs }) {
    globalThis.gc?.() // no window pays for the garbage of the one before
    return measure(this.operation, { inflight, rampMs, windowMs, keyCount: this.keys.length })
  }

  async close() {
    await this.peer.close(this.client)
  }
}

module.exports = { Subject }
