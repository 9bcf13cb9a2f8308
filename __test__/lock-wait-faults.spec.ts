import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { DistributedLock, Redis, type RedisOptions } from '../index.js'
import { MortalServer } from './support/client-server'
import { FaultProxy } from './support/fault-proxy'
import { got, inTurns, keysOf, LONG, lockOf, namesOf, passed, PATIENCE } from './support/lock-tools'
import { realServer } from './support/servers'
import { TestSentinel } from './support/sentinel'
import { until } from './support/until'

/** For clients in trouble. A breaker that opens would change what is tested. */
const TROUBLED: RedisOptions = { commandTimeout: '20s', connectTimeout: 1000, watchdogMs: 500, reconnect: { minMs: 1, maxMs: 20 }, breaker: false }

/** The end of a wait, which comes when it was wanted, and not much later. */
async function settled(waitMs: number, acquired: Promise<unknown>): Promise<any> {
  const begun = performance.now()
  const end = await acquired.catch((error) => error)
  const waited = performance.now() - begun
  assert.ok(waited < waitMs * 1.1 + 1000, `it waited ${waited} of ${waitMs} ms`)
  return end
}

describe('a wait for a lock of a server', () => {
  const faults: Record<string, (proxy: FaultProxy) => void> = {
    'that hangs': (proxy) => proxy.freeze(),
    'whose replies are lost': (proxy) => void (proxy.dropReplies = true),
    'that refuses connections': (proxy) => (proxy.refuse(), proxy.reset()),
  }
  for (const [what, fault] of Object.entries(faults)) {
    test(`${what} rejects when it is over, and leaves nothing when the server comes back`, async () => {
      await using server = await realServer({ tcp: true })
      await using proxy = await FaultProxy.start(server)
      await using redis = await Redis.connect({ url: proxy.url, ...TROUBLED })
      await using behind = await Redis.connect(server.url)
      const here = lockOf(redis)
      fault(proxy)
      for (const options of [{ waitMs: 700 }, { waitMs: 700, fair: true }]) {
        const error = await settled(700, here.acquire('r', LONG, options))
        assert.ok(['ERR_TIMEOUT', 'ERR_UNAVAILABLE'].includes(error?.code), String(error))
      }
      const under = await settled(300, here.withLock('r', () => assert.fail(), { waitMs: 300 }))
      assert.ok(['ERR_TIMEOUT', 'ERR_UNAVAILABLE'].includes(under?.code), String(under))
      proxy.dropReplies = false
      proxy.thaw()
      await proxy.accept()
      await until('nothing is left', async () => (await keysOf(behind, here)).every((key) => key.startsWith('fence')))
    })
  }

  test('that refuses what is asked rejects with what it says', async () => {
    await using server = await realServer()
    await using redis = await Redis.connect({ url: server.url, breaker: false })
    const here = lockOf(redis)
    await redis.command('REPLICAOF', '127.0.0.1', '1')
    const error = await settled(500, here.acquire('r', LONG, { waitMs: 500 }))
    assert.deepEqual([error?.code, error?.serverCode], ['ERR_SERVER', 'READONLY'])
    await redis.command('REPLICAOF', 'NO', 'ONE')
    await redis.command('CONFIG', 'SET', 'min-replicas-to-write', '1')
    assert.equal((await settled(500, here.acquire('r', LONG, { waitMs: 500 })))?.serverCode, 'NOREPLICAS')
  })

  test('that hung in between is given when it goes on', async () => {
    await using server = await MortalServer.start()
    await using redis = await Redis.connect({ url: server.url, ...TROUBLED })
    await using other = await Redis.connect({ url: server.url, ...TROUBLED })
    const here = lockOf(redis)
    const first = await got(lockOf(other, { prefix: here.prefix }).acquire('r', LONG))
    const waits = [here.acquire('r', LONG, { waitMs: PATIENCE }), here.acquire('r', LONG, { waitMs: PATIENCE, fair: true })]
    await until('they stand in line', async () => Number(await redis.command('ZCARD', namesOf(here, 'r').queue)) === 2)
    server.kill('SIGSTOP')
    await passed(800)
    server.kill('SIGCONT')
    await first.release()
    await inTurns(waits)
  })
})

describe('who waits', () => {
  const events: Record<string, (redis: Redis, server: MortalServer) => Promise<unknown>> = {
    'SCRIPT FLUSH': (redis) => redis.command('SCRIPT', 'FLUSH'),
    FLUSHALL: (redis) => redis.command('FLUSHALL'),
    'a restart of the server': async (_redis, server) => (await server.crash(), server.start()),
    'the end of all subscriptions': (_redis, server) => server.ask('CLIENT KILL TYPE pubsub'),
    'the end of all connections': (_redis, server) => server.ask('CLIENT KILL TYPE normal'),
  }
  for (const [what, happens] of Object.entries(events)) {
    test(`survives ${what}`, async () => {
      await using server = await MortalServer.start()
      await using redis = await Redis.connect({ url: server.url, ...TROUBLED })
      await using other = await Redis.connect({ url: server.url, ...TROUBLED })
      const here = lockOf(redis)
      const there = new DistributedLock(other, { prefix: here.prefix })
      const first = await got(there.acquire('r', LONG))
      const waits = Array.from({ length: 4 }, (_, i) => (i % 2 ? here : there).acquire('r', LONG, { waitMs: PATIENCE, fair: i > 1 }))
      await until('they stand in line', async () => Number(await redis.command('ZCARD', namesOf(here, 'r').queue)) === 4)
      await happens(redis, server)
      await first.release()
      await inTurns(waits)
      await until('no line is left', async () => (await keysOf(redis, here)).every((key) => key.startsWith('fence')))
    })
  }

  test('survives a failover', async () => {
    await using sentinel = await TestSentinel.start({ replicas: 1 })
    await using redis = await Redis.connect({ ...sentinel.options, ...TROUBLED })
    const here = lockOf(redis)
    const first = await got(here.acquire('r', LONG))
    const waiting = here.acquire('r', LONG, { waitMs: PATIENCE })
    await until('it stands in line', async () => Number(await redis.command('EXISTS', namesOf(here, 'r').queue)) === 1)
    await sentinel.failover()
    await first.release()
    const lock = await got(waiting)
    assert.ok(lock.fencingToken > first.fencingToken)
    assert.equal(await lock.release(), 'released')
  })
})
