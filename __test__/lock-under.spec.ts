import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { RedwrightError } from '../index.js'
import { deferred } from './support/cache-tools'
import { LockStandIn } from './support/lock-stand-in'

function made(kind = 0) {
  const stand = new LockStandIn()
  const locks = stand.locks({ kind })
  return { stand, under: (resource: unknown, fn: (lock: any) => unknown, options?: object, mode = 0) => locks.under(resource, fn, options, mode), locks }
}
const lost = (reason: string) => ({ name: 'RedwrightError', code: 'ERR_LOCK_LOST', reason })
const away = new RedwrightError('ERR_TIMEOUT', 'no reply', { maybeExecuted: true })

describe('a function under a lock', () => {
  test('runs while it is held, and what it gives is given', async () => {
    const { stand, under } = made()
    let seen: any
    const given = await under('r', async (lock) => {
      seen = lock
      assert.equal(stand.server.get('r')!.token, lock.token)
      return 42
    })
    assert.equal(given, 42)
    assert.equal(stand.server.size, 0)
    assert.equal(seen.isValid(), false)
    // Renewed, ten times 200 ms of waiting, 10 s.
    assert.deepEqual(stand.asked, ['acquire r 10000 2000 0 2 3600000 0 1000 0', 'release'])
  })

  test('need not be async', async () => {
    const { under } = made()
    assert.equal(await under('r', () => 'plain'), 'plain')
  })

  test('waits as long as retries would have taken, or as waitMs says', async () => {
    const { stand, under } = made()
    const waits: [object, number][] = [
      [{ retries: 3, retryDelay: 50 }, 150],
      [{ retries: 0 }, 0],
      [{ retryDelay: 0 }, 0],
      [{ retries: 1_000_000, retryDelay: '1d' }, 2 ** 31 - 1],
      [{ retries: 3, waitMs: '5s' }, 5000],
      [{ waitMs: 0 }, 0],
    ]
    for (const [options] of waits) await under('r', () => {}, { ttl: 500, ...options })
    const asked = stand.asked.filter((what) => what !== 'release')
    assert.deepEqual(asked.map((what) => what.split(' ').slice(2, 4).map(Number)), waits.map(([, waitMs]) => [500, waitMs]))
  })

  test('is not run where another holds the lock; the error says when it may be free', async () => {
    const { stand, under } = made()
    stand.server.set('r', { token: 'hunter2', endsAt: stand.now + 5000 })
    let ran = false
    await assert.rejects(under('r', () => (ran = true)), (error: any) => {
      assert.deepEqual([error.name, error.code, error.retryable, error.maybeExecuted, ran], ['RedwrightError', 'ERR_BUSY', true, false, false])
      assert.ok(error.retryAfterMs > 4000 && error.retryAfterMs <= 5000)
      assert.doesNotMatch(error.message, /hunter2/)
      return true
    })
    assert.equal(stand.server.get('r')!.token, 'hunter2')
  })

  test('is not run where nobody answers', async () => {
    const { stand, under } = made()
    stand.fails = away
    let ran = false
    await assert.rejects(under('r', () => (ran = true)), away)
    assert.equal(ran, false)
  })

  for (const [what, fails] of [['throws', () => { throw new Error('mine') }], ['rejects', async () => { throw new Error('mine') }]] as const) {
    test(`that ${what} comes through, whatever becomes of the lock`, async () => {
      for (const release of ['released', 'expired', 'stolen', 'unknown']) {
        const { stand, under } = made()
        const running = under('r', (lock) => {
          if (release === 'expired') stand.server.clear()
          if (release === 'stolen') stand.server.set('r', { token: 'other', endsAt: Infinity })
          if (release === 'unknown') stand.fails = away
          if (release !== 'released') stand.advance(10_000)
          assert.equal(lock.isValid(), release === 'released')
          return fails()
        })
        await assert.rejects(running, (error: any) => error.message === 'mine' && error.cause === undefined)
        assert.equal(stand.asked.at(-1), 'release')
      }
    })
  }

  test('that ends well is told that the lock was lost', async () => {
    const ways: [reason: string, lose: (stand: LockStandIn, lock: any) => void][] = [
      ['expired', (stand) => stand.advance(10_000)],
      ['unreachable', (stand) => (stand.freeze(), stand.advance(10_000))],
      ['stolen', (stand, lock) => stand.tell(lock.token, 2)],
      // Nobody knows of it before the release.
      ['expired', (stand) => stand.server.clear()],
      ['stolen', (stand) => stand.server.set('r', { token: 'other', endsAt: Infinity })],
    ]
    for (const [reason, lose] of ways) {
      const { stand, under, locks } = made()
      await assert.rejects(under('r', (lock) => lose(stand, lock)), lost(reason))
      assert.equal(stand.asked.at(-1), 'release')
      assert.deepEqual([locks.metrics().lost, locks.metrics().held], [1, 0])
    }
  })

  test('ends well where nobody knows whether the lock was given back', async () => {
    const { stand, under } = made()
    assert.equal(await under('r', () => ((stand.fails = away), 'done')), 'done')
  })

  test('may give the lock back itself', async () => {
    const { stand, under } = made()
    assert.equal(await under('r', async (lock) => lock.release()), 'released')
    assert.deepEqual(stand.asked.slice(1), ['release'])
    await assert.rejects(under('r', async (lock) => (stand.advance(10_000), lock.release())), lost('expired'))
  })

  test('gets a signal that has it stop', async () => {
    const { stand, under } = made()
    const running = under('r', async (lock) => {
      const stopped = deferred<unknown>()
      lock.signal.addEventListener('abort', () => stopped.resolve(lock.signal.reason))
      stand.tell(lock.token, 2)
      throw await stopped.promise
    })
    await assert.rejects(running, lost('stolen'))
  })

  test('is not awaited for ever by an abort of the waiting', async () => {
    const { stand, under } = made()
    stand.gate = new Promise(() => {})
    const controller = new AbortController()
    const running = under('r', () => assert.fail(), { signal: controller.signal })
    controller.abort('no more')
    await assert.rejects(running, (reason) => reason === 'no more')
  })
})

