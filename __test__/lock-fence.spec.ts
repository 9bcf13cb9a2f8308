import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Duration, fencedSet, Redis } from '../index.js'
import { onEveryBackend } from './support/backends'
import { fresh } from './support/cache-tools'
import { slotOf } from './support/slots'

/** As a lock gives them in November 2026, and the last one of all. */
const TOKEN = 1_795_170_931_076_657
const LAST = Number.MAX_SAFE_INTEGER
const HOUR_MS = 3_600_000

onEveryBackend('fencedSet', (backend) => {
  const get = (key: string) => backend.redis.command('GET', key)
  const set = (key: string, token: number, value: unknown, ttl: Duration = '1m') => fencedSet(backend.redis, key, token, value, { ttl })
  const lives = (...keys: string[]) => Promise.all(keys.map((key) => backend.redis.command<number>('PTTL', key)))

  test('writes for every later holder, and for the same one again', async () => {
    const key = fresh('f')
    for (const [i, token] of [1, 2, 2, TOKEN - 1, TOKEN, TOKEN, LAST - 1, LAST, LAST].entries()) {
      assert.equal(await set(key, token, `v${i}`), true, String(token))
      assert.equal(await get(key), `v${i}`)
    }
  })

  test('changes nothing for a holder that is late, by one or by far', async () => {
    const key = fresh('f')
    await set(key, TOKEN, 'later')
    for (const late of [TOKEN - 1, 7, 1]) {
      assert.equal(await set(key, late, 'late', Infinity), false)
      assert.equal(await get(key), 'later')
    }
    const [life, kept] = await lives(key, `fence:{${key}}`)
    assert.ok(life! > 50_000 && life! <= 60_000, String(life))
    assert.ok(kept! > HOUR_MS + 50_000 && kept! <= HOUR_MS + 60_000, String(kept))
  })

  test('refuses a late holder also when the value is gone', async () => {
    const key = fresh('f')
    await set(key, 9, 'later')
    await backend.redis.command('DEL', key)
    assert.equal(await set(key, 8, 'late'), false)
    assert.equal(await get(key), null)
  })

  test('stores strings and bytes as they are, and everything else as JSON', async () => {
    const key = fresh('f')
    const values: [unknown, string][] = [['text', 'text'], ['', ''], [new TextEncoder().encode('é'), 'é'], [{ a: [1, null] }, '{"a":[1,null]}'], [7, '7'], [true, 'true'], [null, 'null']]
    for (const [value, stored] of values) {
      assert.equal(await set(key, 5, value), true)
      assert.equal(await get(key), stored)
    }
  })

  test('gives both keys a life, and neither one where none is wanted', async () => {
    const key = fresh('f')
    const both = [key, `fence:{${key}}`] as const
    await set(key, 1, 'v', Infinity)
    assert.deepEqual(await lives(...both), [-1, -1])
    await set(key, 2, 'v', 10)
    const [life, kept] = await lives(...both)
    assert.ok(life! > 0 && life! <= 10_000 && kept! > HOUR_MS && kept! <= HOUR_MS + 10_000, `${life} ${kept}`)
    await set(key, 3, 'v', '1d')
    await set(key, 4, 'v', '250ms')
    const [, long] = await lives(...both)
    assert.ok(long! > 24 * HOUR_MS, `a short life does not shorten that of the token: ${long}`)
  })

  test('does not mix up keys whose names look alike', async () => {
    const name = fresh('f')
    const keys = [name, `{${name}}`, `a{${name}}b`, `{${name}}{x}`]
    for (const [i, key] of keys.entries()) assert.equal(await set(key, keys.length - i, key), true)
    for (const key of keys) assert.equal(await get(key), key)
  })

  test('replaces what is there, of whatever type', async () => {
    const key = fresh('f')
    await backend.redis.command('RPUSH', key, 'a')
    assert.equal(await set(key, 1, 'v'), true)
    assert.equal(await get(key), 'v')
  })

  test('lets the latest of many at once win', async () => {
    const key = fresh('f')
    const tokens = Array.from({ length: 50 }, (_, i) => TOKEN + ((i * 37) % 50))
    const written = await Promise.all(tokens.map((token) => set(key, token, token)))
    assert.equal(await get(key), String(TOKEN + 49))
    let highest = 0
    // One connection keeps the order in which they were sent.
    assert.deepEqual(written, tokens.map((token) => token >= highest && ((highest = token), true)))
  })
})

describe('the companion of a key', () => {
  test('lies in the slot of the key', async () => {
    const { createRequire } = await import('node:module')
    const { besideOf } = createRequire(import.meta.url)('../lib/fenced-set.js')
    const seen = new Set<string>()
    for (const key of ['a', 'a{b', '{a}', 'a{b}c', '{a}{b}', 'x}{y}', '{a}}', 'fence:{a}', 'fence::{a}', '{{a}', 'ä:{ö}']) {
      assert.equal(slotOf(besideOf(key)), slotOf(key), key)
      seen.add(besideOf(key))
    }
    assert.equal(seen.size, 11)
  })
})

describe('fencedSet rejects, and sends nothing, for', () => {
  const redis = new Redis({ path: '/nowhere.sock' })
  const right: unknown[] = [redis, 'k', 1, 'v', { ttl: 1 }]
  const cyclic: any = {}
  cyclic.self = cyclic
  const wrong: [what: string, position: number, values: unknown[], name: 'TypeError' | 'RangeError', message: RegExp][] = [
    ['no client', 0, [undefined, null, {}, 'redis://x'], 'TypeError', /^redis must be a Redis of this package/],
    ['no key', 1, [undefined, null, 1, '', 'a\0b', 'a\ud800'], 'TypeError', /^key must/],
    ['a key that is too long', 1, ['k'.repeat(65_537)], 'RangeError', /^key must be at most/],
    ['a key of stray braces', 1, ['a}', '{}a', '{}{a}', '}{'], 'TypeError', /^key must not hold a }/],
    ['no token', 2, [undefined, null, '1', 1n, {}], 'TypeError', /^fencingToken must be a number/],
    ['a token that none is', 2, [0, -1, 1.5, NaN, Infinity, 2 ** 53], 'RangeError', /^fencingToken must be an integer from 1/],
    ['what JSON cannot hold', 3, [undefined, () => {}, Symbol('hunter2'), 1n, cyclic], 'TypeError', /^value cannot be stored as JSON/],
    ['no options', 4, [undefined, null, 60, '1m'], 'TypeError', /^options must be an object/],
    ['no life', 4, [{}, { ttl: undefined }, { ttl: null }, { ttl: '10' }], 'TypeError', /^options.ttl must be a number or a string such as/],
    ['a life that is none', 4, [{ ttl: 0 }, { ttl: -1 }, { ttl: NaN }, { ttl: -Infinity }], 'RangeError', /^options.ttl must/],
    ['a misspelt option', 4, [{ ttlMs: 5 }], 'TypeError', /^options.ttlMs is not an option; did you mean 'ttl'\?/],
  ]
  for (const [what, position, values, name, message] of wrong) {
    test(what, async () => {
      for (const value of values) {
        const promise = (fencedSet as any)(...right.map((argument, i) => (i === position ? value : argument)))
        await assert.rejects(promise, (error: any) => {
          assert.deepEqual([error.name, error.code], [name, 'ERR_INVALID_ARG'], error.stack)
          assert.match(error.message, message)
          assert.doesNotMatch(error.message, /hunter2/)
          return true
        })
      }
      assert.equal(redis.metrics().operations, 0)
    })
  }
})
