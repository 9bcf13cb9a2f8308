import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { describe, test } from 'node:test'
import { Redis, TypeSafeCache, closeRedis, getRedis } from '../index.js'
import { runClient } from './support/bridge-child'
import { fakeServer, realServer } from './support/servers'

describe('a reply that is nested', () => {
  for (const protocol of [2, 3] as const) {
    test(`3 000 levels deep over RESP${protocol} is cut where it is too deep, and the process goes on`, async () => {
      await using server = await realServer()
      await using redis = new Redis({ url: server.url, protocol, commandTimeout: '1m' })
      const script = 'local reply = {} for _ = 1, tonumber(ARGV[1]) do reply = { reply } end return reply'
      let reply: any = await redis.command('EVAL', script, 0, 3000)
      let levels = 0
      for (; Array.isArray(reply); levels++) [reply] = reply
      assert.equal(levels, 512)
      assert.equal(reply.code, 'ERR_PROTOCOL')
      assert.equal(await redis.ping(), 'PONG')
    })
  }

  test('without end by a hostile peer is a typed error', async () => {
    await using peer = await fakeServer((socket) => socket.once('data', () => socket.write('*1\r\n'.repeat(20_000))))
    await assert.rejects(Redis.connect({ port: peer.port, connectTimeout: 500 }), { name: 'RedwrightError' })
  })
})

test('100 000 entries at once take no more than their share of memory', async () => {
  await using server = await realServer()
  const { reports } = await runClient(
    server.url,
    `const redis = await Redis.connect(url)
     const cache = new TypeSafeCache(redis, { timeoutMs: '1m' })
     await cache.setMany(Array.from({ length: 100_000 }, (_, i) => ['key ' + i, i]))
     report([process.resourceUsage().maxRSS / 1024, await cache.get('key 99999')])
     await redis.close()`,
  ).ended
  const [[megabytes, last]] = reports
  // 9 KB an entry, were all of them under way together, would be 900 MB.
  assert.ok(megabytes < 600, `${megabytes} MB`)
  assert.equal(last, 99999)
})

test("a request's one signal may end any number of calls, without a warning of a leak", async () => {
  await using server = await realServer()
  await using redis = new Redis(server.url)
  const cache = new TypeSafeCache(redis)
  const { signal } = new AbortController()
  const warnings: Error[] = []
  const note = (warning: Error) => warnings.push(warning)
  process.on('warning', note)
  const lookups = Array.from({ length: 20 }, (_, i) => cache.lookup(`k${i}`, { signal }))
  const loads = Array.from({ length: 20 }, (_, i) => cache.getOrSet(`l${i}`, () => i, { signal }))
  assert.ok(getEventListeners(signal, 'abort').length <= 1)
  assert.deepEqual(await Promise.all(loads), [...loads.keys()])
  await Promise.all(lookups)
  await new Promise(setImmediate)
  process.off('warning', note)
  assert.deepEqual(warnings, [])
  assert.equal(getEventListeners(signal, 'abort').length, 0)
})

test('getRedis makes a new client when somebody has closed the one there was', async () => {
  const first = getRedis()
  await first.close()
  assert.notEqual(getRedis(), first)
  await closeRedis()
})

test('embedded:// is refused in production when the client is made, not when it is used', () => {
  const before = process.env.NODE_ENV
  process.env.NODE_ENV = 'production'
  try {
    assert.throws(() => new Redis('embedded://'), /NODE_ENV=production/)
  } finally {
    if (before === undefined) delete process.env.NODE_ENV
    else process.env.NODE_ENV = before
  }
})

test('an integer that is too large for a number can be sent back as it came', async () => {
  await using server = await realServer()
  await using redis = new Redis(server.url)
  await redis.command('SET', 'counter', 2n ** 62n)
  const counter = await redis.command<bigint>('INCR', 'counter')
  assert.equal(counter, 2n ** 62n + 1n)
  assert.equal(await redis.command('SET', 'copy', counter), 'OK')
  assert.equal(await redis.command('INCR', 'copy'), counter + 1n)
})
