import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type DistributedLock, type HeldLock, Redis } from '../index.js'
import type { TestServer } from '../testing.js'
import { runClient } from './support/bridge-child'
import { FaultProxy } from './support/fault-proxy'
import { amid, LOST, STEPS } from './support/lock-amid'
import { type ScriptName, SCRIPTS } from './support/lock-scripts'
import { got, inTurns, keysOf, LONG, lockOf, namesOf, PATIENCE } from './support/lock-tools'
import { halt } from './support/machine'
import { Mailbox } from './support/mailbox'
import { realServer } from './support/servers'
import { until } from './support/until'

const HOUR = 3_600_000
/** For how long one who waits has a lock before he asks for his TTL. */
const AT_FIRST = 3000

type Locks = DistributedLock & { prefix: string }

const queued = async (redis: Redis, locks: Locks) => Number(await redis.command('ZCARD', namesOf(locks, 'r').queue))
const stand = (redis: Redis, locks: Locks, count: number) => until('they stand in line', async () => (await queued(redis, locks)) === count)

describe('a lock that is given back is handed to who waits', () => {
  let server: TestServer
  let redis: Redis
  before(async () => {
    server = await realServer()
    redis = await Redis.connect(server.url)
    // So that whoever stands in line can be told.
    await Mailbox.of(redis)
  })
  after(async () => {
    await redis.close()
    await server.stop()
  })
  const holderOf = (locks: Locks) => redis.command('GET', namesOf(locks, 'r').lock)

  test('before he knows, for no longer than he would have stood in line', async () => {
    const locks = lockOf(redis)
    const first = await got(locks.acquire('r', LONG))
    const waiter = runClient(
      server.url,
      `const redis = await Redis.connect(url)
       const lock = await new DistributedLock(redis, { prefix: '${locks.prefix}' }).acquire('r', ${LONG}, { waitMs: 60_000 })
       report([lock.token, lock.isValid(), lock.fencingToken, await lock.release()])
       await redis.close()`,
    )
    await stand(redis, locks, 1)
    await halt(waiter.process)
    // On a machine that stands still he may not have been heard of for too long.
    const { lock, queue, waiting } = namesOf(locks, 'r')
    const [member] = (await redis.command('ZRANGE', queue, '0', '0')) as unknown as [string]
    const [seconds] = (await redis.command('TIME')) as unknown as [string]
    await redis.command('ZADD', waiting, String((Number(seconds) + 2) * 1000), member)
    await first.release()
    const [token, life] = [await holderOf(locks), Number(await redis.command('PTTL', lock))]
    assert.ok(token === null || member.endsWith(`:${String(token)}`), `${token} is not of ${member}`)
    assert.ok(life <= AT_FIRST, `it is his for ${life} ms`)
    waiter.process.kill('SIGCONT')
    const [own, isValid, fence, outcome] = (await waiter.report) as any
    assert.deepEqual([isValid, outcome], [true, 'released'])
    assert.ok(fence > first.fencingToken && member.endsWith(`:${own}`))
    await waiter.ended
  })

  test('and is his for all of his time a moment later', async () => {
    const locks = lockOf(redis)
    for (const options of [{}, { fair: true }, { renew: true }, { renew: true, maxHoldMs: HOUR }]) {
      const first = await got(locks.acquire('r', LONG))
      const waiting = locks.acquire('r', LONG, { waitMs: PATIENCE, ...options })
      await stand(redis, locks, 1)
      await first.release()
      const lock = await got(waiting)
      assert.deepEqual([lock.isValid(), lock.signal.aborted, lock.fencingToken > first.fencingToken], [true, false, true])
      await until('it has all of its time', () => lock.remainingMs() > LONG / 2)
      const { lock: key, fence } = namesOf(locks, 'r')
      assert.ok(Number(await redis.command('PTTL', key)) > LONG / 2)
      assert.ok(Number(await redis.command('PTTL', fence)) > HOUR)
      assert.equal(await lock.release(), 'released')
      assert.equal(await holderOf(locks), null)
    }
  })

  test('also for a time that is shorter than his place in line', async () => {
    const locks = lockOf(redis)
    const first = await got(locks.acquire('r', LONG))
    const waiting = locks.acquire('r', 500, { waitMs: PATIENCE })
    await stand(redis, locks, 1)
    await first.release()
    const lock = await got(waiting)
    assert.ok(lock.remainingMs() <= 500)
    assert.notEqual(await lock.release(), 'stolen')
  })

  test('but not by what somebody else says', async () => {
    const locks = lockOf(redis)
    const first = await got(locks.acquire('r', LONG))
    let given: HeldLock | null | undefined
    const waiting = locks.acquire('r', LONG, { waitMs: PATIENCE }).then((lock) => (given = lock))
    await stand(redis, locks, 1)
    const { queue, waiting: alive } = namesOf(locks, 'r')
    const [member] = (await redis.command('ZRANGE', queue, '0', '0')) as unknown as [string]
    const [inbox, word] = member.split('/g') as [string, string]
    const heardOf = async () => Number(await redis.command('ZSCORE', alive, member))
    // What an older grant may say that was long on its way, and what anybody may.
    for (const note of ['1795000000000000 1', '1795000000000000 99999999999999', '1 -1', '1', '', ' ', 'a b', '1 2 3', '9'.repeat(400)]) {
      const before = await heardOf()
      await redis.command('PUBLISH', `redwright:wake:${inbox}`, `${word} ${note}`)
      await until('he asks', async () => (await heardOf()) > before)
    }
    assert.equal(given, undefined)
    assert.deepEqual([first.isValid(), await holderOf(locks)], [true, first.token])
    await first.release()
    await waiting
    assert.equal(await given!.release(), 'released')
  })

  test('once, though it is given back twice in a call', async () => {
    const inbox = (await Mailbox.of(redis)).address
    const run = (script: ScriptName, keys: string[], ...args: (string | number)[]) => redis.eval(SCRIPTS[script], keys, args) as Promise<any>
    for (const isHeld of [true, false]) {
      const locks = lockOf(redis)
      const { lock, fence, queue, waiting } = namesOf(locks, 'r')
      const keys = [lock, fence, queue, waiting]
      const [, token] = await run('TAKE', [lock, fence], LONG, LONG + HOUR, 'first')
      for (const name of ['one', 'two']) await run('QUEUE_UP', keys, LONG + HOUR, name, LONG, `${inbox}/g${LONG}:${LONG + HOUR}:${name}`, AT_FIRST, 0)
      if (!isHeld) await redis.command('DEL', lock)
      assert.deepEqual(await run('FREE', [...keys, ...keys], 'first', 'first'), isHeld ? [1, 0] : [0, 0])
      assert.deepEqual([await holderOf(locks), await queued(redis, locks)], ['one', 1])
      assert.ok(Number(await redis.command('GET', fence)) > token)
      assert.deepEqual(await run('LEAVE', keys, 'none', 'one'), [1])
      assert.deepEqual([await holderOf(locks), await queued(redis, locks)], ['two', 0])
    }
  })

  test('and to the next where he has given up', async () => {
    const locks = lockOf(redis)
    for (let round = 0; round < 20; round++) {
      const first = await got(locks.acquire('r', LONG))
      const leaving = new AbortController()
      const early = locks.acquire('r', LONG, { waitMs: PATIENCE, signal: leaving.signal }).catch(() => null)
      await stand(redis, locks, 1)
      const late = locks.acquire('r', LONG, { waitMs: PATIENCE })
      await stand(redis, locks, 2)
      const released = first.release()
      leaving.abort()
      await Promise.all([released, early])
      assert.equal(await (await got(late)).release(), 'released')
      await until('nothing is left', async () => (await keysOf(redis, locks)).every((key) => key.startsWith('fence')))
    }
  })

  test('and where the memory is full it is given back all the same', async () => {
    await using full = await realServer()
    await using client = await Redis.connect(full.url)
    const locks = lockOf(client)
    const first = await got(locks.acquire('r', LONG))
    const waits = [locks.acquire('r', LONG, { waitMs: PATIENCE }), locks.acquire('r', LONG, { waitMs: PATIENCE })]
    await stand(client, locks, 2)
    await client.command('CONFIG', 'SET', 'maxmemory', '1')
    assert.equal(await first.release(), 'released')
    await client.command('CONFIG', 'SET', 'maxmemory', '0')
    await inTurns(waits)
  })
})

