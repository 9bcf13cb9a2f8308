import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Redis, type HeldLock } from '../index.js'
import { onEveryBackend } from './support/backends'
import { sentBy } from './support/cache-tools'
import { MortalServer } from './support/client-server'
import { got, LONG, lockOf, namesOf, PATIENCE, readWriteLockOf, semaphoreOf } from './support/lock-tools'
import { until } from './support/until'

// What is asked for, or given back, in one turn of the event loop crosses together, and nobody sees that it does.

const names = Array.from({ length: 65 }, (_, i) => `resource ${i}`)
const releaseAll = (locks: readonly (HeldLock | null)[]) => Promise.all(locks.map((lock) => lock?.release()))

onEveryBackend('locks of one turn', (backend) => {
  test('are each given to who asks first, and given back', async () => {
    const locks = lockOf(backend.redis)
    for (let round = 0; round < 3; round++) {
      const asked = await Promise.all([...names, ...names].map((name) => locks.acquire(name, LONG)))
      const [first, second] = [asked.slice(0, names.length), asked.slice(names.length)]
      assert.deepEqual(first.map((lock) => lock?.resource), names)
      assert.deepEqual(second, names.map(() => null))
      assert.equal(new Set(first.map((lock) => lock!.token)).size, names.length)
      for (const lock of first) assert.equal(await backend.redis.command('GET', namesOf(locks, lock!.resource).lock), lock!.token)
      assert.deepEqual(await releaseAll(first), names.map(() => 'released'))
    }
    assert.deepEqual(locks.metrics(), { acquired: 3 * names.length, busy: 3 * names.length, released: 3 * names.length, lost: 0, held: 0 })
  })

  test('tell truly what became of those that were not held any more', async () => {
    const locks = lockOf(backend.redis)
    const held = await Promise.all(names.slice(0, 9).map((name) => got(locks.acquire(name, LONG))))
    for (const [i, lock] of held.entries()) {
      const key = namesOf(locks, lock.resource).lock
      if (i % 3 === 1) await backend.redis.command('DEL', key)
      if (i % 3 === 2) await backend.redis.command('SET', key, 'another', 'PX', LONG)
    }
    assert.deepEqual(await releaseAll(held), held.map((_, i) => (['released', 'expired', 'stolen'] as const)[i % 3]))
  })

  test('renewed or not, for as long as each was asked for', async () => {
    const locks = lockOf(backend.redis)
    const spans = [1, 2, 3, 4].map((times) => times * LONG)
    const held = await Promise.all(spans.map((ms, i) => got(locks.acquire(names[i]!, ms, { renew: i % 2 === 1, maxHoldMs: 10 * LONG }))))
    for (const [i, lock] of held.entries()) assert.ok(lock.remainingMs() <= spans[i]! && lock.remainingMs() > 0, `${spans[i]} ms, and ${lock.remainingMs()} left`)
    const lives = await Promise.all(held.map((lock) => backend.redis.command<number>('PTTL', namesOf(locks, lock.resource).lock)))
    for (const [i, life] of lives.entries()) assert.ok(life <= spans[i]! && life > 0)
    await releaseAll(held)
  })

  test('permits: as many as there are; readers: all of them; a writer: none beside them', async () => {
    const [permits, both] = [semaphoreOf(backend.redis, { permits: 5 }), readWriteLockOf(backend.redis)]
    const given = await Promise.all(names.map(() => permits.acquire('r', LONG)))
    assert.equal(given.filter((permit) => permit !== null).length, 5)
    const readers = await Promise.all(names.map(() => both.read('r', LONG)))
    assert.ok(readers.every((reader) => reader !== null))
    assert.deepEqual(await Promise.all([both.write('r', LONG), both.write('r', LONG)]), [null, null])
    await releaseAll([...given, ...readers])
    assert.equal((await got(both.write('r', LONG))).isValid(), true)
  })

  test('of one resource, given back and asked for: in that order, however many others are asked for between', async () => {
    const locks = lockOf(backend.redis)
    for (const others of [0, 1, 30, 31, 32, 63]) {
      const held = await got(locks.acquire('a', LONG))
      const asked = [backend.redis.command('PING'), held.release(), ...names.slice(0, others).map((name) => locks.acquire(name, LONG)), locks.acquire('a', LONG)]
      const [, outcome, ...given] = (await Promise.all(asked)) as [string, string, ...(HeldLock | null)[]]
      assert.equal(outcome, 'released')
      assert.ok(given.every((lock) => lock !== null), `behind ${others} others`)
      await releaseAll(given)
    }
  })

  test('are not held any more as soon as they are given back', async () => {
    const locks = lockOf(backend.redis)
    const held = await Promise.all(names.map((name) => got(locks.acquire(name, LONG))))
    const released = [backend.redis.command('PING'), releaseAll(held)]
    assert.equal(locks.metrics().held, 0)
    await Promise.all(released)
  })

  test('too many for a client: each that is refused says so, and none that is given back stays', async () => {
    const redis = await backend.connect({ maxPending: 10 })
    const locks = lockOf(redis)
    const told = await Promise.all(names.map((name) => locks.acquire(name, LONG).catch(({ code }) => code as string)))
    const held = told.filter((one) => typeof one !== 'string')
    // The first of the turn leaves before the others, and may have made room for some of them.
    assert.ok(held.length >= 10 && held.length <= 30, `${held.length} held`)
    assert.deepEqual(new Set(told.filter((one) => typeof one === 'string')), new Set(['ERR_BUSY']))
    for (const name of names.slice(30)) held.push(await locks.acquire(name, LONG))
    const outcomes = await releaseAll(held)
    assert.deepEqual(new Set(outcomes), new Set(['released', 'unknown']))
    assert.equal(locks.metrics().held, 0)
    const { redis: other } = backend
    for (const name of names) await until('it is given back', async () => (await other.command('EXISTS', namesOf(locks, name).lock)) === 0)
  })

  test('that come while their client closes are each answered', async () => {
    const redis = await backend.connect()
    const locks = lockOf(redis)
    const before = names.slice(0, 5).map((name) => locks.acquire(name, PATIENCE))
    const closed = redis.close()
    const behind = names.slice(5, 8).map((name) => locks.acquire(name, PATIENCE).catch(({ code }) => code))
    assert.ok((await Promise.all(before)).every((lock) => lock !== null))
    assert.deepEqual(await Promise.all(behind), ['ERR_CLOSED', 'ERR_CLOSED', 'ERR_CLOSED'])
    await closed
  })
})

