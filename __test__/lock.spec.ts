import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import type { DistributedLock } from '../index.js'
import { onEveryBackend } from './support/backends'
import { fresh } from './support/cache-tools'
import { got, granted, keysOf, livesOf, LONG, lockOf, namesOf, passed, PATIENCE } from './support/lock-tools'
import { until } from './support/until'

onEveryBackend('a lock', (backend) => {
  let locks: DistributedLock & { prefix: string }
  let others: DistributedLock
  before(async () => {
    locks = lockOf(backend.redis)
    others = lockOf(await backend.connect(), { prefix: locks.prefix })
  })
  const pttl = async (name: string) => Number(await backend.redis.command('PTTL', namesOf(locks, name).lock))
  const put = (name: string, token: string) => backend.redis.command('SET', namesOf(locks, name).lock, token, 'PX', String(LONG))

  test('is one holder’s at a time, and the next one’s when it was given back', async () => {
    const name = fresh()
    const lock = await got(locks.acquire(name, LONG))
    assert.deepEqual([lock.isValid(), lock.signal.aborted, lock.resource], [true, false, name])
    assert.equal(await locks.acquire(name, LONG), null, 'the same object')
    assert.equal(await others.acquire(name, LONG), null, 'another client')
    assert.equal(await lock.release(), 'released')
    const next = await got(others.acquire(name, LONG))
    assert.equal(await locks.acquire(name, LONG), null)
    assert.equal(await next.release(), 'released')
  })

  test('is given to one of many who ask at once', async () => {
    const name = fresh()
    const asked = await Promise.all(Array.from({ length: 40 }, (_, i) => (i % 2 ? locks : others).acquire(name, LONG)))
    const given = asked.filter((lock) => lock !== null)
    assert.equal(given.length, 1)
    assert.equal((await locks.inspect(name)).token, given[0]!.token)
  })

  test('lives for milliseconds, and no longer', async () => {
    const name = fresh()
    let begun = 0
    const lock = await granted(() => {
      begun = performance.now()
      return locks.acquire(name, 150)
    })
    assert.ok(lock.remainingMs() <= 150 - 3.5, 'it counts on less than the server gives')
    assert.ok((await pttl(name)) <= 150)
    await until('it ends', async () => (await others.acquire(name, 150)) !== null)
    // The server counts whole ms, of a clock of its own.
    assert.ok(performance.now() - begun > 145, `it ended after ${performance.now() - begun} ms`)
    assert.deepEqual([lock.isValid(), lock.remainingMs(), lock.signal.aborted], [false, 0, true])
  })

  test('of 1 ms is not left behind', async () => {
    const name = fresh()
    // As a rule its time is over when the answer comes.
    const lock = await locks.acquire(name, 1).catch((error) => assert.equal(error.code, 'ERR_TIMEOUT'))
    assert.ok(!lock || lock.remainingMs() <= 0.5)
    await until('it is over', async () => (await pttl(name)) === -2)
  })

  test('says truly what became of its release', async () => {
    const [released, expired, stolen] = [fresh(), fresh(), fresh()]
    assert.equal(await (await got(locks.acquire(released, LONG))).release(), 'released')
    const over = await got(locks.acquire(expired, LONG))
    await backend.redis.command('PEXPIRE', namesOf(locks, expired).lock, '1')
    await until('it is over', async () => (await pttl(expired)) === -2)
    assert.equal(await over.release(), 'expired')
    const robbed = await got(locks.acquire(stolen, LONG))
    await put(stolen, 'of another')
    assert.equal(await robbed.release(), 'stolen')
    assert.equal((await locks.inspect(stolen)).token, 'of another', 'which is left alone')
  })

  test('is given back once, whoever asks how often', async () => {
    const name = fresh()
    const lock = await got(locks.acquire(name, LONG))
    assert.deepEqual(await Promise.all([lock.release(), lock.release(), locks.release(name, lock)]), ['released', 'released', false])
    const next = await got(others.acquire(name, LONG))
    assert.equal(await lock.release(), 'released', 'as it was')
    assert.deepEqual([await locks.release(name, lock), await locks.release(name, lock.token)], [false, false])
    assert.equal((await locks.inspect(name)).token, next.token)
    assert.equal(await locks.release(name, next.token), true, 'by the token alone, of any process')
  })

  test('lives longer or shorter as it is extended', async () => {
    const name = fresh()
    const lock = await got(locks.acquire(name, 60_000))
    assert.equal(await lock.extend(LONG), true)
    assert.ok((await pttl(name)) > 60_000 && lock.remainingMs() > 60_000)
    assert.equal(await locks.extend(name, lock.token, LONG), true)
    assert.equal(await locks.extend(name, 'of another', 1), false)
    assert.ok((await pttl(name)) > 60_000)
    assert.equal(await lock.extend(40), true)
    assert.ok(lock.remainingMs() <= 40)
    await until('it ends', async () => (await others.acquire(name, LONG)) !== null)
    assert.deepEqual([await lock.extend(LONG), lock.isValid(), lock.signal.aborted], [false, false, true])
  })

  test('is not extended once it is another’s, nobody’s, or given back', async () => {
    const [stolen, gone, back] = [fresh(), fresh(), fresh()]
    const [robbed, lost, released] = await Promise.all([stolen, gone, back].map((name) => got(locks.acquire(name, LONG))))
    await put(stolen, 'of another')
    await backend.redis.command('DEL', namesOf(locks, gone).lock)
    await released!.release()
    assert.deepEqual(await Promise.all([robbed, lost, released].map((lock) => lock!.extend(LONG))), [false, false, false])
    assert.deepEqual([robbed!.signal.reason.reason, lost!.signal.reason.reason, released!.signal.aborted], ['stolen', 'expired', false])
    assert.equal(await pttl(gone), -2, 'it is not made again')
    assert.equal((await locks.inspect(stolen)).token, 'of another')
  })

  test('is looked at by anybody', async () => {
    const name = fresh()
    const free = { held: false, token: null, ttlMs: 0, fencingToken: null }
    assert.deepEqual(await others.inspect(name), free)
    const lock = await got(locks.acquire(name, LONG))
    const { ttlMs, ...rest } = await others.inspect(name)
    assert.deepEqual(rest, { held: true, token: lock.token, fencingToken: lock.fencingToken })
    assert.ok(ttlMs > 0 && ttlMs <= LONG)
    await lock.release()
    assert.deepEqual(await others.inspect(name), free)
  })

  test('leaves nothing behind but its fence, which ends too', async () => {
    const here = lockOf(backend.redis)
    const lock = await got(here.acquire('r', LONG))
    const leaving = new AbortController()
    const waiting = here.acquire('r', LONG, { waitMs: PATIENCE, signal: leaving.signal })
    waiting.catch(() => {})
    await until('somebody stands in line', async () => (await keysOf(backend.redis, here)).length === 4)
    for (const life of await livesOf(backend.redis, await keysOf(backend.redis, here))) assert.ok(life > 0, String(life))
    leaving.abort()
    await assert.rejects(waiting, { name: 'AbortError' })
    await lock.release()
    await until('the line is gone', async () => (await keysOf(backend.redis, here)).length === 1)
    assert.deepEqual(await keysOf(backend.redis, here), [namesOf(here, 'r').fence])
  })

  test('runs functions one after the other', async () => {
    const name = fresh()
    let [inside, runs] = [0, 0]
    const work = async () => {
      assert.equal(++inside, 1)
      await passed(1)
      inside--
      runs++
    }
    await Promise.all(Array.from({ length: 8 }, (_, i) => (i % 2 ? locks : others).withLock(name, work, { ttl: LONG, waitMs: PATIENCE })))
    assert.equal(runs, 8)
    assert.equal((await locks.inspect(name)).held, false)
  })
})