test('a lock that is free is not handed to who waits where the memory is full, and that is no failure', async () => {
  await using server = await realServer()
  await using redis = await Redis.connect(server.url)
  const inbox = (await Mailbox.of(redis)).address
  const { lock, fence, queue, waiting } = namesOf(lockOf(redis), 'r')
  const keys = [lock, fence, queue, waiting]
  await redis.command('SET', lock, 'another', 'PX', String(LONG))
  await redis.eval(SCRIPTS.QUEUE_UP, keys, [LONG, 'one', LONG, `${inbox}/g${LONG}:${LONG}:one`, LONG, 0])
  await redis.command('DEL', lock)
  await redis.command('CONFIG', 'SET', 'maxmemory', '1')
  const called = (await Mailbox.of(redis)).expect(`${LONG}:${LONG}:one`)
  assert.deepEqual(await redis.eval(SCRIPTS.FREE, keys, ['none']), [0])
  await called
  assert.deepEqual([await redis.command('EXISTS', lock, fence), await redis.command('ZCARD', queue)], [0, 1])
})

test('a lock is not handed by one who may not tell', async () => {
  await using server = await realServer()
  await using redis = await Redis.connect(server.url)
  await Mailbox.of(redis)
  await redis.command('ACL', 'SETUSER', 'mute', 'on', '>secret', '~*', '+@all', 'resetchannels')
  await using mute = await Redis.connect({ url: server.url, username: 'mute', password: 'secret' })
  const locks = lockOf(redis)
  const first = await got(lockOf(mute, { prefix: locks.prefix }).acquire('r', LONG))
  const waiting = locks.acquire('r', LONG, { waitMs: PATIENCE })
  await stand(redis, locks, 1)
  const { lock, queue } = namesOf(locks, 'r')
  const [member] = (await redis.command('ZRANGE', queue, '0', '0')) as unknown as [string]
  // One who is stopped, and whose inbox is heard.
  const stopped = member.replace(/[^:]*$/, 'stopped')
  await redis.eval(SCRIPTS.QUEUE_UP, [lock, `fence:{${lock}}`, queue, `waiting:{${lock}}`], [LONG, 'stopped', LONG, stopped, LONG, 0])
  await redis.command('ZADD', queue, '1', stopped)
  assert.equal(await first.release(), 'released')
  assert.notEqual(await redis.command('GET', lock), 'stopped')
  assert.equal(await (await got(waiting)).release(), 'released')
})