describe('locks of one turn, on one server', () => {
  let server: MortalServer
  before(async () => void (server = await MortalServer.start()))
  after(() => server[Symbol.asyncDispose]())
  const connect = (options: object = {}) => Redis.connect({ url: server.url, commandTimeout: '30s', ...options })

  test('are one script for up to 32 behind the first, and so is their release', async () => {
    await using redis = await connect()
    const locks = lockOf(redis)
    const round = async () => releaseAll(await Promise.all(names.map((name) => locks.acquire(name, LONG))))
    await round()
    const { evalsha = 0, eval: texts = 0 } = await sentBy(redis, round)
    assert.equal(texts, 0)
    // The first may still have been there when the next came.
    assert.ok(evalsha >= 4 && evalsha <= 6, `${evalsha} scripts`)
  })

  test('of a server that hangs are each told so in time, and given back when it goes on', async () => {
    await using redis = await connect({ commandTimeout: 200, breaker: false })
    await using direct = await connect()
    const locks = lockOf(redis)
    const ask = () => Promise.all(names.map((name) => locks.acquire(name, LONG).catch(({ code, maybeExecuted }) => ({ code, maybeExecuted }))))
    const isHeld = (told: object | null): told is HeldLock => told !== null && 'token' in told
    await until('the script is known', async () => {
      const told = await ask()
      await releaseAll(told.filter(isHeld))
      return told.every(isHeld)
    })
    server.kill('SIGSTOP')
    try {
      assert.deepEqual(await ask(), names.map(() => ({ code: 'ERR_TIMEOUT', maybeExecuted: true })))
    } finally {
      server.kill('SIGCONT')
    }
    const isFree = async (name: string) => (await direct.command('EXISTS', namesOf(locks, name).lock)) === 0
    await until('all are given back', async () => (await Promise.all(names.map(isFree))).every(Boolean))
    assert.equal(locks.metrics().held, 0)
  })

  test('of an open circuit are each refused; those that are held are given back all the same', async () => {
    await using redis = await connect({ commandTimeout: 100, breaker: { openMs: 60_000 } })
    await using direct = await connect()
    const locks = lockOf(redis)
    let held: (HeldLock | null)[] = []
    await until('they are held', async () => {
      held = await Promise.all(names.map((name, i) => held[i] ?? locks.acquire(name, LONG).catch(() => null)))
      return held.every((lock) => lock !== null)
    })
    server.kill('SIGSTOP')
    try {
      await until('the circuit is open', async () => (await redis.command('PING').catch(() => {}), redis.metrics().breaker.state === 'open'))
      const told = await Promise.all(names.map((name) => locks.acquire(`${name} too`, LONG).catch(({ code }) => code)))
      assert.deepEqual(told, names.map(() => 'ERR_CIRCUIT_OPEN'))
      assert.deepEqual(await releaseAll(held), names.map(() => 'unknown'))
    } finally {
      server.kill('SIGCONT')
    }
    const isFree = async (name: string) => (await direct.command('EXISTS', namesOf(locks, name).lock)) === 0
    await until('all are given back', async () => (await Promise.all(names.map(isFree))).every(Boolean))
  })
})
