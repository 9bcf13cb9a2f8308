'use strict'

// The keys and the values of the benchmark, the same for every contender.

const COUNT = { small: 10_000, large: 2_000 }
const BATCH = 100
/** What a process has in memory in the near rows: a hot set, that every contender holds easily. */
const NEAR_COUNT = 1_000

// Consecutive operations step through the keys by a prime, so that no two of those in flight share a key and nobody can
// coalesce them.
const STRIDE = 7_919

/** How many records of this size there are: the large ones are fewer, to keep the server's memory modest. */
function recordCount(size) {
  return size > 2_048 ? COUNT.large : COUNT.small
}

/** The ids of all records of a size, made once so that no operation pays for them. */
function makeKeys(kind, size) {
  return Array.from({ length: recordCount(size) }, (_, i) => `${kind}-${size}-${String(i).padStart(5, '0')}`)
}

/** The keys in groups of 100, for operations that take many at once. */
function makeBatches(keys) {
  return Array.from({ length: keys.length / BATCH }, (_, i) => keys.slice(i * BATCH, (i + 1) * BATCH))
}

// About how many bytes of a record are free text.
const BIO = 160

const TEXT = {
  ascii: 'the quick brown fox jumps over the lazy dog and back again ',
  unicode: 'le cœur déçu mais l’âme plutôt naïve, 速い茶色の狐が犬を跳び越える ',
}

/** A record whose JSON has exactly `size` bytes: a profile with orders, and free text that fills the rest. */
function makeRecord(i, size, text = 'ascii') {
  const record = {
    id: i,
    name: 'Ada Lovelace',
    email: 'ada@example.com',
    active: true,
    score: 97.25,
    createdAt: '2026-01-31T09:30:00.000Z',
    address: { street: '12 St James Square', city: 'London', zip: 'SW1Y 4JH' },
    tags: ['early', 'analytical', 'verified'],
    orders: [],
    bio: '',
  }
  const order = (n) => ({ sku: `SKU-${100_000 + n}`, quantity: 1 + (n % 7), price: 9.5 + n, shipped: n % 2 === 0 })
  const digits = 5 - String(i).length // the id's width must not change the size
  const missing = () => size - digits - Buffer.byteLength(JSON.stringify(record))
  for (let left = missing(); left > BIO; left -= JSON.stringify(record.orders.at(-1)).length + 1) {
    record.orders.push(order(record.orders.length))
  }
  record.bio = fill(missing(), TEXT[text])
  if (digits > 0) record.bio += 'x'.repeat(digits)
  return record
}

/** Exactly `bytes` bytes of a text, repeated; a character that does not fit is replaced by dots. */
function fill(bytes, text) {
  let out = ''
  let left = bytes
  while (left > 0) {
    for (const character of text) {
      const width = Buffer.byteLength(character)
      if (width > left) return out + '.'.repeat(left)
      out += character
      left -= width
    }
  }
  return out
}

module.exports = { BATCH, NEAR_COUNT, STRIDE, makeBatches, makeKeys, makeRecord, recordCount }
