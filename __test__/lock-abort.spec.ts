import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'
import { before, test } from 'node:test'
import type { AcquireOptions, HeldLock, Redis } from '../index.js'
import { onEveryBackend } from './support/backends'
import { randoms } from './support/bridge-random'
import { got, keysOf, LONG, lockOf, namesOf, PATIENCE, readWriteLockOf, semaphoreOf } from './support/lock-tools'
import { until } from './support/until'

type Ask = (options?: AcquireOptions) => Promise<HeldLock | null>

/** Ways to wait for something that one alone has, and the keys of it. */
function ways(redis: Redis): { what: string; ask: Ask; of: { prefix: string } }[] {
  const [plain, fair, several] = [lockOf(redis), lockOf(redis, { fair: true }), lockOf(redis)]
  const [permits, both] = [semaphoreOf(redis, { permits: 1 }), readWriteLockOf(redis)]
  return [
    { what: 'a lock', ask: (options) => plain.acquire('r', LONG, options), of: plain },
    { what: 'a fair lock', ask: (options) => fair.acquire('r', LONG, options), of: fair },
    { what: 'several', ask: (options) => several.acquire(['a', 'b', 'c'], LONG, options), of: several },
    { what: 'a permit', ask: (options) => permits.acquire('r', LONG, options), of: permits },
    { what: 'writing', ask: (options) => both.write('r', LONG, options), of: both },
  ]
}

onEveryBackend('a wait that is aborted', (backend) => {
  let redis: Redis
  before(async () => (redis = await backend.connect()))

  test('in any moment leaves no lock, and nobody in line', async (context) => {
    const random = randoms(7)
    for (const { what, ask, of } of ways(redis)) {
      let [granted, aborted] = [0, 0]
      for (let round = 0; round < (backend.real ? 25 : 5); round++) {
        const first = await got(ask({ waitMs: PATIENCE }))
        const controller = new AbortController()
        const reason = new Error('enough')
        const waiting = ask({ waitMs: PATIENCE, signal: controller.signal }).then(
          async (lock) => {
            granted++
            assert.equal(await lock!.release(), 'released')
          },
          (error) => {
            aborted++
            assert.equal(error, reason)
          },
        )
        // Both within the few ms in which a lock goes from hand to hand, in either order.
        const turns = [pause(random() * 4).then(() => first.release()), pause(random() * 6).then(() => controller.abort(reason))]
        await Promise.all([...turns, waiting])
      }
      const fences = (await keysOf(redis, of)).filter((key) => key.startsWith('fence'))
      await until(`nothing is left of ${what}`, async () => (await keysOf(redis, of)).length === fences.length)
      context.diagnostic(`${what}: ${granted} granted, ${aborted} aborted`)
    }
  })

  test('in the turn in which it is given gives it back', async () => {
    for (const { what, ask, of } of ways(redis)) {
      for (let round = 0; round < 5; round++) {
        const controller = new AbortController()
        const answered = ask({ signal: controller.signal }).then((lock) => lock!.release(), (error) => error.name)
        // What was asked for is executed meanwhile, and the answer waits for this thread.
        if (round % 2) await pause(1)
        for (const end = performance.now() + 3; performance.now() < end; );
        controller.abort()
        assert.ok(['AbortError', 'released'].includes(await answered), what)
        await until(`${what} is free`, async () => (await keysOf(redis, of)).every((key) => key.startsWith('fence')))
      }
    }
  })

  test('before others are called up lets them have their turn', async () => {
    const locks = lockOf(redis, { fair: true })
    const first = await got(locks.acquire('r', LONG))
    const controllers = Array.from({ length: 6 }, () => new AbortController())
    const left = controllers.map(({ signal }) => assert.rejects(locks.acquire('r', LONG, { waitMs: PATIENCE, signal }), { name: 'AbortError' }))
    await until('they stand in line', async () => Number(await redis.command('ZCARD', namesOf(locks, 'r').queue)) === 6)
    const last = locks.acquire('r', LONG, { waitMs: PATIENCE })
    await until('the last one does', async () => Number(await redis.command('ZCARD', namesOf(locks, 'r').queue)) === 7)
    // The first of them is called up and has gone: whoever goes calls up the next.
    for (const controller of controllers) controller.abort()
    void first.release()
    await Promise.all(left)
    await (await got(last)).release()
  })
})
