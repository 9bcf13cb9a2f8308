import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import * as fc from 'fast-check'
import { Redis } from '../index.js'
import type { TestServer } from '../testing.js'
import { broken, SCRIPTS } from './support/lock-scripts'
import { assertWalk } from './support/lock-judge'
import { MOVES } from './support/lock-moves'
import { realServer } from './support/servers'

const RUNS = 800

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

  for (const isFair of [false, true]) {
    test(`${isFair ? 'fair' : 'plain'}`, async () => {
      await fc.assert(fc.asyncProperty(MOVES, (moves) => assertWalk(redis, SCRIPTS, moves, isFair)), { seed: 1, numRuns: RUNS })
    })
  }

  // Each as somebody may write it in haste.
  const mistakes: [place: string, by: string][] = [
    ['elseif holder == ARGV[before + i] then', 'elseif holder then'],
    ['reply[i] = holder and -1 or 0\n    end\n    --', 'reply[i] = 0\n    end\n    --'],
    ['elseif holder then\n      return 0', 'elseif false then\n      return 0'],
    ["redis.call('SET', lock, token, 'NX', 'PX', ARGV[1])", "redis.call('SET', lock, token, 'PX', ARGV[1])"],
    ["redis.call('SET', fences[i], text, 'PX', ARGV[2])", "redis.call('SET', fences[i], text)"],
    ["redis.call('SET', KEYS[i], text, 'PX', life)", "redis.call('SET', KEYS[i], text)"],
    ['return last + 1,', 'return last,'],
    ['if not last or last < MICROS then return', 'if true then return'],
    ['local MICROS = time[1] * 1000000 + time[2]', 'local MICROS = time[1] * 1000000'],
    ["  if holder == token then\n    -- Not", '  if holder then\n    -- Not'],
    ["elseif not holder and ARGV[1] == '1' then", "elseif ARGV[1] == '1' then"],
    ["elseif not holder and ARGV[1] == '1' then", 'elseif not holder then'],
    ['if waiter then leave(KEYS[place + 2], KEYS[place + 3], waiter) end', ''],
    ["redis.call('ZREM', waiting, waiter)\n", ''],
    ['if not holder then free[#free + 1] = place end', 'if reply[i] == 1 then free[#free + 1] = place end'],
    ['for _, place in ipairs(free) do pass_on(place) end', 'pass_on(1)'],
    ['first_of(queue, waiting, 1)[1]\n  if not', "redis.call('ZRANGE', queue, -1, -1)[1]\n  if not"],
    ['left < SHORTEST or', 'left <= 0 or'],
    ['or not is_heard(inbox)', ''],
    ['or not is_heard(inbox) then return call_up(waiter) end', 'or not is_heard(inbox) then return end'],
    ['math.min(ttl, left)', 'ttl'],
    ['math.min(ttl, left)', 'left'],
    ["token_after(redis.pcall('GET', KEYS[place + 1]))", 'token_after(false)'],
    ["redis.pcall('SET', KEYS[place + 1], text, 'PX', life)", "redis.pcall('SET', KEYS[place + 1], text)"],
    ["ends) then\n    leave(queue, waiting, waiter)", 'ends) then'],
    [" .. ' ' .. ends)", " .. ' ' .. NOW + left + 1)"],
    ['alive = stand(', 'stand('],
    ["local is_waited_for = redis.call('EXISTS', unpack(queues)) > 0", "local is_waited_for = redis.call('EXISTS', queues[1]) > 0"],
    ['if not is_waited_for then', 'if true then'],
    ['holders[i] ~= ARGV[i] or seen[lock]', 'not holders[i] or seen[lock]'],
    ["redis.call('DEL', unpack(locks))", "redis.call('DEL', locks[1])"],
    ["redis.call('DEL', unpack(released))", "redis.call('DEL', released[1])"],
    ["if redis.call('PTTL', key) < lease then redis.call('PEXPIRE', key, lease) end", "if redis.call('PTTL', key) < 0 then redis.call('PEXPIRE', key, lease) end"],
    ["if redis.call('PTTL', key) < lease then redis.call('PEXPIRE', key, lease) end", ''],
    ["redis.call('ZADD', queue, 'NX', string.format('%.0f', math.max(MICROS, (tonumber(last) or 0) + 1)), waiter)", "redis.call('ZADD', queue, MICROS, waiter)"],
    ["redis.call('ZADD', queue, 'NX', string.format('%.0f', math.max(MICROS, (tonumber(last) or 0) + 1)), waiter)", "redis.call('ZADD', queue, 'NX', NOW, waiter)"],
    ['if head and head ~= waiter', 'if head and false'],
    ["local dead = redis.pcall('ZRANGEBYSCORE', waiting, '-inf', NOW", "local dead = redis.pcall('ZRANGEBYSCORE', waiting, '-inf', 0"],
    ['if i == place then', 'if true then'],
    ["if waiter == '' then break end", ''],
    ['and what == 0 and not holder_of(KEYS[i]) then', 'and what == 2 then'],
    ['if holder == token then\n      own = own + 1', 'if false then\n      own = own + 1'],
    ['if own < count then return 1', 'if true then return 1'],
  ]
  for (const [place, by] of mistakes) {
    test(`a mistake is noticed: ${by.trim()} instead of ${place.trim()}`, async () => {
      const scripts = broken(place, by)
      const each = async (moves: any) => {
        for (const isFair of [true, false]) await assertWalk(redis, scripts, moves, isFair)
      }
      assert.ok((await fc.check(fc.asyncProperty(MOVES, each), { seed: 1, numRuns: RUNS, endOnFailure: true })).failed, 'nothing has noticed it')
    })
  }
})