describe('a lock that is handed over', () => {
  test('is the one that the function runs under, and is held on', async () => {
    const { stand, under, locks } = made()
    const held = await locks.acquire(['a', 'b'], 10_000, undefined, 0)
    assert.equal(await under('a', (lock) => lock === held, { held }), true)
    assert.equal(await under(['b', 'a'], (lock) => lock === held, { held }), true)
    assert.equal(held.isValid(), true)
    assert.equal(stand.asked.length, 1)
  })

  test('must be held still, before and after', async () => {
    const { stand, under, locks } = made()
    const held = await locks.acquire('r', 10_000, undefined, 0)
    await assert.rejects(under('r', () => stand.advance(10_000), { held }), lost('expired'))
    await assert.rejects(under('r', () => assert.fail(), { held }), lost('expired'))
    const back = await locks.acquire('r', 10_000, undefined, 0)
    await back.release()
    await assert.rejects(under('r', () => assert.fail(), { held: back }), lost('expired'))
  })

  test('whose function fails gives its error', async () => {
    const { stand, under, locks } = made()
    const held = await locks.acquire('r', 10_000, undefined, 0)
    await assert.rejects(under('r', () => { stand.advance(10_000); throw new Error('mine') }, { held }), /^Error: mine$/)
  })

  test('must cover what is asked for', async () => {
    const { under, locks, stand } = made()
    const held = await locks.acquire('r', 10_000, undefined, 0)
    const wrong = { name: 'TypeError', code: 'ERR_INVALID_ARG' }
    await assert.rejects(under('q', () => assert.fail(), { held }), wrong)
    await assert.rejects(under(['q', 'r'], () => assert.fail(), { held }), wrong)
    for (const none of [null, 'token', {}, held.token]) await assert.rejects(under('r', () => assert.fail(), { held: none }), wrong)
    const other = await stand.locks({ kind: 1, permits: 1 }).acquire('r2', 1000, undefined, 0)
    await assert.rejects(under('r2', () => assert.fail(), { held: other }), wrong)
  })

  test('for reading serves readers only, one for writing both', async () => {
    const { under, locks } = made(2)
    const reads = await locks.acquire('r', 10_000, undefined, 1)
    assert.equal(await under('r', () => 'read', { held: reads }, 1), 'read')
    await assert.rejects(under('r', () => assert.fail(), { held: reads }, 0), { name: 'TypeError' })
    await reads.release()
    const writes = await locks.acquire('r', 10_000, undefined, 0)
    assert.deepEqual([await under('r', () => 1, { held: writes }, 0), await under('r', () => 2, { held: writes }, 1)], [1, 2])
  })
})
