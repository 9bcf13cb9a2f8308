import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AcquireOptions, DistributedLock, HeldLock } from '../index.js'
import { onEveryBackend } from './support/backends'
import { got, inTurns, LONG, lockOf, namesOf, PATIENCE, readWriteLockOf, scriptCalls, semaphoreOf } from './support/lock-tools'
import { askAllBehind } from './support/servers-behind'
import { until } from './support/until'

const COUNT = 20

onEveryBackend('a lock that is given back', (backend) => {
  /** How many stand in line for `r`. */
  const queued = async (of: { prefix: string }) => Number(await backend.redis.command('ZCARD', namesOf(of, 'r').queue))
  const subscribed = async () => (await askAllBehind(backend.redis, 'PUBSUB', 'CHANNELS', 'redwright:wake:*')).flat().length

  test('wakes who waits at once', async () => {
    const [locks, fair] = [lockOf(backend.redis), lockOf(backend.redis, { fair: true })]
    const [permits, both] = [semaphoreOf(backend.redis, { permits: 1 }), readWriteLockOf(backend.redis)]
    const ways: [{ prefix: string }, (options?: AcquireOptions) => Promise<HeldLock | null>][] = [
      [locks, (options) => locks.acquire('r', LONG, options)],
      [fair, (options) => fair.acquire('r', LONG, options)],
      [permits, (options) => permits.acquire('r', LONG, options)],
      [both, (options) => both.write('r', LONG, options)],
    ]
    let spent = 0
    for (const [of, ask] of ways) {
      let held = await got(ask())
      for (let round = 0; round < 4; round++) {
        const waiting = ask({ waitMs: PATIENCE })
        await until('it stands in line, and can be called up', async () => (await queued(of)) === 1 && (await subscribed()) > 0)
        const begun = performance.now()
        await held.release()
        held = await got(waiting)
        spent += performance.now() - begun
      }
      await held.release()
    }
    // Who is not called up tries again after a second.
    assert.ok(spent < 8000, `16 hand-overs took ${spent} ms`)
  })

  for (const [what, options] of Object.entries({ 'who waits': {}, 'in the order of their coming who waits': { fair: true } } as Record<string, AcquireOptions>)) {
    test(`wakes ${what}, and only the first of them`, async () => {
      const here: DistributedLock & { prefix: string } = lockOf(backend.redis)
      const there = lockOf(await backend.connect(), { prefix: here.prefix })
      const first = await got(here.acquire('r', LONG))
      const waits = Array.from({ length: COUNT }, (_, i) => (i % 2 ? here : there).acquire('r', LONG, { waitMs: PATIENCE, ...options }))
      await until('all stand in line, and can be called up', async () => (await queued(here)) === COUNT && (await subscribed()) >= 2)
      const calls = backend.real ? await scriptCalls(backend.redis) : 0
      await first.release()
      await inTurns(waits)
      if (!backend.real) return
      const asked = (await scriptCalls(backend.redis)) - calls
      assert.ok(asked <= 6 * COUNT, `${asked} calls for ${COUNT} hand-overs`)
    })
  }

  test('is waited for over one subscription of each client', async () => {
    const client = await backend.connect()
    const before = await subscribed()
    const locks = [lockOf(client), lockOf(client), semaphoreOf(client, { permits: 1 })]
    const held = await Promise.all(locks.map((lock) => got(lock.acquire('r', LONG))))
    const waits = locks.flatMap((lock) => Array.from({ length: 5 }, () => lock.acquire('r', LONG, { waitMs: PATIENCE })))
    await until('all stand in line', async () => (await Promise.all(locks.map(queued))).every((count) => count === 5))
    await until('it is heard', async () => (await subscribed()) > before)
    assert.equal((await subscribed()) - before, 1)
    await Promise.all(held.map((lock) => lock.release()))
    await inTurns(waits)
  })

  test('as a permit or a writer wakes as many as may enter', async () => {
    const [permits, both] = [semaphoreOf(backend.redis, { permits: 3, fair: true }), readWriteLockOf(backend.redis)]
    const held = await Promise.all(Array.from({ length: 3 }, () => got(permits.acquire('r', LONG))))
    const writer = await got(both.write('r', LONG))
    const waits = Array.from({ length: 3 }, () => permits.acquire('r', LONG, { waitMs: PATIENCE }))
    const reads = Array.from({ length: 5 }, () => both.read('r', LONG, { waitMs: PATIENCE }))
    await until('all stand in line, and can be called up', async () => (await queued(permits)) === 3 && (await queued(both)) === 5 && (await subscribed()) > 0)
    const begun = performance.now()
    await Promise.all([...held, writer].map((lock) => lock.release()))
    // None of them waits for another to give it back.
    const all = await Promise.all([...waits, ...reads].map(got))
    assert.ok(performance.now() - begun < 5000)
    assert.deepEqual([(await permits.inspect('r')).taken, (await both.inspect('r')).readers], [3, 5])
    await Promise.all(all.map((lock) => lock.release()))
  })
})
