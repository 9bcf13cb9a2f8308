import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { Redis } from '../index.js'
import { seed } from './support/seed'
import { realServer } from './support/servers'
import { broken, SCRIPTS } from './support/tag-scripts'
import { World, type WorldOptions } from './support/tag-world'

// The commands of loads, sets, deletions and invalidations of three clients, which may die between any two, are executed one at a time in a
// random order, by the product's own scripts. At every step: no value that was true before an invalidation began is fresh after its end, and
// whatever carries a tag is where an invalidation of the tag looks. `REDWRIGHT_SEED` has others run, `TAGS_RUNS` more.

const server = await realServer()
const redis = await Redis.connect(server.url)
after(async () => {
  await redis.close()
  await server.stop()
})

async function firstViolation(options: Omit<WorldOptions, 'seed'>, runs: number, from = seed): Promise<string | undefined> {
  for (let i = 0; i < runs; i++) {
    const violated = await new World(redis, { ...options, seed: from + i }).run()
    if (violated !== undefined) return violated
  }
  return undefined
}

describe('the protocol of tags, step by step', () => {
  for (const apart of [false, true]) {
    test(`holds in any order of commands, with keys and tags ${apart ? 'on different servers' : 'on one server'}`, async () => {
      assert.equal(await firstViolation({ apart }, Number(process.env.TAGS_RUNS ?? 60)), undefined)
    })
  }

  const faults: [what: string, WorldOptions['scripts'], apart: boolean, keys: number, earlyRemoval?: boolean][] = [
    ['a store does not look at the last invalidation', broken('STORE', 'last > tonumber(snapshot)', 'false'), false, 3],
    ['an entering does not look at the last invalidation', broken('REGISTER', "snapshot ~= ''", 'false'), true, 3],
    ['a store does not look at the token', broken('STORE', 'token_of(head) ~= token', 'false'), true, 1],
    ['a store of one does not look at the token', broken('STORE', "string.sub(seen, 1, 12) == '\\193\\2\\0\\0' .. ARGV[9]", 'true'), true, 1],
    ['a store of entries with one tag each enters none', broken('STORE', "err = enter(index, now, till, unpack(members))", 'err = nil'), false, 1],
    ['an invalidation leaves the leases', broken('BREAK', "redis.call('UNLINK', key)\n    return 0", 'return 0'), true, 1],
    ['an invalidation sets nothing aside', broken('DOOM', "redis.call('RENAME', KEYS[1], KEYS[3])", 'do return 1 end'), false, 1],
    ['keys leave before their entries are gone', SCRIPTS, false, 1, true],
    ["keys leave that another's invalidation has set aside", broken('DRAIN', 'ARGV[2] == which', 'true'), false, 1],
    ['an entering shortens the time of what is there', broken('REGISTER', 'not score or tonumber(score) < now + ARGV[2]', 'true'), true, 1],
    ['the key of a refused store is entered', broken('STORE', 'if why == nil then', 'if why and tags[1] then enter(KEYS[tags[1]], now(), till, till, key) end if why == nil then'), false, 1],
  ]
  for (const [what, scripts, apart, keys, earlyRemoval = false] of faults) {
    test(`would not hold if ${what}`, async () => {
      assert.ok((await firstViolation({ apart, scripts, earlyRemoval, keys }, 1000)) !== undefined)
    })
  }
})
