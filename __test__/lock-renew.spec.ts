import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type HeldLock, Redis } from '../index.js'
import type { TestServer } from '../testing.js'
import { onEveryBackend } from './support/backends'
import { fresh } from './support/cache-tools'
import { abortOf, block, everyWay, got, granted, LONG, lockOf, namesOf, passed, readWriteLockOf, scriptCalls, semaphoreOf } from './support/lock-tools'
import { realServer } from './support/servers'
import { until } from './support/until'

onEveryBackend('what is renewed', (backend) => {
  // A server that has not seen a script before may take longer than a short TTL.
  before(async () => {
    for (const { acquire } of everyWay(backend.redis)) {
      const lock = await got(acquire(LONG))
      await lock.extend(LONG)
      await lock.release()
    }
  })

  test('is held over many TTLs, and one more when the event loop is blocked', async () => {
    const held = await Promise.all(everyWay(backend.redis).map(async (way) => ({ ...way, lock: await granted(() => way.acquire(600, { renew: true })) })))
    await passed(700)
    // A server in this thread would stand still with it.
    if (backend.real) block(700)
    else await passed(700)
    for (const { what, lock } of held) assert.deepEqual([lock.isValid(), lock.signal.aborted, lock.signal.reason], [true, false, undefined], what)
    for (const { what, lock } of held) assert.equal(await lock.release(), 'released', what)
  })

  test('is told of as soon as another has it, or nobody', async () => {
    const here = lockOf(backend.redis)
    const [stolen, gone] = await Promise.all([fresh(), fresh()].map((name) => got(here.acquire(name, 1500, { renew: true }))))
    await backend.redis.command('SET', namesOf(here, stolen!.resource).lock, 'of another', 'PX', String(LONG))
    await backend.redis.command('DEL', namesOf(here, gone!.resource).lock)
    const reasons = await Promise.all([stolen, gone].map((lock) => abortOf(lock!.signal)))
    assert.deepEqual(reasons.map(({ code, reason }) => `${code} ${reason}`), ['ERR_LOCK_LOST stolen', 'ERR_LOCK_LOST expired'])
    assert.deepEqual([stolen!.isValid(), gone!.remainingMs()], [false, 0])
    assert.equal((await here.inspect(stolen!.resource)).token, 'of another')
    assert.equal((await here.inspect(gone!.resource)).held, false, 'it is not taken again')
    assert.equal(here.metrics().lost, 2)
  })

  test('is a place that may be taken away, too', async () => {
    const [permits, both] = [semaphoreOf(backend.redis, { permits: 3 }), readWriteLockOf(backend.redis)]
    const held = await Promise.all([permits.acquire('r', 1500, { renew: true }), both.read('r', 1500, { renew: true })].map(got))
    await Promise.all([permits, both].map((of) => backend.redis.command('DEL', namesOf(of, 'r').lock)))
    assert.deepEqual((await Promise.all(held.map(({ signal }) => abortOf(signal)))).map(({ reason }) => reason), ['expired', 'expired'])
  })

  test('is renewed no longer than maxHoldMs, for a dying process as for a living one', async () => {
    const here = lockOf(backend.redis)
    const begun = performance.now()
    const lock = await granted(() => here.acquire('r', 400, { maxHoldMs: 900 }))
    assert.equal((await abortOf(lock.signal)).reason, 'expired')
    const local = performance.now() - begun
    await until('another has it', async () => (await here.acquire('r', LONG)) !== null)
    assert.ok(local > 480, `it was renewed for ${local} ms`)
    assert.equal(await lock.release(), 'stolen')
  })
})

describe('the watchdog', () => {
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
  /** How many script calls `work` took, and for how many seconds. */
  const during = async (work: () => Promise<unknown>) => {
    const [before, begun] = [await scriptCalls(redis), performance.now()]
    await work()
    return [(await scriptCalls(redis)) - before, (performance.now() - begun) / 1000] as const
  }

  test('sends few commands', async () => {
    const lock = await got(lockOf(redis).acquire('r', 1000, { renew: true }))
    const [calls, seconds] = await during(() => passed(2500))
    assert.ok(calls >= 4 && calls <= 4 * seconds, `${calls} in ${seconds} s`)
    assert.equal(await lock.release(), 'released')
  })

  test('renews many locks in one call, whenever they were taken', async () => {
    const here = lockOf(redis)
    const held: HeldLock[] = []
    for (let i = 0; i < 10; i++) {
      held.push(...(await Promise.all(Array.from({ length: 12 }, (_, n) => got(here.acquire(`${i} ${n}`, 1500, { renew: true }))))))
      await passed(20)
    }
    await passed(1000)
    const [calls, seconds] = await during(() => passed(2500))
    assert.ok(calls <= 10 * seconds, `${calls} calls in ${seconds} s for 120 locks`)
    for (const lock of held) assert.equal(await lock.release(), 'released')
  })

  test('asks for nothing more once all was given back', async () => {
    const here = lockOf(redis)
    const held = await Promise.all(Array.from({ length: 20 }, (_, i) => got(here.acquire(String(i), 300, { renew: true }))))
    await Promise.all(held.map((lock) => lock.release()))
    const [calls] = await during(() => passed(400))
    assert.equal(calls, 0)
  })

  test('does not hurry when maxHoldMs comes near', async () => {
    const [calls, seconds] = await during(async () => {
      const lock = await got(lockOf(redis).acquire('r', 900, { maxHoldMs: 2000 }))
      await abortOf(lock.signal)
    })
    assert.ok(calls <= 4 * seconds + 2, `${calls} in ${seconds} s`)
  })
})
