import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import type { DistributedLock } from '../index.js'
import { onEveryBackend } from './support/backends'
import { fresh } from './support/cache-tools'
import { got, keysOf, LONG, lockOf, namesOf, PATIENCE } from './support/lock-tools'
import { slotOf } from './support/slots'
import { until } from './support/until'

onEveryBackend('several resources', (backend) => {
  let locks: DistributedLock & { prefix: string }
  let others: DistributedLock
  before(async () => {
    locks = lockOf(backend.redis)
    others = lockOf(await backend.connect(), { prefix: locks.prefix })
  })
  /** In a cluster they are not all on one node. */
  const some = (count = 6) => {
    const names = Array.from({ length: count }, () => fresh())
    assert.ok(new Set(names.map((name) => slotOf(namesOf(locks, name).lock))).size > 1)
    return names
  }
  const holders = async (names: readonly string[]) => new Set(await Promise.all(names.map(async (name) => (await locks.inspect(name)).token)))
  /** In a cluster what was taken before the one in the way is given back behind the answer. */
  const untilFree = (names: readonly string[]) => until('they are free', async () => [...(await holders(names))].every((token) => token === null))

  test('are locked together, and together given back', async () => {
    const names = some()
    const lock = await got(locks.acquire(names, LONG))
    assert.deepEqual([lock.resources, lock.resource], [[...names].sort(), [...names].sort()[0]])
    assert.deepEqual(await holders(names), new Set([lock.token]))
    for (const name of names) assert.equal(await others.acquire(name, LONG), null)
    assert.equal(await lock.extend(2 * LONG), true)
    for (const name of names) assert.ok((await locks.inspect(name)).ttlMs > LONG)
    assert.equal(await lock.release(), 'released')
    assert.deepEqual(await holders(names), new Set([null]))
  })

  test('are all had or none, whichever is in the way', async () => {
    const names = some()
    for (const name of names) {
      const inTheWay = await got(others.acquire(name, LONG))
      assert.equal(await locks.acquire(names, LONG), null)
      await untilFree(names.filter((other) => other !== name))
      assert.equal((await locks.inspect(name)).token, inTheWay.token)
      await inTheWay.release()
    }
    assert.equal(await (await got(locks.acquire(names, LONG))).release(), 'released')
  })

  test('in part the same are had by one of many who ask at once', async () => {
    const names = some()
    const asked = Array.from({ length: 12 }, (_, i) => (i % 2 ? locks : others).acquire([names[i % 6]!, names[(i + 1) % 6]!, names[(i + 2) % 6]!], LONG))
    const given = (await Promise.all(asked)).filter((lock) => lock !== null)
    const held = given.flatMap(({ resources }) => resources)
    assert.equal(new Set(held).size, held.length, 'one was given twice')
    await Promise.all(given.map((lock) => lock.release()))
    await untilFree(names)
  })

  test('are waited for without holding any meanwhile', async () => {
    const names = some().sort()
    const inTheWay = await got(others.acquire(names.at(-1)!, LONG))
    const waiting = locks.acquire(names, LONG, { waitMs: PATIENCE })
    await until('it stands in line', async () => (await keysOf(backend.redis, locks)).some((key) => key === namesOf(locks, names.at(-1)!).queue))
    // In a cluster it takes the first ones with each try, and gives them back.
    for (const name of names.slice(0, -1)) await until('it is free', async () => (await (await others.acquire(name, LONG))?.release()) === 'released')
    await inTheWay.release()
    const lock = await got(waiting)
    assert.deepEqual(await holders(names), new Set([lock.token]))
    assert.equal(await lock.release(), 'released')
    await until('nobody stands in line', async () => (await keysOf(backend.redis, locks)).every((key) => !key.startsWith('queue')))
  })

  test('that two want in a different order block neither', async () => {
    const names = some(2)
    let inside = 0
    const work = async () => {
      assert.equal(++inside, 1)
      await new Promise(setImmediate)
      inside--
    }
    const caller = async (from: DistributedLock, order: string[]) => {
      for (let round = 0; round < 6; round++) await from.withLock(order, work, { ttl: LONG, waitMs: PATIENCE })
    }
    await Promise.all([caller(locks, names), caller(others, names.toReversed())])
    await untilFree(names)
  })

  test('are lost together where one of them is', async () => {
    const names = some()
    const lock = await got(locks.acquire(names, LONG))
    await backend.redis.command('SET', namesOf(locks, names[3]!).lock, 'of another', 'PX', String(LONG))
    assert.equal(await lock.extend(LONG), false)
    assert.equal(lock.signal.reason.reason, 'stolen')
    assert.equal(await lock.release(), 'stolen')
    assert.deepEqual(await holders(names), new Set([null, 'of another']), 'what was ours is free')
  })

  test('as many as 128 are one lock', async () => {
    const names = some(128)
    const lock = await got(locks.acquire(names, LONG))
    assert.equal(lock.resources.length, 128)
    assert.equal(await others.acquire(names.slice(100, 102), LONG), null)
    assert.equal(await lock.release(), 'released')
    await (await got(others.acquire(names, LONG))).release()
  })
})
