import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type HeldLock, Redis, type Semaphore } from '../index.js'
import type { TestServer } from '../testing.js'
import { onEveryBackend } from './support/backends'
import { runClient } from './support/bridge-child'
import { fresh } from './support/cache-tools'
import { got, granted, inTurns, LONG, namesOf, passed, PATIENCE, semaphoreOf } from './support/lock-tools'
import { realServer } from './support/servers'
import { until } from './support/until'

onEveryBackend('permits', (backend) => {
  let permits: Semaphore & { prefix: string }
  let others: Semaphore
  before(async () => {
    permits = semaphoreOf(backend.redis, { permits: 3 })
    others = semaphoreOf(await backend.connect(), { permits: 3, prefix: permits.prefix })
  })
  const queued = async (name: string) => Number(await backend.redis.command('ZCARD', namesOf(permits, name).queue))
  const take = (name: string, count: number) => Promise.all(Array.from({ length: count }, () => got(permits.acquire(name, LONG))))

  test('are so many and not one more, and come back', async () => {
    const name = fresh()
    const asked = await Promise.all(Array.from({ length: 20 }, (_, i) => (i % 2 ? permits : others).acquire(name, LONG)))
    const held = asked.filter((permit) => permit !== null)
    assert.equal(held.length, 3)
    assert.deepEqual(await others.inspect(name), { permits: 3, taken: 3, waiting: 0 })
    assert.equal(await held[0]!.release(), 'released')
    assert.equal(await permits.release(name, held[0]!.token), false, 'it is given back once')
    assert.deepEqual([await others.release(name, held[1]!.token), await permits.extend(name, held[2]!.token, 2 * LONG)], [true, true])
    assert.equal((await permits.inspect(name)).taken, 1)
    const more = await Promise.all([permits.acquire(name), others.acquire(name), permits.acquire(name)])
    assert.equal(more.filter((one) => one !== null).length, 2)
  })

  test('are never more inside at once, and as many as there are', async () => {
    const name = fresh()
    let [inside, most, done] = [0, 0, 0]
    const work = async () => {
      most = Math.max(most, ++inside)
      await passed(3)
      inside--
      done++
    }
    await Promise.all(Array.from({ length: 24 }, (_, i) => (i % 2 ? permits : others).withPermit(name, work, { ttl: LONG, waitMs: PATIENCE, fair: i % 3 === 0 })))
    assert.deepEqual([most, done], [3, 24])
    assert.deepEqual(await permits.inspect(name), { permits: 3, taken: 0, waiting: 0 })
  })

  test('of a holder that is dead come back when its time is over', async () => {
    const name = fresh()
    const [dead] = await Promise.all([granted(() => permits.acquire(name, 300)), take(name, 2)])
    const permit = await got(others.acquire(name, LONG, { waitMs: PATIENCE }))
    assert.deepEqual([dead.isValid(), await dead.release()], [false, 'expired'])
    assert.ok(permit.fencingToken > dead.fencingToken)
    assert.equal((await permits.inspect(name)).taken, 3)
  })

  test('can be made more, which wakes those who wait, and fewer, which takes none away', async () => {
    const name = fresh()
    const held: HeldLock[] = await take(name, 3)
    const waits = Array.from({ length: 4 }, () => others.acquire(name, LONG, { waitMs: PATIENCE }))
    await until('they stand in line', async () => (await queued(name)) === 4)
    await permits.resize(name, 5)
    await until('two have got one', async () => (await permits.inspect(name)).taken === 5)
    assert.deepEqual(await permits.inspect(name), { permits: 5, taken: 5, waiting: 2 })
    await permits.resize(name, 2)
    assert.deepEqual(await others.inspect(name), { permits: 2, taken: 5, waiting: 2 })
    for (const permit of held) {
      assert.equal(permit.isValid(), true)
      await permit.release()
    }
    assert.deepEqual(await others.inspect(name), { permits: 2, taken: 2, waiting: 2 })
    assert.equal(await permits.acquire(name), null)
    await inTurns(waits)
    assert.deepEqual(await others.inspect(name), { permits: 2, taken: 0, waiting: 0 })
  })

  test('are given in the order of their coming where they are fair', async () => {
    const name = fresh()
    const order: number[] = []
    const held = await take(name, 3)
    const waits: Promise<unknown>[] = []
    for (let i = 0; i < 9; i++) {
      const waiting = (i % 2 ? permits : others).acquire(name, LONG, { waitMs: PATIENCE, fair: true })
      waits.push(waiting.then((permit) => (order.push(i), permit!)).then((permit) => permit.release()))
      await until('it stands in line', async () => (await queued(name)) === i + 1)
    }
    assert.equal(await others.acquire(name, LONG, { fair: true }), null)
    await held[0]!.release()
    await Promise.all(waits)
    assert.deepEqual(order, [0, 1, 2, 3, 4, 5, 6, 7, 8])
  })

  test('are given in the order of asking to those who ask at the same moment, where they are fair', async () => {
    const name = fresh()
    const order: number[] = []
    const [, , last] = await take(name, 3)
    const waits = Array.from({ length: 20 }, async (_, i) => {
      await using _permit = (await permits.acquire(name, LONG, { waitMs: PATIENCE, fair: true }))!
      order.push(i)
    })
    await until('all stand in line', async () => (await queued(name)) === 20)
    await last!.release()
    await Promise.all(waits)
    assert.deepEqual(order, Array.from({ length: 20 }, (_, i) => i))
  })
})

describe('permits over processes', () => {
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

  test('are never more, also where some of those who hold one are killed', async () => {
    const permits = semaphoreOf(redis, { permits: 3 })
    const worker = (rounds: number) =>
      runClient(
        server.url,
        `const redis = await Redis.connect(url)
         const permits = new Semaphore(redis, { permits: 3, prefix: '${permits.prefix}' })
         let most = 0
         for (let i = 0; i < ${rounds}; i++) {
           await permits.withPermit('r', async ({ token }) => {
             await redis.command('SADD', 'inside', token)
             most = Math.max(most, Number(await redis.command('SCARD', 'inside')))
             await redis.command('SREM', 'inside', token)
           }, { ttl: 60_000, waitMs: 60_000 })
         }
         report(most)
         await redis.close()`,
      )
    const killed = runClient(server.url, `const permits = new Semaphore(await Redis.connect(url), { permits: 3, prefix: '${permits.prefix}' }); await permits.acquire('r', 600, { renew: true }); report(1); setInterval(() => {}, 1000)`)
    await killed.report
    const children = Array.from({ length: 3 }, () => worker(25))
    killed.process.kill('SIGKILL')
    const ended = await Promise.all(children.map((child) => child.ended))
    for (const { code, reports, stderr } of ended) assert.deepEqual([code, stderr, reports[0] >= 1 && reports[0] <= 3], [0, '', true])
    await killed.ended
    await until('all have come back', async () => (await permits.inspect('r')).taken === 0)
    assert.deepEqual(await permits.inspect('r'), { permits: 3, taken: 0, waiting: 0 })
  })
})
