import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type DistributedLock, Redis } from '../index.js'
import type { TestServer } from '../testing.js'
import { onEveryBackend } from './support/backends'
import { runClient } from './support/bridge-child'
import { fresh } from './support/cache-tools'
import { got, keysOf, LONG, lockOf, namesOf, PATIENCE } from './support/lock-tools'
import { halt } from './support/machine'
import { realServer } from './support/servers'
import { until } from './support/until'

const FAIR = { fair: true, waitMs: PATIENCE }

onEveryBackend('a fair lock', (backend) => {
  test('is given in the order of their coming, whoever comes from where', async () => {
    const locks = [lockOf(backend.redis)]
    locks.push(lockOf(await backend.connect(), { prefix: locks[0]!.prefix, fair: true }))
    const names = namesOf(locks[0]!, 'r')
    const order: number[] = []
    const first = await got(locks[0]!.acquire('r', LONG))
    const waits: Promise<void>[] = []
    for (let i = 0; i < 8; i++) {
      const waiting = locks[i % 2]!.acquire('r', LONG, i % 2 ? { waitMs: PATIENCE } : FAIR)
      waits.push(waiting.then(async (lock) => {
        order.push(i)
        assert.equal(await lock!.release(), 'released')
      }))
      await until('it stands in line', async () => Number(await backend.redis.command('ZCARD', names.queue)) === i + 1)
    }
    await first.release()
    await Promise.all(waits)
    assert.deepEqual(order, [0, 1, 2, 3, 4, 5, 6, 7])
    await until('no line is left', async () => (await keysOf(backend.redis, locks[0]!)).length === 1)
  })
})

describe('a fair lock over processes', () => {
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
  const queued = async (locks: { prefix: string }) => Number(await redis.command('ZCARD', namesOf(locks, 'r').queue))
  /** A process that waits, and writes its name down when it has the lock. */
  const waiter = (locks: { prefix: string }, name: string) =>
    runClient(
      server.url,
      `const redis = await Redis.connect(url)
       const lock = await new DistributedLock(redis, { prefix: '${locks.prefix}' }).acquire('r', 600_000, { fair: true, waitMs: 60_000 })
       await redis.command('RPUSH', '${locks.prefix} order', '${name}')
       report(await lock.release())
       await redis.close()`,
    )
  /** The same here. */
  const wait = async (locks: DistributedLock & { prefix: string }, name: string) => {
    const lock = await got(locks.acquire('r', LONG, FAIR))
    await redis.command('RPUSH', `${locks.prefix} order`, name)
    assert.equal(await lock.release(), 'released')
  }
  const orderOf = async (locks: { prefix: string }) => (await redis.command('LRANGE', `${locks.prefix} order`, '0', '-1')) as unknown as string[]

  test('is given in the order of their coming', async () => {
    const locks = lockOf(redis)
    const first = await got(locks.acquire('r', LONG))
    const waits: Promise<unknown>[] = []
    for (const name of ['a', 'B', 'c', 'D', 'e', 'F']) {
      const count = waits.push(name > 'Z' ? wait(locks, name) : waiter(locks, name).ended)
      await until('it stands in line', async () => (await queued(locks)) === count)
    }
    await first.release()
    await Promise.all(waits)
    assert.deepEqual(await orderOf(locks), ['a', 'B', 'c', 'D', 'e', 'F'])
  })

  test('does not wait for one who was killed, nor for one who is stopped', async () => {
    const locks = lockOf(redis)
    const first = await got(locks.acquire('r', LONG))
    const [killed, stopped] = [waiter(locks, 'killed'), waiter(locks, 'stopped')]
    await until('both stand in line', async () => (await queued(locks)) === 2)
    const waits = [wait(locks, 'a')]
    await until('they are three', async () => (await queued(locks)) === 3)
    waits.push(wait(locks, 'b'))
    await until('they are four', async () => (await queued(locks)) === 4)
    killed.process.kill('SIGKILL')
    await halt(stopped.process)
    await first.release()
    await Promise.all(waits)
    assert.deepEqual(await orderOf(locks), ['a', 'b'])
    stopped.process.kill('SIGCONT')
    assert.equal(await stopped.report, 'released', 'who goes on has its turn then')
    await Promise.all([killed.ended, stopped.ended])
    await until('no line is left', async () => (await keysOf(redis, locks)).length === 1)
  })

  test('is not given past those who wait to who does not wait, unless he does not ask for fairness', async () => {
    const locks = lockOf(redis)
    await got(locks.acquire('r', LONG))
    const stopped = waiter(locks, 'stopped')
    await until('it stands in line', async () => (await queued(locks)) === 1)
    await halt(stopped.process)
    const { lock, queue, waiting } = namesOf(locks, 'r')
    // He counts as alive for longer than a machine stands still.
    const [member] = (await redis.command('ZRANGE', queue, '0', '0')) as unknown as [string]
    await redis.command('ZADD', waiting, '9999999999999', member)
    for (const key of [queue, waiting]) await redis.command('PEXPIRE', key, String(LONG))
    // As when its time is over.
    await redis.command('DEL', lock)
    const polite = await locks.acquire('r', LONG, { fair: true })
    const overtaking = await locks.acquire('r', LONG)
    assert.deepEqual([polite, overtaking?.isValid()], [null, true])
    stopped.process.kill('SIGKILL')
    await stopped.ended
    await redis.command('DEL', queue, waiting)
    await overtaking!.release()
    await (await got(locks.acquire('r', LONG, FAIR))).release()
  })

  test('keeps the place of one who waits for longer than a lease', async () => {
    const locks = lockOf(redis)
    const name = fresh()
    const first = await got(locks.acquire('r', LONG))
    const early = wait(locks, name)
    await until('it stands in line', async () => (await queued(locks)) === 1)
    const { queue, waiting } = namesOf(locks, 'r')
    const [member] = (await redis.command('ZRANGE', queue, '0', '0')) as unknown as string[]
    const score = async (key: string) => Number(await redis.command('ZSCORE', key, member!))
    const [place, lease] = [await score(queue), await score(waiting)]
    await until('it is heard of again, and again', async () => (await score(waiting)) > lease + 3000)
    assert.equal(await score(queue), place)
    await first.release()
    await early
  })
})
