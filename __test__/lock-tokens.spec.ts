import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type HeldLock, Redis } from '../index.js'
import { onEveryBackend } from './support/backends'
import { MortalServer } from './support/client-server'
import { FaultProxy } from './support/fault-proxy'
import { serverNow } from './support/limit-tools'
import { everyWay, got, livesOf, LONG, lockOf, namesOf, passed, readWriteLockOf, semaphoreOf } from './support/lock-tools'
import { realServer } from './support/servers'
import { TestSentinel } from './support/sentinel'
import { askAllBehind } from './support/servers-behind'
import { until } from './support/until'

const HOUR = 3_600_000

/** Each is greater than the one before it. */
function assertRising(locks: readonly HeldLock[]): void {
  for (const [i, { fencingToken }] of locks.entries()) {
    assert.ok(Number.isSafeInteger(fencingToken))
    if (i > 0) assert.ok(fencingToken > locks[i - 1]!.fencingToken, `${fencingToken} after ${locks[i - 1]!.fencingToken}`)
  }
}

onEveryBackend('fencing tokens', (backend) => {
  test('rise with each holder, however the one before has ended', async () => {
    const other = await backend.connect()
    for (const { what, acquire, key } of everyWay(backend.redis)) {
      const held: HeldLock[] = []
      for (let round = 0; round < 6; round++) {
        held.push(await got(acquire(LONG)))
        if (round % 2) assert.equal(await held.at(-1)!.release(), 'released', what)
        else await other.command(what === 'several' ? 'DEL' : 'PEXPIRE', key, ...(what === 'several' ? [] : ['1']))
        if (what === 'several') await held.at(-1)!.release()
        await until('it is over', async () => (await other.command('EXISTS', key)) === 0)
      }
      assertRising(held)
    }
  })

  test('begin with the clock of the server, and last longer than the lock', async () => {
    const [locks, permits, both] = [lockOf(backend.redis), semaphoreOf(backend.redis, { permits: 2 }), readWriteLockOf(backend.redis)]
    const begun = (await serverNow(backend.redis)) * 1000
    const held = await Promise.all([locks.acquire('r', LONG), permits.acquire('r', LONG), both.read('r', LONG)].map(got))
    const ended = ((await serverNow(backend.redis)) + 1) * 1000
    // The clocks of the nodes of a cluster are those of one machine.
    for (const { fencingToken } of held) assert.ok(fencingToken >= begun && fencingToken <= ended)
    const fences = [locks, permits, both].map((of) => namesOf(of, 'r').fence)
    for (const life of await livesOf(backend.redis, fences)) assert.ok(life > HOUR && life <= HOUR + LONG)
    for (const lock of held) assert.equal(await lock.extend(3 * HOUR), true)
    for (const life of await livesOf(backend.redis, fences)) assert.ok(life > 3 * HOUR && life <= 4 * HOUR)
  })

  test('rise behind one from a clock that was ahead, and go on from there', async () => {
    for (const { what, acquire, key } of everyWay(backend.redis)) {
      const ahead = ((await serverNow(backend.redis)) + HOUR) * 1000
      await backend.redis.command('SET', `fence:{${key}}`, String(ahead), 'PX', String(LONG))
      const tokens: number[] = []
      for (let round = 0; round < 3; round++) {
        const lock = await got(acquire(LONG))
        tokens.push(lock.fencingToken)
        await lock.release()
      }
      // In a cluster each slot gives a token of its own, of which the greatest is told to all.
      assert.deepEqual(tokens, [ahead + 1, ahead + 2, ahead + 3], what)
    }
  })

  test('of several are one, greater than that of each', async () => {
    const locks = lockOf(backend.redis)
    const names = ['a', 'b', 'c', 'd', 'e']
    const before = await Promise.all(names.map((name) => got(locks.acquire(name, LONG))))
    await Promise.all(before.map((lock) => lock.release()))
    const all = await got(locks.acquire(names, LONG))
    for (const one of before) assertRising([one, all])
    for (const name of names) assert.equal((await locks.inspect(name)).fencingToken, all.fencingToken, name)
    await all.release()
    for (const name of names) assertRising([all, await got(locks.acquire(name, LONG))])
  })

  test('rise over FLUSHALL', async () => {
    const locks = lockOf(backend.redis)
    const held: HeldLock[] = []
    for (let round = 0; round < 5; round++) {
      held.push(await got(locks.acquire('r', LONG)))
      await askAllBehind(backend.redis, 'FLUSHALL')
      // The clock of js-redis-server has no µs.
      if (!backend.real) await passed(2)
    }
    assertRising(held)
  })
})

describe('fencing tokens rise', () => {
  test('over a server that lost everything', async () => {
    await using server = await MortalServer.start()
    await using redis = await Redis.connect({ url: server.url, reconnect: { minMs: 1, maxMs: 20 }, breaker: false })
    const locks = lockOf(redis)
    const held = [await got(locks.acquire('r', LONG))]
    await server.crash()
    await server.start()
    held.push(await got(locks.acquire('r', LONG)))
    assertRising(held)
  })

  test('over a failover', async () => {
    await using sentinel = await TestSentinel.start({ replicas: 1 })
    await using redis = await Redis.connect({ ...sentinel.options, commandTimeout: '30s' })
    const locks = lockOf(redis)
    const held = [await got(locks.acquire('r', LONG))]
    await held[0]!.release()
    await sentinel.failover()
    held.push(await got(locks.acquire('r', LONG)))
    assertRising(held)
  })

  test('over a replica that had not heard of the last', async () => {
    await using master = await realServer({ tcp: true })
    await using replica = await realServer({ tcp: true })
    await using proxy = await FaultProxy.start(master)
    await using redis = await Redis.connect(master.url)
    await using promoted = await Redis.connect({ url: replica.url, breaker: false })
    const passwordOf = decodeURIComponent(new URL(master.url).password)
    if (passwordOf !== '') await promoted.command('CONFIG', 'SET', 'masterauth', passwordOf)
    await promoted.command('REPLICAOF', proxy.host, String(proxy.port))
    const locks = lockOf(redis)
    const held = [await got(locks.acquire('r', LONG))]
    await held[0]!.release()
    const { fence, lock } = namesOf(locks, 'r')
    await until('it is copied', async () => (await promoted.command('GET', fence)) === String(held[0]!.fencingToken))
    proxy.freeze()
    held.push(await got(locks.acquire('r', LONG)))
    await promoted.command('REPLICAOF', 'NO', 'ONE')
    assert.equal(await promoted.command('EXISTS', lock), 0, 'it has not heard of it')
    held.push(await got(lockOf(promoted, { prefix: locks.prefix }).acquire('r', LONG)))
    assertRising(held)
  })
})
