import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type HeldLock, Redis, type RedisOptions } from '../index.js'
import { runClient } from './support/bridge-child'
import { MortalServer } from './support/client-server'
import { FaultProxy } from './support/fault-proxy'
import { abortOf, everyWay, granted, LONG, lockOf, passed } from './support/lock-tools'
import { realServer } from './support/servers'
import { until } from './support/until'

/** For clients in trouble. A breaker that opens would change what is tested. */
const TROUBLED: RedisOptions = { connectTimeout: 1000, reconnect: { minMs: 1, maxMs: 20 }, breaker: false }

/** The signal of a lock aborts at its deadline: not before, and as soon as a machine that is busy lets it. Gives the reason. */
async function abortedInTime(lock: HeldLock): Promise<any> {
  const deadline = performance.now() + lock.remainingMs()
  const reason = await abortOf(lock.signal)
  const late = performance.now() - deadline
  assert.ok(late > -5, `it aborted ${-late} ms before the deadline`)
  assert.ok(late < 1500, `it aborted ${late} ms behind the deadline`)
  assert.deepEqual([lock.isValid(), lock.remainingMs()], [false, 0])
  assert.equal(reason.code, 'ERR_LOCK_LOST')
  return reason
}

/** What hides a server, and shows it again. */
const FAULTS: Record<string, (proxy: FaultProxy) => () => unknown> = {
  'whose link is frozen': (proxy) => (proxy.freeze(), () => proxy.thaw()),
  'whose replies are lost': (proxy) => ((proxy.dropReplies = true), () => (proxy.dropReplies = false)),
  'that a router has forgotten': (proxy) => (proxy.refuse(), proxy.halfOpen(), () => proxy.accept()),
  'that refuses connections': (proxy) => (proxy.refuse(), proxy.reset(), () => proxy.accept()),
}

describe('the holder of a lock of a server', () => {
  for (const [what, fault] of Object.entries(FAULTS)) {
    test(`${what} learns at the deadline that it is lost, whatever a renewal does`, async () => {
      await using server = await realServer({ tcp: true })
      await using proxy = await FaultProxy.start(server)
      await using redis = await Redis.connect({ url: proxy.url, ...TROUBLED })
      const held = await Promise.all(everyWay(redis).map(({ acquire }) => granted(() => acquire(900, { renew: true }))))
      // Who has not looked at it until it was too late is told the same.
      const unseen = await granted(() => lockOf(redis).acquire('r', 900, { renew: true }))
      const heal = fault(proxy)
      for (const reason of await Promise.all(held.map(abortedInTime))) assert.equal(reason.reason, 'unreachable')
      await until('the last is over', () => unseen.remainingMs() === 0)
      assert.equal(unseen.signal.reason.reason, 'unreachable')
      await heal()
      const outcomes = await Promise.all(held.map((lock) => lock.release()))
      for (const outcome of outcomes) assert.ok(outcome === 'expired' || outcome === 'unknown' || outcome === 'released', outcome)
    })
  }

  test('that is stopped learns it at the deadline, and another has it when the server goes on', async () => {
    await using server = await MortalServer.start()
    await using redis = await Redis.connect({ url: server.url, ...TROUBLED })
    const here = lockOf(redis)
    const [renewed, plain] = [await granted(() => here.acquire('a', 900, { renew: true })), await granted(() => here.acquire('b', 900))]
    server.kill('SIGSTOP')
    const reasons = await Promise.all([abortedInTime(renewed), abortedInTime(plain)])
    assert.deepEqual(reasons.map(({ reason }) => reason), ['unreachable', 'expired'])
    server.kill('SIGCONT')
    // What was on its way may be executed now, and must not take the lock again for ever.
    await until('another has it', async () => (await here.acquire('a', LONG)) !== null)
  })

  test('is told the same where the function under it does not look', async () => {
    await using server = await realServer({ tcp: true })
    await using proxy = await FaultProxy.start(server)
    await using redis = await Redis.connect({ url: proxy.url, ...TROUBLED, commandTimeout: 1000 })
    const under = lockOf(redis).withLock('r', async (lock) => {
      proxy.freeze()
      await abortOf(lock.signal)
      proxy.thaw()
      return 'done'
    }, { ttl: 900 })
    await assert.rejects(under, { code: 'ERR_LOCK_LOST', reason: 'unreachable' })
  })

  test('is not ended by it, where nobody asks and nobody listens', async () => {
    await using server = await realServer({ tcp: true })
    await using proxy = await FaultProxy.start(server)
    const child = runClient(
      proxy.url,
      `const redis = await Redis.connect({ url, commandTimeout: 300, breaker: false })
       const locks = new DistributedLock(redis)
       const held = await Promise.all(['a', 'b', 'c'].map((name) => locks.acquire(name, 600, { renew: true })))
       held[0].signal
       report('held')
       setTimeout(async () => {
         report(held.map((lock) => lock.isValid()))
         await redis.close({ timeoutMs: 1 })
       }, 2000)`,
    )
    await child.report
    proxy.freeze()
    assert.deepEqual(await child.ended, { code: 0, reports: ['held', [false, false, false]], stderr: '' })
  })

  test('holds it still when the link comes back before the deadline', async () => {
    await using server = await realServer({ tcp: true })
    await using proxy = await FaultProxy.start(server)
    await using redis = await Redis.connect({ url: proxy.url, ...TROUBLED })
    const lock = await granted(() => lockOf(redis).acquire('r', 6000, { renew: true }))
    for (const fault of [FAULTS['whose link is frozen']!, FAULTS['that refuses connections']!]) {
      const heal = fault(proxy)
      // Longer than until a renewal is due.
      await until('a renewal is missing', () => lock.remainingMs() < 3000)
      await heal()
      await until('it is renewed', () => lock.remainingMs() > 4500)
    }
    assert.equal(lock.signal.aborted, false)
    assert.equal(await lock.release(), 'released')
  })

  test('does not lose it because the memory of the server is full', async () => {
    await using server = await realServer()
    await using redis = await Redis.connect({ url: server.url, breaker: false })
    const lock = await granted(() => lockOf(redis).acquire('r', 600, { renew: true }))
    await redis.command('CONFIG', 'SET', 'maxmemory', '1')
    await passed(1500)
    assert.deepEqual([lock.isValid(), lock.signal.aborted], [true, false])
    assert.equal(await lock.release(), 'released')
  })

  test('loses it to a server that has forgotten everything, and is told so', async () => {
    await using server = await MortalServer.start()
    await using redis = await Redis.connect({ url: server.url, ...TROUBLED })
    const locks = await Promise.all(everyWay(redis).map(({ acquire }) => granted(() => acquire(2000, { renew: true }))))
    await redis.command('FLUSHALL')
    for (const { reason } of await Promise.all(locks.map(({ signal }) => abortOf(signal)))) assert.equal(reason, 'expired')
    const again = await Promise.all(everyWay(redis).map(({ acquire }) => granted(() => acquire(2000, { renew: true }))))
    await server.crash()
    await server.start()
    for (const { reason } of await Promise.all(again.map(({ signal }) => abortOf(signal)))) assert.ok(reason === 'expired' || reason === 'unreachable', reason)
  })
})