test('a lock is given back where its line is something else', async () => {
  await using server = await realServer()
  await using redis = await Redis.connect(server.url)
  const locks = lockOf(redis)
  const { queue, waiting } = namesOf(locks, 'r')
  const wrongs = [['SET', queue, 'no line'], ['SET', waiting, 'no line'], ['ZADD', queue, '1', '0/g1:1:x', '2', 'nonsense']]
  for (const wrong of wrongs) {
    await redis.command('DEL', queue, waiting)
    const lock = await got(locks.acquire('r', LONG))
    await redis.command(wrong[0]!, ...wrong.slice(1))
    assert.equal(await lock.release(), 'released', wrong.join(' '))
  }
})

test('a lock that is handed over and extended at once lasts as long as its holder believes', async () => {
  const [WAITERS, RESOURCES, TURNS] = [300, 100, 40]
  await using server = await realServer()
  await using redis = await Redis.connect({ url: server.url, maxPending: 100_000 })
  await using direct = await Redis.connect(server.url)
  const locks = lockOf(redis)
  const take = async (name: string) => {
    for (let turn = 0; turn < TURNS; turn++) {
      const lock = await got(locks.acquire(name, 30_000, { waitMs: PATIENCE }))
      assert.equal(await lock.extend(LONG), true)
      // While others are extended in the same calls.
      await new Promise(setImmediate)
      const believed = lock.remainingMs()
      const life = Number(await direct.command('PTTL', namesOf(locks, name).lock))
      assert.ok(life >= believed - PATIENCE, `it lasts for ${life} ms, and ${believed} are believed`)
      assert.equal(await lock.release(), 'released')
    }
  }
  await Promise.all(Array.from({ length: WAITERS }, (_, i) => take(`r${i % RESOURCES}`)))
})

test('a lock that is handed over a slow link is held for all of its time', async () => {
  await using server = await realServer({ tcp: true })
  await using proxy = await FaultProxy.start(server)
  await using redis = await Redis.connect({ url: proxy.url, commandTimeout: '60s', watchdogMs: '60s' })
  await using direct = await Redis.connect(server.url)
  const locks = lockOf(redis)
  await Mailbox.of(redis)
  const first = await got(lockOf(direct, { prefix: locks.prefix }).acquire('r', LONG))
  proxy.delayMs = 450
  const waiting = locks.acquire('r', LONG, { waitMs: PATIENCE })
  await stand(direct, locks, 1)
  await first.release()
  const lock = await got(waiting)
  await until('it has all of its time', () => lock.remainingMs() > LONG / 2)
  assert.equal(lock.signal.aborted, false)
  assert.equal(await lock.release(), 'released')
})

describe('who was handed a lock', { concurrency: 2 }, () => {
  for (const fault of LOST) {
    for (const at of STEPS) {
      test(`has all of his time, or knows that he lost it: ${fault.name}${at.title}`, async () => {
        const wait = async (redis: Redis) => {
          const locks = lockOf(redis)
          await Mailbox.of(redis)
          const first = await got(locks.acquire('r', LONG))
          // By the script that has him have all of his time.
          assert.equal(await first.extend(LONG), true)
          const waiting = locks.acquire('r', LONG, { waitMs: PATIENCE })
          await stand(redis, locks, 1)
          return { locks, first, waiting }
        }
        const release = async ({ locks, first, waiting }: Awaited<ReturnType<typeof wait>>, direct: Redis) => {
          await lockOf(direct, { prefix: locks.prefix }).release('r', first.token)
          return waiting
        }
        await amid(at, fault, wait, release, async ({ direct, given: { locks }, end: lock }) => {
          await until('it is known', () => lock.remainingMs() > LONG / 2 || !lock.isValid())
          if (!lock.isValid()) assert.ok(['unreachable', 'expired'].includes(lock.signal.reason.reason))
          await lock.release()
          await until('nothing is held', async () => (await direct.command('EXISTS', namesOf(locks, 'r').lock)) === 0)
        })
      })
    }
  }
})
