import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { DistributedLock } from '../index.js'
import { LockServers } from './support/lock-servers'
import { abortOf, got, granted, inTurns, LONG, namesOf, passed, PATIENCE } from './support/lock-tools'
import { until } from './support/until'

describe('a lock of most of three servers', () => {
  test('is one holder’s at a time, and known to all of them', async () => {
    await using all = await LockServers.start()
    const locks = await all.lock()
    const others = await all.lock({ prefix: locks.prefix })
    const { lock: key } = namesOf(locks, 'r')
    const lock = await got(locks.acquire('r', LONG))
    await until('all have it', async () => (await all.holders(key)).every((token) => token === lock.token))
    assert.deepEqual([await others.acquire('r', LONG), await locks.acquire('r', LONG)], [null, null])
    assert.equal(await lock.extend(2 * LONG), true)
    assert.equal(await lock.release(), 'released')
    await until('none has it', async () => (await all.holders(key)).every((token) => token === null))
    const next = await granted(() => others.acquire('r', LONG))
    assert.ok(next.fencingToken > lock.fencingToken)
    assert.equal(await others.release('r', next), true)
  })

  test('of several resources is of all or none', async () => {
    await using all = await LockServers.start()
    const [locks, others] = [await all.lock({ prefix: 'q' }), await all.lock({ prefix: 'q' })]
    const inTheWay = await got(others.acquire('b', LONG))
    assert.equal(await locks.acquire(['a', 'b', 'c'], LONG), null)
    await inTheWay.release()
    const lock = await granted(() => locks.acquire(['a', 'b', 'c'], LONG))
    assert.equal(await others.acquire('c', LONG), null)
    assert.equal(await lock.release(), 'released')
    await until('none has any', async () => (await Promise.all(['a', 'b', 'c'].map((name) => all.holders(`q:${name}`)))).flat().every((token) => token === null))
  })

  test('does not need the one that is down', async () => {
    await using all = await LockServers.start()
    const locks = await all.lock()
    await all.servers[1]!.crash()
    for (let round = 0; round < 3; round++) {
      const lock = await got(locks.acquire('r', LONG))
      assert.equal(await lock.extend(LONG), true)
      assert.equal(await lock.release(), 'released')
    }
  })

  test('does not wait for the one that hangs, nor leaves it locked', async () => {
    await using all = await LockServers.start()
    const locks = await all.lock()
    const { lock: key } = namesOf(locks, 'r')
    await (await got(locks.acquire('r', LONG))).release()
    all.servers[2]!.kill('SIGSTOP')
    const begun = performance.now()
    for (let round = 0; round < 5; round++) {
      const lock = await got(locks.acquire('r', LONG))
      assert.equal(await lock.release(), 'released')
    }
    // It is given 5 s each time, as much as its client gives to a command.
    const ms = performance.now() - begun
    assert.ok(ms < 4000, `five times took ${ms} ms`)
    all.servers[2]!.kill('SIGCONT')
    await until('none has it', async () => (await all.holders(key)).every((token) => token === null))
  })

  for (const how of ['are down', 'hang'] as const) {
    test(`is not given where two ${how}, and stays nowhere`, async () => {
      await using all = await LockServers.start()
      const locks = await all.lock({}, { commandTimeout: 1000 })
      const { lock: key } = namesOf(locks, 'r')
      if (how === 'are down') await Promise.all([all.servers[0]!.crash(), all.servers[1]!.crash()])
      else all.proxies.slice(0, 2).forEach((proxy) => proxy.freeze())
      const begun = performance.now()
      const end: any = await locks.acquire('r', LONG).catch((error) => error)
      assert.ok(performance.now() - begun < 3000)
      assert.ok(end === null || ['ERR_UNAVAILABLE', 'ERR_TIMEOUT'].includes(end.code), String(end))
      await until('the third has it no more', async () => (await all.direct[2]!.command('GET', key)) === null)
      if (how === 'are down') await Promise.all([all.servers[0]!.start(), all.servers[1]!.start()])
      else all.proxies.forEach((proxy) => proxy.thaw())
      await until('none has it', async () => (await all.holders(key)).every((token) => token === null))
      const lock = await granted(() => locks.acquire('r', LONG).catch(() => null))
      assert.equal(await lock.release(), 'released')
    })
  }

  test('whose votes were split is given back at once', async () => {
    await using all = await LockServers.start()
    const locks = await all.lock()
    const { lock: key } = namesOf(locks, 'r')
    for (const i of [0, 1]) await all.direct[i]!.command('SET', key, 'of another', 'PX', String(LONG))
    assert.equal(await locks.acquire('r', LONG), null)
    await until('the third is free', async () => (await all.holders(key))[2] === null)
    assert.deepEqual(await all.holders(key), ['of another', 'of another', null])
  })

  test('is had by each of many in the end, whose votes are split all the time', async () => {
    await using all = await LockServers.start()
    const callers = await Promise.all(Array.from({ length: 3 }, () => all.lock({ prefix: 'q' })))
    let inside = 0
    const work = async (locks: DistributedLock) => {
      for (let round = 0; round < 3; round++) {
        await locks.withLock('r', async () => {
          assert.equal(++inside, 1)
          await passed(2)
          inside--
        }, { ttl: LONG, waitMs: PATIENCE })
      }
    }
    await Promise.all(callers.map(work))
    await until('none has it', async () => (await all.holders('q:r')).every((token) => token === null))
  })

  test('is waited for', async () => {
    await using all = await LockServers.start()
    const locks = await all.lock()
    const first = await got(locks.acquire('r', LONG))
    assert.equal(await locks.acquire('r', LONG, { waitMs: 500 }), null)
    const waits = Array.from({ length: 3 }, () => locks.acquire('r', LONG, { waitMs: PATIENCE }))
    await passed(50)
    await first.release()
    await inTurns(waits)
    for (const direct of all.direct) {
      await until('no line is left', async () => Number(await direct.command('EXISTS', namesOf(locks, 'r').queue, namesOf(locks, 'r').waiting)) === 0)
    }
  })
})

