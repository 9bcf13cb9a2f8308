import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import * as fc from 'fast-check'
import { Redis } from '../index.js'
import type { TestServer } from '../testing.js'
import { broken, SCRIPTS } from './support/session-driver'
import { assertWalk, MOVES } from './support/session-walk'
import { realServer } from './support/servers'

const RUNS = 150
const ABSOLUTE_MS = 80_000

describe('sessions on virtual time, over random steps of three requests', () => {
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

  for (const absolute of [0, ABSOLUTE_MS]) {
    test(`${absolute === 0 ? 'without' : 'with'} an absolute end`, async () => {
      await fc.assert(fc.asyncProperty(MOVES, (moves) => assertWalk(redis, SCRIPTS, moves, absolute)), { seed: 1, numRuns: RUNS })
    })
  }

  // Each as somebody may write it in haste.
  const mistakes: [place: string, by: string][] = [
    // record.lua
    ["if v == 'x' then return 'gone', { to = '' } end", "if v == 'x' then return 'none' end"],
    ["return NOW < until_when and 'moved' or 'gone'", "return 'moved'"],
    ['return math.min(NOW + idle, it.t0 + absolute)', 'return NOW + idle'],
    ["if it.i ~= '' and ends > it.s then", 'if false then'],
    ["ends = math.min(ends, math.max(it.s, NOW + redis.call('PTTL', key)))", ''],
    ["  redis.call('PEXPIREAT', key, text(ends))\n  return ends, due", '  return ends, due'],
    // write.lua, make.lua
    ["if ARGV[2] ~= '' and it.v ~= ARGV[2] and it.v ~= ARGV[3] then", "if ARGV[2] ~= '' and it.v == '' then"],
    ["and it.v ~= ARGV[2] and it.v ~= ARGV[3] then", 'and it.v ~= ARGV[2] then'],
    ["if not is_vacant or ARGV[2] ~= '' or ARGV[7] ~= '1' then", "if not is_vacant or ARGV[7] ~= '1' then"],
    ["if not is_vacant or ARGV[2] ~= '' or ARGV[7] ~= '1' then", "if ARGV[2] ~= '' or ARGV[7] ~= '1' then"],
    ["redis.call('HSET', key, 'v', ARGV[3], 'd', ARGV[5],", "redis.call('HSET', key, 'd', ARGV[5],"],
    ["  redis.call('PEXPIREAT', key, text(ends))\n  return ends\nend", '  return ends\nend'],
    // read.lua, touch.lua
    ["redis.call('HSET', key, 'l', text(NOW), 'n', text(idle))", "redis.call('HSET', key, 'l', text(NOW))"],
    ["if is_known and ARGV[3] == '1' then redis.call('HSET', key, 'c', ARGV[4]) end", "redis.call('HSET', key, 'c', ARGV[4])"],
    ["if is_known and ARGV[3] == '1' then", "if ARGV[3] == '1' then"],
    ['local idle = is_known and tonumber(ARGV[2]) or it.n', 'local idle = tonumber(ARGV[2]) or it.n'],
    ["if ARGV[2] ~= '1' then return told(1, it, place, end_now(key, it), 0) end", ''],
    // destroy.lua, bury.lua
    ["if state ~= 'none' or ARGV[4] == '1' then bury(key, ARGV[2], ARGV[3]) end", "redis.call('DEL', key)"],
    ["if state ~= 'none' or ARGV[4] == '1' then", "if state ~= 'none' then"],
    ["if is_buried_by(key, ARGV[3]) then return { 1, place, '', '' } end", ''],
    ["redis.call('PEXPIRE', key, life)", ''],
    ["redis.call('HSET', key, 'v', 'x', 'k', by)", "redis.call('HSET', key, 'v', 'x', 'k', 'somebody')"],
    ["redis.call('PEXPIRE', key, text(grace + life))", "redis.call('PEXPIRE', key, text(grace))"],
    // rotate.lua, plant.lua
    ['if it.v ~= ARGV[2] or it.i ~= ARGV[3] then return { 3 } end', ''],
    ['  enter(KEYS[3], ARGV[4], has_to_go and -score or score)\n', ''],
    ['point(key, ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6]))', "redis.call('DEL', key)"],
    ['point(key, ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6]))', ''],
    ["'t0', text(it.t0), 'l', text(NOW), 'n', text(it.n), 's'", "'t0', text(NOW), 'l', text(NOW), 'n', text(it.n), 's'"],
    // index.lua
    ["(was >= 0 and was < score)", '(was == 0)'],
    ['  if life <= 0 then return end\n', ''],
    ["if redis.call('PTTL', index) < life then redis.call('PEXPIRE', index, text(life)) end", "redis.call('PEXPIRE', index, text(life))"],
    ["if redis.call('PTTL', index) < life then redis.call('PEXPIRE', index, text(life)) end", "if redis.call('PTTL', index) < 0 then redis.call('PEXPIRE', index, text(life)) end"],
    ["if redis.call('PTTL', index) < life then redis.call('PEXPIRE', index, text(life)) end", ''],
    ['text(MARGIN - NOW), text(NOW - MARGIN)', 'text(MARGIN - NOW), text(NOW + MARGIN)'],
    ["redis.call('ZCOUNT', index, '(0', '+inf') - most + 1", "redis.call('ZCOUNT', index, '(0', '+inf') - most"],
    ["if most > 0 and not redis.call('ZSCORE', index, name) then", 'if false then'],
    ['      doom(index, over, from + 4 + dead)', ''],
    ["redis.call('ZADD', index, text(-score), name)\n      over = over - 1", "redis.call('ZREM', index, name)\n      over = over - 1"],
    // bind.lua, mark.lua, seen.lua, destroy_all.lua
    ['it.t0, it.i, it.s = NOW, ARGV[3], tonumber(ARGV[5])', 'it.i, it.s = ARGV[3], tonumber(ARGV[5])'],
    ['math.min(end_of(it, it.n, absolute), it.l + it.n, it.s)', 'end_of(it, it.n, absolute)'],
    ["if state == 'live' and it.i ~= ARGV[4] then", 'if false then'],
    ["if state ~= 'live' then\n    reply[i + 1] = -1", "if state == 'none' then\n    reply[i + 1] = -1"],
  ]
  for (const [place, by] of mistakes) {
    test(`a mistake is noticed: ${by.trim() || 'nothing'} instead of ${place.trim()}`, async () => {
      const scripts = broken(place, by)
      const each = async (moves: any) => {
        for (const absolute of [0, ABSOLUTE_MS]) await assertWalk(redis, scripts, moves, absolute)
      }
      assert.ok((await fc.check(fc.asyncProperty(MOVES, each), { seed: 1, numRuns: 2 * RUNS, endOnFailure: true })).failed, 'nothing has noticed it')
    })
  }
})
