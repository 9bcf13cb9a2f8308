import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Redis } from '../index.js'
import type { TestServer } from '../testing.js'
import { broken, SCRIPTS } from './support/limit-scripts'
import { assertWalk, LARGE, SMALL } from './support/limit-walk'
import { realServer } from './support/servers'

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

const RUNS = 34
const STEPS = 1500

describe('on virtual time, over random steps', () => {
  for (const hasIncrex of [false, true]) {
    test(`every answer is the one that the definitions give, nothing is written for a refusal, and no key is without a TTL${hasIncrex ? ', with INCREX too' : ''}`, async () => {
      for (let seed = 1; seed <= RUNS; seed++) await assertWalk(redis, SCRIPTS, seed, STEPS, SMALL, hasIncrex)
    })
  }

  test('so it is with the largest limits and with periods of days', async () => {
    for (let seed = 1; seed <= 4; seed++) await assertWalk(redis, SCRIPTS, seed, STEPS, LARGE)
  })

  // Each as somebody may write it in haste.
  const mistakes: [place: string, by: string][] = [
    ['state.used + cost <= policy.limit', 'state.used < policy.limit'],
    ['state.current = max(0, state.current + units)', 'state.current = state.current + units'],
    ['return span - floor(room * span / before)', 'return span - ceil(room * span / before) + 1'],
    ['takes = takes and allowed == 1', 'takes = takes'],
    ["call('LSET', key, -1, state.back)", "call('RPOP', key)"],
    ['is_there = state.which == when', 'is_there = true'],
    ['is_there = NOW < when + policy.span', 'is_there = true'],
    ['return math.min(units, max(0, floor((when - NOW) * policy.rate / policy.span)))', 'return units'],
    ["'UBOUND', limit", "'UBOUND', limit + 1"],
    ['#text < #bound', '#text <= #bound'],
    ['text < bound', 'text <= bound'],
    ["'%.0f', limit - cost + 1", "'%.0f', limit"],
    ['after <= limit * span', 'debt <= limit * span'],
    ['rate == 1 and text ==', 'text =='],
    ['is_blocked or not cost', 'not cost'],
    ['is_number and #rest == 0 and', 'is_number and'],
  ]
  for (const [place, by] of mistakes) {
    test(`a mistake is noticed: ${by}`, async () => {
      const scripts = broken(place, by)
      const walks = async () => {
        for (const hasIncrex of [false, true]) {
          for (let seed = 1; seed <= RUNS; seed++) await assertWalk(redis, scripts, seed, STEPS, SMALL, hasIncrex)
        }
      }
      await assert.rejects(walks, { code: 'ERR_ASSERTION' })
    })
  }
})
