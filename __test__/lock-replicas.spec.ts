import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Redis } from '../index.js'
import { TestCluster } from './support/cluster'
import { everyWay, got, LONG, lockOf, namesOf, PATIENCE } from './support/lock-tools'
import { startReplicated } from './support/replicated'
import { TestSentinel } from './support/sentinel'
import { until } from './support/until'

/** Replicas that are there take no longer, on the slowest machine. */
const IN_TIME = { replicaTimeoutMs: 30_000 }

async function replicated(count: number) {
  const servers = await startReplicated(count)
  const redis = await Redis.connect({ url: servers.master.url, commandTimeout: '40s', breaker: false })
  return {
    ...servers,
    redis,
    [Symbol.asyncDispose]: async () => {
      await redis.close({ timeoutMs: 1 })
      await servers[Symbol.asyncDispose]()
    },
  }
}
const refused = { name: 'RedwrightError', code: 'ERR_UNAVAILABLE' }

describe('a lock that replicas are to have', () => {
  test('is given when they have it', async () => {
    await using _ = await replicated(2)
    for (const { what, acquire, key } of everyWay(_.redis)) {
      for (const [replicas, least] of [[1, 1], [2, 2], ['majority', 1], ['all', 2], [0, 0]] as const) {
        const lock = await got(acquire(LONG, { replicas, ...IN_TIME }))
        assert.ok(lock.replicas >= least && lock.replicas <= 2, `${what}: ${lock.replicas} of ${replicas}`)
        if (least === 2) for (const replica of _.replicas) assert.equal(await replica.ask(`EXISTS ${key}`), ':1\r\n')
        assert.equal(await lock.release(), 'released')
      }
    }
  })

  test('by the options of its class, and by withLock', async () => {
    await using _ = await replicated(1)
    const locks = lockOf(_.redis, { replicas: 'all', ...IN_TIME })
    assert.equal((await got(locks.acquire('a'))).replicas, 1)
    assert.equal(await locks.withLock('b', ({ replicas }) => replicas), 1)
    assert.equal((await got(locks.acquire('c', LONG, { replicas: 0 }))).replicas, 0)
  })

  test('is refused and undone when one of them is stopped', async () => {
    await using _ = await replicated(2)
    await (await got(lockOf(_.redis).acquire('r', LONG, { replicas: 'all', ...IN_TIME }))).release()
    _.replicas[1]!.kill('SIGSTOP')
    for (const { what, acquire, key } of everyWay(_.redis)) {
      for (const replicas of [2, 'all'] as const) {
        const begun = performance.now()
        await assert.rejects(acquire(LONG, { replicas, replicaTimeoutMs: 100 }), refused, what)
        assert.ok(performance.now() - begun < 5000)
        await until('it is undone', async () => (await _.redis.command('EXISTS', key)) === 0)
      }
      // The other one is there.
      const lock = await got(acquire(LONG, { replicas: 'majority', ...IN_TIME }))
      assert.equal(lock.replicas, 1)
      await lock.release()
    }
    _.replicas[1]!.kill('SIGCONT')
    const lock = await got(lockOf(_.redis).acquire('r', LONG, { replicas: 2, ...IN_TIME }))
    assert.equal(lock.replicas, 2)
  })

  test('is refused to whoever waits, at once, and to withLock, whose function does not run', async () => {
    await using _ = await replicated(1)
    const locks = lockOf(_.redis)
    _.replicas[0]!.kill('SIGSTOP')
    await assert.rejects(locks.acquire('r', LONG, { replicas: 1, replicaTimeoutMs: 100, waitMs: PATIENCE }), refused)
    await assert.rejects(locks.withLock('r', () => assert.fail(), { replicas: 1, replicaTimeoutMs: 100 }), refused)
    await until('it is undone', async () => !(await locks.inspect('r')).held)
  })

  test('is not given where there are no replicas', async () => {
    await using _ = await replicated(0)
    const locks = lockOf(_.redis)
    for (const replicas of [1, 'majority', 'all'] as const) await assert.rejects(locks.acquire('r', LONG, { replicas, replicaTimeoutMs: 100 }), refused)
  })

  test('is another’s at once, without a wait for replicas', async () => {
    await using _ = await replicated(1)
    const locks = lockOf(_.redis)
    const first = await got(locks.acquire('r', LONG))
    _.replicas[0]!.kill('SIGSTOP')
    const begun = performance.now()
    assert.equal(await locks.acquire('r', LONG, { replicas: 1, ...IN_TIME }), null)
    assert.ok(performance.now() - begun < 10_000)
    assert.equal((await locks.inspect('r')).token, first.token)
  })

  test('does not hold up what else is asked of the client, nor other locks', async () => {
    await using _ = await replicated(1)
    const locks = lockOf(_.redis)
    await (await got(locks.acquire('r', LONG, { replicas: 1, ...IN_TIME }))).release()
    _.replicas[0]!.kill('SIGSTOP')
    let isOver = false
    const waiting = locks.acquire('r', LONG, { replicas: 1, replicaTimeoutMs: 4000 }).finally(() => (isOver = true))
    const end = assert.rejects(waiting, refused)
    await until('it is taken', async () => (await _.redis.command('EXISTS', namesOf(locks, 'r').lock)) === 1)
    for (let i = 0; i < 50; i++) {
      await _.redis.command('PING')
      await (await got(locks.acquire('s', LONG))).release()
    }
    assert.equal(isOver, false, 'all of them were answered meanwhile')
    await end
  })
})

describe('where a replica takes over', () => {
  test('a lock that it had acknowledged is held still, under Sentinel', async () => {
    await using sentinel = await TestSentinel.start({ replicas: 1 })
    await using redis = await Redis.connect({ ...sentinel.options, commandTimeout: '30s', breaker: false })
    const locks = lockOf(redis)
    const lock = await got(locks.acquire('r', LONG, { replicas: 1, ...IN_TIME }))
    const before = await sentinel.master()
    await before.crash()
    await sentinel.untilMasterIsNot(before)
    assert.equal(await locks.acquire('r', LONG), null)
    assert.equal(await lock.extend(LONG), true)
    assert.equal(await lock.release(), 'released')
  })

  test('and in a cluster, of several in different slots too', async () => {
    await using cluster = await TestCluster.start()
    await using redis = await Redis.connect({ ...cluster.options, commandTimeout: '30s' })
    const locks = lockOf(redis)
    const lock = await got(locks.acquire(['a', 'b', 'c', 'd', 'e'], LONG, { replicas: 1, ...IN_TIME }))
    assert.equal(lock.replicas, 1)
    const primary = await cluster.owner(namesOf(locks, 'a').lock)
    const [replica] = await cluster.replicasOf(primary)
    await cluster.failover(replica!)
    for (const name of ['a', 'b', 'c', 'd', 'e']) assert.equal(await locks.acquire(name, LONG), null)
    assert.equal(await lock.release(), 'released')
  })
})
