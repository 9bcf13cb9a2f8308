import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, describe, test } from 'node:test'
import { Redis } from '../index.js'
import type { TestServer } from '../testing.js'
import { runClient, startWorker } from './support/bridge-child'
import { fresh } from './support/cache-tools'
import { abortOf, block, everyWay, got, granted, LONG, lockOf, passed, PATIENCE } from './support/lock-tools'
import { realServer } from './support/servers'

let server: TestServer
let redis: Redis
before(async () => {
  server = await realServer()
  redis = await Redis.connect(server.url)
})
after(async () => {
  await redis.close()
  await server.stop()
})

describe('on the first line after the event loop was blocked', () => {
  test('a lock that is not renewed knows that it is lost', async () => {
    for (const { what, acquire } of everyWay(redis)) {
      const lock = await granted(() => acquire(200))
      const early = lock.signal
      block(300)
      assert.deepEqual([lock.isValid(), lock.remainingMs(), lock.signal.aborted], [false, 0, true], what)
      assert.equal(early.aborted, true, 'it is the same signal')
      assert.deepEqual([lock.signal.reason.code, lock.signal.reason.reason], ['ERR_LOCK_LOST', 'expired'])
      assert.equal(await lock.release(), 'expired', what)
    }
  })

  test('a function under a lock that was not renewed is told so', async () => {
    const under = lockOf(redis).withLock(fresh(), () => block(300), { ttl: 200, renew: false })
    await assert.rejects(under, { code: 'ERR_LOCK_LOST', reason: 'expired' })
  })

  test('a lock that is renewed is held still', async () => {
    const here = lockOf(redis)
    const lock = await granted(() => here.acquire('r', 500, { renew: true }))
    block(1500)
    assert.deepEqual([lock.isValid(), lock.remainingMs() > 0, lock.signal.aborted], [true, true, false])
    assert.equal(await here.withLock('s', () => block(1000) ?? 'done', { ttl: 500 }), 'done')
    assert.equal(await lock.release(), 'released')
  })
})

describe('an event loop that is stuck', () => {
  test('loses its locks after loopStallLimitMs, and knows it when it goes on', async () => {
    const here = lockOf(redis, { loopStallLimitMs: 300 })
    const lock = await granted(() => here.acquire('r', 500, { renew: true }))
    block(2000)
    assert.deepEqual([lock.isValid(), lock.signal.reason.reason], [false, 'expired'])
  })

  test('loses those whose limit is over, and no others of the same thread', async () => {
    const [short, long] = [lockOf(redis, { loopStallLimitMs: 200 }), lockOf(redis, { loopStallLimitMs: PATIENCE })]
    const names = Array.from({ length: 6 }, (_, i) => String(i))
    const [lost, kept] = await Promise.all([short, long].map((from) => Promise.all(names.map((name) => granted(() => from.acquire(name, 600, { renew: true }))))))
    block(2500)
    assert.deepEqual([lost, kept].map((locks) => locks!.filter((lock) => lock.isValid()).length), [0, 6])
  })

  test('is no reason to stop while it comes round now and then', async () => {
    const here = lockOf(redis, { loopStallLimitMs: 900 })
    const lock = await granted(() => here.acquire('r', 900, { renew: true }))
    for (let i = 0; i < 5; i++) {
      block(350)
      await passed(1)
    }
    assert.equal(lock.isValid(), true)
    assert.equal(await lock.release(), 'released')
  })

  test('of a process does not keep others waiting for ever', async () => {
    const here = lockOf(redis)
    const child = runClient(
      server.url,
      `const lock = await new DistributedLock(await Redis.connect(url), { prefix: '${here.prefix}', loopStallLimitMs: 300 }).acquire('r', 500, { renew: true })
       process.stdout.write(JSON.stringify(lock.token) + '\\n', () => { for (;;); })`,
    )
    const token = await child.report
    assert.equal((await here.inspect('r')).token, token)
    const lock = await got(here.acquire('r', LONG, { waitMs: PATIENCE }))
    assert.notEqual(lock.token, token)
    child.process.kill('SIGKILL')
    await child.ended
  })

  test('of a worker is that worker’s alone', async () => {
    const here = lockOf(redis, { loopStallLimitMs: 300 })
    const own = await granted(() => here.acquire('own', 900, { renew: true }))
    const worker = startWorker(
      server.url,
      `await new DistributedLock(await Redis.connect(url), { prefix: '${here.prefix}', loopStallLimitMs: 300 }).acquire('r', 500, { renew: true })
       post('held')
       setTimeout(() => { for (;;); }, 50)`,
    )
    await once(worker, 'message')
    assert.equal(await here.acquire('r', LONG), null)
    await got(here.acquire('r', LONG, { waitMs: PATIENCE }))
    assert.equal(own.isValid(), true)
    await worker.terminate()
  })
})

describe('who has gone', () => {
  test('as a worker that was terminated holds nothing any longer than a TTL', async () => {
    const here = lockOf(redis)
    const worker = startWorker(server.url, `await new DistributedLock(await Redis.connect(url), { prefix: '${here.prefix}' }).acquire('r', 700, { renew: true }); post('held'); setInterval(() => {}, 1000)`)
    await once(worker, 'message')
    await passed(1000)
    assert.equal(await here.acquire('r', LONG), null, 'it is renewed')
    await worker.terminate()
    await got(here.acquire('r', LONG, { waitMs: PATIENCE }))
  })

  test('as a process that was killed holds nothing any longer than a TTL', async () => {
    const here = lockOf(redis)
    const child = runClient(server.url, `report((await new DistributedLock(await Redis.connect(url), { prefix: '${here.prefix}' }).acquire('r', 500, { renew: true })).token); setInterval(() => {}, 1000)`)
    await child.report
    child.process.kill('SIGKILL')
    await got(here.acquire('r', LONG, { waitMs: PATIENCE }))
    await child.ended
  })

  test('as a process that ends by itself is not held back by a lock', async () => {
    const child = runClient(server.url, `report((await new DistributedLock(await Redis.connect(url), { prefix: '${fresh()}' }).acquire('r', 600_000, { renew: true })).signal.aborted)`)
    const { code, reports, stderr } = await child.ended
    assert.deepEqual([code, reports, stderr], [0, [false], ''])
  })

  test('as a client that was closed holds its lock until the deadline, and says why it was lost', async () => {
    const gone = await Redis.connect(server.url)
    const lock = await granted(() => lockOf(gone).acquire('r', 600, { renew: true }))
    await gone.close()
    const reason = await abortOf(lock.signal)
    assert.equal(reason.code, 'ERR_LOCK_LOST')
    assert.deepEqual([lock.isValid(), await lock.release()], [false, 'unknown'])
  })
})
