import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { DistributedLock, Redis } from '../index.js'
import { onEveryBackend } from './support/backends'
import { fresh } from './support/cache-tools'
import { COMPARE_AND_DELETE, got, granted, LONG, PATIENCE } from './support/lock-tools'
import { realServer } from './support/servers'
import { until } from './support/until'

/** Compares and extends, as others publish it. */
const COMPARE_AND_EXTEND = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('pexpire', KEYS[1], ARGV[2]) else return 0 end"

onEveryBackend('a lock of the published snippets', (backend) => {
  let locks: DistributedLock
  before(() => (locks = new DistributedLock(backend.redis)))
  /** As the documentation of Redis has it: `SET resource token NX PX ttl`, and `null` where another holds it. */
  const take = (name: string, token: string, ttlMs = LONG) => backend.redis.command('SET', `lock:${name}`, token, 'NX', 'PX', String(ttlMs))
  const free = (name: string, token: string) => backend.redis.eval(COMPARE_AND_DELETE, [`lock:${name}`], [token])

  test('is respected, until it is given back', async () => {
    const [name, token] = [fresh(), randomUUID()]
    assert.equal(await take(name, token), 'OK')
    assert.equal(await locks.acquire(name, LONG), null)
    const { ttlMs, ...rest } = await locks.inspect(name)
    assert.deepEqual([rest, ttlMs > 0], [{ held: true, token, fencingToken: null }, true])
    await assert.rejects(locks.withLock(name, () => assert.fail(), { waitMs: 0 }), { code: 'ERR_BUSY' })
    assert.equal(await free(name, token), 1)
    await (await got(locks.acquire(name, LONG))).release()
  })

  test('is waited for until it has ended by itself', async () => {
    const name = fresh()
    await take(name, randomUUID(), 100)
    const lock = await got(locks.acquire(name, LONG, { waitMs: PATIENCE }))
    assert.equal((await locks.inspect(name)).token, lock.token)
  })

  test('that has no end is waited for, too', async () => {
    const [name, token] = [fresh(), randomUUID()]
    await backend.redis.command('SET', `lock:${name}`, token, 'NX')
    assert.equal(await locks.acquire(name, LONG), null)
    const waiting = locks.acquire(name, LONG, { waitMs: PATIENCE })
    await until('it stands in line', async () => (await backend.redis.command('EXISTS', `queue:{lock:${name}}`)) === 1)
    await free(name, token)
    await (await got(waiting)).release()
  })

  test('is released and extended with its token alone', async () => {
    const [name, token] = [fresh(), randomUUID()]
    await take(name, token)
    assert.equal(await locks.extend(name, token, 2 * LONG), true)
    assert.ok((await locks.inspect(name)).ttlMs > LONG)
    assert.deepEqual([await locks.release(name, token), await locks.release(name, token)], [true, false])
    assert.equal(await take(name, 'the next'), 'OK')
  })

  test('sees ours: the key, the token and the TTL are as it expects them', async () => {
    const name = fresh()
    const lock = await got(locks.acquire(name, LONG))
    assert.equal(await take(name, 'of another'), null)
    assert.equal(await backend.redis.command('GET', `lock:${name}`), lock.token)
    assert.equal(await free(name, 'of another'), 0)
    assert.equal(await backend.redis.eval(COMPARE_AND_EXTEND, [`lock:${name}`], [lock.token, '1000000']), 1)
    assert.ok((await locks.inspect(name)).ttlMs > LONG)
    assert.equal(await free(name, String(lock)), 1)
    assert.equal(await take(name, 'of another'), 'OK')
    assert.equal(await lock.release(), 'stolen')
    assert.equal(await backend.redis.command('GET', `lock:${name}`), 'of another')
  })

  test('with a TTL takes turns with ours', async () => {
    const name = fresh()
    for (let round = 0; round < 5; round++) {
      const lock = await granted(() => locks.acquire(name, LONG))
      assert.equal(await take(name, 'of another'), null)
      await lock.release()
      assert.equal(await take(name, 'of another', 20), 'OK')
    }
  })
})

describe('a lock without an end', () => {
  let redis: Redis
  let server: Awaited<ReturnType<typeof realServer>>
  before(async () => {
    server = await realServer()
    redis = await Redis.connect(server.url)
  })
  after(async () => {
    await redis.close()
    await server.stop()
  })

  test('says so when it is looked at, and when it is in the way', async () => {
    const locks = new DistributedLock(redis)
    await redis.command('SET', 'lock:r', 'for ever')
    const { held, token, ttlMs } = await locks.inspect('r')
    assert.deepEqual([held, token, ttlMs], [true, 'for ever', Infinity])
    await assert.rejects(locks.withLock('r', () => assert.fail(), { waitMs: 0 }), (error: any) => error.code === 'ERR_BUSY' && error.retryAfterMs === undefined)
  })
})
