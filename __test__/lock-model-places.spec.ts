import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import * as fc from 'fast-check'
import { Redis } from '../index.js'
import type { TestServer } from '../testing.js'
import { assertPlaces, MOVES, type Places } from './support/lock-places'
import { broken, SCRIPTS } from './support/lock-scripts'
import { realServer } from './support/servers'

const RUNS = 500
/** As the product's, in parts that are so small that there are several. */
const IN_PARTS = broken('local PART = 16', 'local PART = 2')
const ALL: readonly Places[] = ['permits', 'fair permits', 'readers and writers']

describe('on virtual time, over random steps of several clients', () => {
  let server: TestServer
  let redis: Redis
  before(async () => {
    server = await realServer()
    redis = await Redis.connect({ url: server.url, commandTimeout: '60s' })
  })
  after(async () => {
    await redis.close()
    await server.stop()
  })

  for (const places of ALL) {
    test(`${places}`, async () => {
      await fc.assert(fc.asyncProperty(MOVES, (moves) => assertPlaces(redis, SCRIPTS, moves, places)), { seed: 1, numRuns: RUNS })
    })
  }

  test('readers and writers, who are looked at in parts', async () => {
    await fc.assert(fc.asyncProperty(MOVES, (moves) => assertPlaces(redis, IN_PARTS, moves, 'readers and writers')), { seed: 2, numRuns: RUNS })
  })

  // Each as somebody may write it in haste.
  const mistakes: [place: string, by: string][] = [
    ['return free > 0 end', 'return free >= 0 end'],
    ["redis.call('ZREMRANGEBYSCORE', holders, '-inf', NOW)\nlocal held = redis.call('ZSCORE'", "local held = redis.call('ZSCORE'"],
    ["redis.call('ZREMRANGEBYSCORE', holders, '-inf', NOW)\nlocal held = redis.call('ZREM'", "local held = redis.call('ZREM'"],
    ["redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', NOW)", ''],
    ["or redis.call('ZCARD', queue)) < free", 'or 0) < free'],
    ["    bury(queue, waiting)\n    return (redis", '    return (redis'],
    ["if first and (kind == 'w' or", 'if first and ('],
    ["kind == 'w' or string.sub(first, 1, 1) == 'w') then return false end", "kind == 'w') then return false end"],
    ["return (kind == 'r' or #readers == 0) and (ahead == nil or ahead == waiter)", 'return ahead == nil or ahead == waiter'],
    ["return (kind == 'r' or #readers == 0) and (ahead == nil or ahead == waiter)", "return kind == 'r' or #readers == 0"],
    ["return (kind == 'r' or #readers == 0) and (ahead == nil or ahead == waiter)", "return (kind == 'r' or #readers == 0) and ahead == nil"],
    ["if waiter == own or kind_of(waiter) == 'w' then return", "if kind_of(waiter) == 'w' then return"],
    ["if held then return { 2,", 'if false then return { 2,'],
    ["if not held and not may_enter()", 'if not may_enter()'],
    ["math.max(1, tonumber(first) - NOW) or -2", "tonumber(first) - NOW or 0"],
    ["if redis.call('PTTL', holders) < ttl then redis.call('PEXPIRE', holders, ttl) end", "redis.call('PEXPIRE', holders, ttl)"],
    ["if redis.call('PTTL', holders) < ttl then redis.call('PEXPIRE', holders, ttl) end", ''],
    ["if redis.call('PTTL', KEYS[i]) < ttl then redis.call('PEXPIRE', KEYS[i], ttl) end", ''],
    ['local held = ends and ends > NOW', 'local held = ends'],
    ["if waiter ~= '' then leave(queue, waiting, waiter) end\nif held", 'if held'],
    ["if ARGV[4] ~= '' then leave(queue, waiting, ARGV[4]) end", ''],
    ["permits_of(permits, otherwise) - redis.call('ZCARD', holders))", 'permits_of(permits, otherwise))'],
    ["if first and string.sub(first, 1, 1) == 'w' then return {} end", ''],
    ['if #readers == 0 and not first then return { writer } end', 'if #readers == 0 then return { writer } end'],
    ['if #readers == 0 and not first then return { writer } end', 'if not first then return { writer } end'],
    ['readers[#readers + 1] = waiter', 'readers[1] = waiter'],
    ['until #part < PART', 'until true'],
    ['from = from + PART\n', 'from = from + PART + 1\n'],
    ["redis.call('SET', KEYS[4], ARGV[1], 'PX', KEEP)", "redis.call('SET', KEYS[4], ARGV[1])"],
    ["return set or tonumber(otherwise)", 'return tonumber(otherwise)'],
    ["local alive = '(' .. string.format('%.0f', NOW)", "local alive = '-inf'"],
    ["return string.sub(waiter, string.find(waiter, '/', 1, true) + 1, string.find(waiter, '/', 1, true) + 1)", "return string.sub(waiter, 1, 1)"],
  ]
  for (const [place, by] of mistakes) {
    test(`a mistake is noticed: ${by.trim()} instead of ${place.trim()}`, async () => {
      const scripts = broken(place, by, IN_PARTS)
      const each = async (moves: any) => {
        for (const places of ALL) await assertPlaces(redis, scripts, moves, places)
      }
      assert.ok((await fc.check(fc.asyncProperty(MOVES, each), { seed: 1, numRuns: RUNS, endOnFailure: true })).failed, 'nothing has noticed it')
    })
  }
})
