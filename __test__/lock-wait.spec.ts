import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import type { DistributedLock } from '../index.js'
import { onEveryBackend } from './support/backends'
import { fresh } from './support/cache-tools'
import { everyWay, got, granted, keysOf, LONG, lockOf, namesOf, passed, PATIENCE, scriptCalls } from './support/lock-tools'
import { until } from './support/until'

onEveryBackend('who waits for a lock', (backend) => {
  let locks: DistributedLock & { prefix: string }
  let others: DistributedLock
  before(async () => {
    locks = lockOf(backend.redis)
    others = lockOf(await backend.connect(), { prefix: locks.prefix })
  })
  const stands = (name: string) => until('it stands in line', async () => Number(await backend.redis.command('EXISTS', namesOf(locks, name).queue)) === 1)

  test('gets it when it is given back, as everything that can be held', async () => {
    await Promise.all(
      everyWay(backend.redis).map(async ({ what, acquire, key }) => {
        const first = await got(what === 'reading' ? acquire(LONG) : acquire(LONG))
        if (what === 'reading') return void (await first.release())
        const waiting = acquire(LONG, { waitMs: PATIENCE })
        await until('it stands in line', async () => Number(await backend.redis.command('EXISTS', `queue:{${key}}`)) === 1 || what === 'several')
        await first.release()
        assert.equal(await (await got(waiting)).release(), 'released', what)
      }),
    )
  })

  test('gets nothing where it is not given back, and not much later than it wanted', async () => {
    const name = fresh()
    const lock = await got(others.acquire(name, LONG))
    for (const waitMs of [400, 600]) {
      const begun = performance.now()
      assert.equal(await locks.acquire(name, LONG, { waitMs }), null)
      const waited = performance.now() - begun
      assert.ok(waited >= waitMs - 1 && waited < waitMs * 1.1 + 1000, `${waited} of ${waitMs} ms`)
    }
    await assert.rejects(locks.withLock(name, () => assert.fail(), { retries: 4, retryDelay: 100 }), (error: any) => {
      assert.deepEqual([error.code, error.retryable], ['ERR_BUSY', true])
      assert.ok(error.retryAfterMs > 0 && error.retryAfterMs <= LONG)
      return true
    })
    assert.equal(await lock.release(), 'released')
    await until('no line is left', async () => (await keysOf(backend.redis, locks)).every((key) => !/^(queue|waiting)/.test(key)))
  })

  test('gets what its holder does not give back when its time is over', async () => {
    const name = fresh()
    const dead = await granted(() => others.acquire(name, 300))
    const lock = await got(locks.acquire(name, LONG, { waitMs: PATIENCE }))
    assert.equal(dead.isValid(), false)
    assert.ok(lock.fencingToken > dead.fencingToken)
  })

  test('has all of its time, however long it waited', async () => {
    const name = fresh()
    const first = await got(others.acquire(name, LONG))
    const waiting = locks.acquire(name, 600, { waitMs: PATIENCE })
    await passed(700)
    await first.release()
    assert.equal((await got(waiting)).isValid(), true)
  })

  test('does so in turns, each once', async () => {
    const name = fresh()
    let [held, turns] = [0, 0]
    const take = async (from: DistributedLock) => {
      const lock = await got(from.acquire(name, LONG, { waitMs: PATIENCE }))
      assert.equal(++held, 1)
      await new Promise(setImmediate)
      held--
      turns++
      assert.equal(await lock.release(), 'released')
    }
    await Promise.all(Array.from({ length: 12 }, (_, i) => take(i % 2 ? locks : others)))
    assert.equal(turns, 12)
    await until('no line is left', async () => (await keysOf(backend.redis, locks)).every((key) => !/^(queue|waiting)/.test(key)))
  })

  test('and does not any more leaves the line, and others their turn', async () => {
    const name = fresh()
    const first = await got(others.acquire(name, LONG))
    const leaving = new AbortController()
    const waits = [locks.acquire(name, LONG, { waitMs: PATIENCE, signal: leaving.signal }), others.acquire(name, LONG, { waitMs: PATIENCE })]
    const left = assert.rejects(waits[0]!, new Error('enough'))
    await until('both stand in line', async () => Number(await backend.redis.command('ZCARD', namesOf(locks, name).queue)) === 2)
    leaving.abort(new Error('enough'))
    await left
    await until('one stands in line', async () => Number(await backend.redis.command('ZCARD', namesOf(locks, name).queue)) === 1)
    await first.release()
    await (await got(waits[1]!)).release()
    const early = locks.acquire(name, LONG, { waitMs: PATIENCE, signal: AbortSignal.abort(new Error('before')) })
    await assert.rejects(early, new Error('before'))
    await (await got(locks.acquire(name, LONG))).release()
  })

  test('asks rarely meanwhile', async () => {
    if (!backend.real) return
    const name = fresh()
    const first = await got(others.acquire(name, LONG))
    const waiting = Array.from({ length: 5 }, () => locks.acquire(name, LONG, { waitMs: PATIENCE }).then((lock) => lock!.release()))
    await stands(name)
    await passed(300)
    const [calls, begun] = [await scriptCalls(backend.redis), performance.now()]
    await passed(1500)
    const [asked, seconds] = [(await scriptCalls(backend.redis)) - calls, (performance.now() - begun) / 1000]
    await first.release()
    await Promise.all(waiting)
    assert.ok(asked <= 5 * 1.5 * seconds + 5, `${asked} calls of 5 who wait, in ${seconds} s`)
  })
})
