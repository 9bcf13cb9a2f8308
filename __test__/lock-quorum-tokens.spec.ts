import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { LockServers } from './support/lock-servers'
import { granted, LONG, lockOf, namesOf } from './support/lock-tools'
import { until } from './support/until'

const TROUBLED = { commandTimeout: 2000 }

describe('fencing tokens of most servers', () => {
  test('rise whichever of them vote, though one of their clocks is ahead', async () => {
    await using all = await LockServers.start()
    const locks = await all.lock({}, TROUBLED)
    const { fence } = namesOf(locks, 'r')
    let last = (Date.now() + 3_600_000) * 1000
    // As it has given one when its clock was an hour ahead.
    await all.direct[0]!.command('SET', fence, String(last), 'PX', String(LONG))
    for (const away of [2, 0, 1, 0, 2, 1]) {
      all.proxies[away]!.freeze()
      const lock = await granted(() => locks.acquire('r', LONG).catch(() => null))
      assert.ok(lock.fencingToken > last, `${lock.fencingToken} after ${last}, without server ${away}`)
      last = lock.fencingToken
      assert.ok(['released', 'unknown'].includes(await lock.release()))
      all.proxies[away]!.thaw()
      await until('none has it', async () => (await all.holders(namesOf(locks, 'r').lock)).every((token) => token === null))
    }
  })

  test('are kept by most before the lock is given', async () => {
    await using all = await LockServers.start()
    const locks = await all.lock()
    const { fence } = namesOf(locks, 'r')
    const ahead = (Date.now() + 3_600_000) * 1000
    await all.direct[1]!.command('SET', fence, String(ahead), 'PX', String(LONG))
    for (let round = 0; round < 20; round++) {
      const lock = await granted(() => locks.acquire('r', LONG))
      const kept = (await all.holders(fence)).filter((token) => Number(token) >= lock.fencingToken)
      assert.ok(kept.length >= 2, `${kept.length} servers know of it`)
      await lock.release()
    }
    for (const direct of all.direct) assert.ok(Number(await direct.command('PTTL', fence)) > LONG)
  })

  test('rise for each of those who take turns', async () => {
    await using all = await LockServers.start()
    const callers = await Promise.all(Array.from({ length: 3 }, () => all.lock({ prefix: 'q' })))
    const given: number[] = []
    const work = async (locks: ReturnType<typeof lockOf>) => {
      for (let round = 0; round < 5; round++) await locks.withLock('r', ({ fencingToken }) => given.push(fencingToken), { ttl: LONG, waitMs: 60_000 })
    }
    await Promise.all(callers.map(work))
    assert.deepEqual(given, given.toSorted((a, b) => a - b))
    assert.equal(new Set(given).size, 15)
  })
})

describe('a lock of most servers that answer late', () => {
  test('is not given when its time is over, and given back', async () => {
    await using all = await LockServers.start()
    const locks = await all.lock({}, TROUBLED)
    for (const proxy of all.proxies) proxy.delayMs = 60
    const end: any = await locks.acquire('r', 150).catch((error) => error)
    assert.ok(end === null || ['ERR_TIMEOUT', 'ERR_UNAVAILABLE'].includes(end.code), String(end))
    await until('none has it', async () => (await all.holders(namesOf(locks, 'r').lock)).every((token) => token === null))
  })

  test('counts from when the first was asked', async () => {
    await using all = await LockServers.start()
    const locks = await all.lock()
    for (const proxy of all.proxies) proxy.delayMs = 40
    const begun = performance.now()
    const lock = await granted(() => locks.acquire('r', 60_000))
    const spent = performance.now() - begun
    // Two rounds: the second tells of the token.
    assert.ok(spent > 155 && lock.remainingMs() <= 60_000 - 602 - 155, String(60_000 - lock.remainingMs()))
    assert.equal(await lock.release(), 'released')
  })
})
