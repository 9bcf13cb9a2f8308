import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type ReadWriteLock, Redis } from '../index.js'
import type { TestServer } from '../testing.js'
import { onEveryBackend } from './support/backends'
import { runClient } from './support/bridge-child'
import { fresh } from './support/cache-tools'
import { got, granted, inTurns, LONG, namesOf, passed, PATIENCE, readWriteLockOf } from './support/lock-tools'
import { realServer } from './support/servers'
import { until } from './support/until'

const WAIT = { waitMs: PATIENCE }

onEveryBackend('readers and writers', (backend) => {
  let locks: ReadWriteLock & { prefix: string }
  let others: ReadWriteLock
  before(async () => {
    locks = readWriteLockOf(backend.redis)
    others = readWriteLockOf(await backend.connect(), { prefix: locks.prefix })
  })
  const queued = async (name: string) => Number(await backend.redis.command('ZCARD', namesOf(locks, name).queue))

  test('read together, and write alone', async () => {
    const name = fresh()
    const reads = await Promise.all(Array.from({ length: 5 }, (_, i) => got((i % 2 ? locks : others).read(name, LONG))))
    assert.deepEqual([await locks.write(name, LONG), await others.inspect(name)], [null, { readers: 5, writer: false, waiting: 0 }])
    for (const read of reads) assert.equal(await read.release(), 'released')
    const write = await got(others.write(name, LONG))
    assert.deepEqual([await locks.read(name), await locks.write(name), await locks.inspect(name)], [null, null, { readers: 0, writer: true, waiting: 0 }])
    assert.equal(await locks.release(name, write.token), true)
    assert.deepEqual(await locks.inspect(name), { readers: 0, writer: false, waiting: 0 })
    assert.ok(reads.every(({ fencingToken }) => fencingToken < write.fencingToken))
  })

  test('do not overtake a writer that waits', async () => {
    const name = fresh()
    const first = await got(locks.read(name, LONG))
    const write = others.write(name, LONG, WAIT)
    await until('it stands in line', async () => (await queued(name)) === 1)
    assert.equal(await locks.read(name, LONG), null)
    const behind = locks.read(name, LONG, WAIT)
    await until('so does who comes to read', async () => (await queued(name)) === 2)
    assert.deepEqual(await locks.inspect(name), { readers: 1, writer: false, waiting: 2 })
    await first.release()
    const written = await got(write)
    assert.deepEqual(await locks.inspect(name), { readers: 0, writer: true, waiting: 1 })
    await written.release()
    await (await got(behind)).release()
  })

  test('enter together where they stand in a row, however many', async () => {
    const name = fresh()
    const first = await got(locks.write(name, LONG))
    const reads = Array.from({ length: 40 }, (_, i) => (i % 2 ? locks : others).read(name, LONG, WAIT))
    await until('they stand in line', async () => (await queued(name)) === 40)
    const write = locks.write(name, LONG, WAIT)
    await until('behind them one who writes', async () => (await queued(name)) === 41)
    const late = others.read(name, LONG, WAIT)
    await until('behind him one who reads', async () => (await queued(name)) === 42)
    await first.release()
    const held = await Promise.all(reads.map(got))
    assert.deepEqual(await locks.inspect(name), { readers: 40, writer: false, waiting: 2 })
    await Promise.all(held.map((lock) => lock.release()))
    await (await got(write)).release()
    await (await got(late)).release()
  })

  test('wait for nobody who has left the line', async () => {
    const name = fresh()
    const first = await got(locks.read(name, LONG))
    const leaving = new AbortController()
    const left = assert.rejects(locks.write(name, LONG, { ...WAIT, signal: leaving.signal }), { name: 'AbortError' })
    await until('it stands in line', async () => (await queued(name)) === 1)
    const reads = [others.read(name, LONG, WAIT), locks.read(name, LONG, WAIT)]
    await until('so do they', async () => (await queued(name)) === 3)
    leaving.abort()
    await left
    await inTurns(reads)
    assert.equal(first.isValid(), true)
  })

  test('of one that is dead the place is free when its time is over', async () => {
    const name = fresh()
    const dead = await granted(() => others.write(name, 300))
    const reads = await Promise.all([locks.read(name, LONG, WAIT), others.read(name, LONG, WAIT)].map(got))
    assert.deepEqual([dead.isValid(), await dead.release()], [false, 'expired'])
    assert.equal((await locks.inspect(name)).readers, 2)
    await Promise.all(reads.map((lock) => lock.release()))
  })

  test('write though others read all the time', async () => {
    const name = fresh()
    const over = new AbortController()
    let reads = 0
    // So many by turns that somebody always reads, unless one waits to write.
    const reader = async (from: ReadWriteLock, ms: number) => {
      for (; !over.signal.aborted; reads++) {
        const lock = await got(from.read(name, LONG, WAIT))
        await passed(ms)
        await lock.release()
      }
    }
    const readers = [reader(locks, 5), reader(others, 7), reader(locks, 11), reader(others, 3)]
    await until('they read', () => reads > 3)
    for (let round = 0; round < 3; round++) await (await got(others.write(name, LONG, WAIT))).release()
    over.abort()
    await Promise.all(readers)
  })
})

describe('readers and writers of several processes', () => {
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

  test('never see what is half written, and none is kept out', async () => {
    const body = (work: string) => `
      const redis = await Redis.connect(url)
      const locks = new ReadWriteLock(redis, { prefix: 'p' })
      const options = { ttl: 60_000, waitMs: 60_000 }
      let wrong = 0
      for (let i = 0; i < 40; i++) ${work}
      report(wrong)
      await redis.close()`
    const read = body(`await locks.withRead('r', async () => { const one = await redis.command('GET', 'one'); wrong += one !== (await redis.command('GET', 'two')) }, options)`)
    const write = body(`await locks.withWrite('r', async () => {
      const next = String(Number(await redis.command('GET', 'one')) + 1)
      await redis.command('SET', 'one', next)
      await redis.command('SET', 'two', next)
    }, options)`)
    const children = [read, write, read, write].map((script) => runClient(server.url, script))
    for (const child of children) assert.deepEqual(await child.ended, { code: 0, reports: [0], stderr: '' })
    assert.equal(await redis.command('GET', 'one'), '80')
  })
})
