import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { DistributedLock, ReadWriteLock, Redis, Semaphore } from '../index.js'
import type { TestServer } from '../testing.js'
import { fresh } from './support/cache-tools'
import { realServer } from './support/servers'
import { until } from './support/until'

setFlagsFromString('--expose-gc')
const gc = runInNewContext('gc')

let server: TestServer
let other: Redis
before(async () => {
  server = await realServer()
  other = await Redis.connect(server.url)
})
after(async () => {
  await other.close()
  await server.stop()
})
const connections = async (name: string) => (await other.command<string>('CLIENT', 'LIST')).split('\n').filter((line) => line.includes(` name=${name} `)).length

describe('locks over embedded://', () => {
  test('can be asked for before the server stands, and by several at once', async () => {
    const redis = new Redis('embedded://')
    const locks = new DistributedLock(redis)
    const locked = await Promise.all([locks.acquire('r'), locks.acquire('r'), locks.acquire('r')])
    const [one, ...others] = locked.filter((lock) => lock !== null)
    assert.deepEqual(others, [])
    assert.equal((await locks.inspect('r')).token, one!.token)
    assert.equal(await one!.release(), 'released')
    await redis.close()
  })

  test('end the wait for the server with the signal of the caller, and with the client', async () => {
    const redis = new Redis('embedded://')
    const locks = new DistributedLock(redis)
    const controller = new AbortController()
    const waiting = locks.acquire('r', 1000, { signal: controller.signal })
    controller.abort('enough')
    await assert.rejects(waiting, (reason) => reason === 'enough')
    const closing = redis.close()
    await assert.rejects(locks.acquire('r'), { code: 'ERR_CLOSED' })
    await assert.rejects(locks.withLock('r', () => assert.fail()), { code: 'ERR_CLOSED' })
    await closing
  })
})

describe('a client that is closed', () => {
  test('gives no lock; what was held is not known to be given back', async () => {
    const redis = await Redis.connect(server.url)
    const locks = new DistributedLock(redis, { prefix: fresh('lock') })
    const lock = await locks.acquire('r', '1m', { renew: true })
    await redis.close()
    await assert.rejects(locks.acquire('r'), { code: 'ERR_CLOSED' })
    assert.equal(await lock!.release(), 'unknown')
    await assert.rejects(locks.release('r', lock!), { code: 'ERR_CLOSED' })
    await assert.rejects(locks.release('r', lock!.token), { code: 'ERR_CLOSED' })
    assert.equal(lock!.isValid(), false)
  })
})

describe('the client that waits for replicas', () => {
  test('is made when it is needed, one for all locks over a client, and is closed with that', async () => {
    const name = fresh('beside')
    const redis = await Redis.connect({ url: server.url, connectionName: name, breaker: false })
    const made = Array.from({ length: 20 }, () => [new DistributedLock(redis), new Semaphore(redis, { permits: 1 }), new ReadWriteLock(redis)] as const)
    assert.equal(await connections(name), 1)
    const listeners = redis.listenerCount('close')
    for (const [locks, permits, sides] of made) {
      // There is no replica.
      for (const ask of [locks.acquire, permits.acquire, sides.write].map((method, i) => method.bind([locks, permits, sides][i] as any))) {
        await assert.rejects(ask(fresh('r'), 1000, { replicas: 1, replicaTimeoutMs: 1 }), { code: 'ERR_UNAVAILABLE' })
      }
    }
    assert.equal(redis.listenerCount('close'), listeners + 1)
    assert.equal(await connections(name), 2)
    await redis.close()
    await until('both are gone', async () => (await connections(name)) === 0)
    await assert.rejects(made[0]![0].acquire('r', 1000, { replicas: 1 }), { code: 'ERR_CLOSED' })
    await assert.rejects(new DistributedLock(redis).acquire('r', 1000, { replicas: 1 }), { code: 'ERR_CLOSED' })
  })
})

describe('whoever listens to a lock', () => {
  test('is told that it is lost although nobody holds the lock, its class and its client', async () => {
    const prefix = fresh('lock')
    let told = ''
    await (async () => {
      const lock = await new DistributedLock(await Redis.connect(server.url), { prefix }).acquire('r', 600, { renew: true })
      lock!.signal.addEventListener('abort', function (this: AbortSignal) {
        told = this.reason.reason
      })
    })()
    for (let i = 0; i < 5; i++) {
      gc()
      await new Promise(setImmediate)
    }
    await other.command('SET', `${prefix}:r`, 'thief')
    await until('it is told', () => told !== '')
    assert.equal(told, 'stolen')
    assert.equal(await other.command('GET', `${prefix}:r`), 'thief')
  })

  test('is not told when the lock was given back', async () => {
    const locks = new DistributedLock(other, { prefix: fresh('lock') })
    const lock = await locks.acquire('r', 100, { renew: true })
    const { signal } = lock!
    assert.equal(await lock!.release(), 'released')
    await new Promise((resolve) => setTimeout(resolve, 200))
    assert.equal(signal.aborted, false)
    assert.deepEqual(locks.metrics(), { acquired: 1, busy: 0, released: 1, lost: 0, held: 0 })
  })
})

test('a lock of another program is shown as it is, with neither end nor fence', async () => {
  const prefix = fresh('lock')
  const locks = new DistributedLock(other, { prefix })
  await other.command('SET', `${prefix}:r`, 'theirs')
  assert.deepEqual(await locks.inspect('r'), { held: true, token: 'theirs', ttlMs: Infinity, fencingToken: null })
  assert.equal(await locks.acquire('r'), null)
  assert.equal(await locks.release('r', 'theirs'), true)
  assert.deepEqual(await locks.inspect('r'), { held: false, token: null, ttlMs: 0, fencingToken: null })
})