describe('a lock of an even number of servers', () => {
  test('two to two is nobody’s, and settles', async () => {
    for (const count of [2, 4]) {
      await using all = await LockServers.start(count)
      const locks = await all.lock()
      const { lock: key } = namesOf(locks, 'r')
      for (const direct of all.direct.slice(count / 2)) await direct.command('SET', key, 'of another', 'PX', String(LONG))
      assert.equal(await locks.acquire('r', LONG), null)
      assert.equal(await locks.acquire('r', LONG, { waitMs: 500 }), null)
      await until('ours are free', async () => (await all.holders(key)).filter((token) => token === null).length === count / 2)
      for (const direct of all.direct) await direct.command('DEL', key)
      await (await granted(() => locks.acquire('r', LONG))).release()
    }
  })
})

describe('a lock of most servers that is renewed', () => {
  test('is claimed again where a server has lost it, and outlives the others in turn', async () => {
    await using all = await LockServers.start()
    const locks = await all.lock()
    const { lock: key } = namesOf(locks, 'r')
    const lock = await granted(() => locks.acquire('r', 2000, { renew: true }))
    for (const server of all.servers) {
      await server.crash()
      await server.start()
      await until('all have it', async () => (await all.holders(key)).every((token) => token === lock.token))
    }
    assert.equal(lock.signal.aborted, false)
    assert.equal(await lock.release(), 'released')
    await until('none has it', async () => (await all.holders(key)).every((token) => token === null))
  })

  test('is lost when most have lost it, and another’s lock is not touched', async () => {
    await using all = await LockServers.start()
    const locks = await all.lock()
    const { lock: key } = namesOf(locks, 'r')
    const lock = await granted(() => locks.acquire('r', 2000, { renew: true }))
    for (const i of [0, 2]) await all.direct[i]!.command('SET', key, 'of another', 'PX', String(LONG))
    assert.equal((await abortOf(lock.signal)).reason, 'stolen')
    assert.equal(await lock.release(), 'stolen')
    await until('ours is free', async () => (await all.holders(key))[1] === null)
    assert.deepEqual(await all.holders(key), ['of another', null, 'of another'])
  })

  test('is lost at its deadline when two cannot be reached', async () => {
    await using all = await LockServers.start()
    const lock = await granted(async () => (await all.lock()).acquire('r', 1500, { renew: true }))
    all.proxies.slice(1).forEach((proxy) => proxy.freeze())
    const deadline = performance.now() + lock.remainingMs()
    assert.equal((await abortOf(lock.signal)).reason, 'unreachable')
    const late = performance.now() - deadline
    assert.ok(late > -5 && late < 1500, `${late} ms behind the deadline`)
  })
})
