import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { RedwrightError } from '../index.js'
import { deferred } from './support/cache-tools'
import { LockStandIn } from './support/lock-stand-in'
import { until } from './support/until'

/** A lock that is held, of resource `r`, and what stands behind it. */
async function held(ttlMs = 10_000, options?: object, resource: string | string[] = 'r') {
  const stand = new LockStandIn()
  const locks = stand.locks()
  const lock = await locks.acquire(resource, ttlMs, options, 0)
  return { stand, locks, lock, counts: () => locks.metrics() }
}
const lost = (reason: string) => ({ name: 'RedwrightError', code: 'ERR_LOCK_LOST', reason, retryable: false })
/** The timer of a signal does not keep the process alive; this does. */
const aborted = (signal: AbortSignal) => until('it aborts', () => signal.aborted)
const away = new RedwrightError('ERR_TIMEOUT', 'no reply', { maybeExecuted: true })

describe('a lock that is held', () => {
  test('knows what it is of, and is its own token', async () => {
    const { lock } = await held(10_000, undefined, ['b', 'a'])
    assert.match(lock.token, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/)
    assert.equal(`${lock}`, lock.token)
    assert.deepEqual([lock.resource, lock.resources], ['a', ['a', 'b']])
    assert.ok(Number.isSafeInteger(lock.fencingToken))
    assert.equal(lock.replicas, 0)
    assert.deepEqual(Object.keys(lock).sort(), ['fencingToken', 'replicas', 'token'])
  })

  test('is valid until its deadline, which is before the end of its time on the server', async () => {
    const { lock, stand } = await held()
    assert.equal(lock.isValid(), true)
    const left = lock.remainingMs()
    assert.ok(left > 9000 && left <= 10_000 - 102, String(left))
    stand.advance(9899)
    assert.deepEqual([lock.isValid(), lock.remainingMs()], [false, 0])
    assert.equal(stand.server.get('r')!.endsAt > stand.now, true)
  })

  test('makes no signal and no timer that nobody reads', async () => {
    const before = process.getActiveResourcesInfo().length
    const { lock } = await held()
    lock.isValid()
    assert.equal(process.getActiveResourcesInfo().length, before)
    await lock.release()
  })
})

describe('its signal', () => {
  test('aborts at the deadline, whatever the network does, and not before', async () => {
    const { lock, stand } = await held(60)
    stand.gate = new Promise(() => {})
    assert.equal(lock.signal, lock.signal)
    await aborted(lock.signal)
    assert.ok(lock.remainingMs() === 0 && !lock.isValid())
    assert.throws(() => lock.signal.throwIfAborted(), lost('expired'))
  })

  test('is right on the first line after the event loop was blocked', async () => {
    const { lock, stand } = await held()
    const { signal } = lock
    assert.equal(signal.aborted, false)
    stand.advance(10_000)
    assert.equal(lock.signal.aborted, true)
    assert.equal(signal.aborted, true, 'it is the same one')
  })

  test('is aborted already where it is first read too late', async () => {
    const { lock, stand } = await held()
    stand.advance(10_000)
    assert.throws(() => lock.signal.throwIfAborted(), lost('expired'))
  })

  test('follows a renewal', async () => {
    const { lock, stand } = await held(60, { renew: true })
    let abortedAt = 0
    lock.signal.addEventListener('abort', () => (abortedAt = stand.now))
    stand.renew(200)
    const deadline = stand.now + lock.remainingMs()
    await until('it aborts', () => abortedAt > 0)
    assert.ok(abortedAt >= deadline - 1, `${deadline - abortedAt} ms too early`)
  })

  test('aborts as soon as a renewal finds the lock gone, or with another', async () => {
    for (const [reason, name] of [[1, 'expired'], [2, 'stolen']] as const) {
      const { lock, stand, counts } = await held(10_000, { renew: true })
      const { signal } = lock
      stand.tell(lock.token, reason)
      assert.throws(() => signal.throwIfAborted(), lost(name))
      assert.equal(lock.isValid(), false)
      assert.equal(counts().lost, 1)
    }
  })

  test('says that it was unreachable where renewals had no answer', async () => {
    const { lock, stand } = await held(10_000, { renew: true })
    stand.freeze()
    stand.advance(10_000)
    assert.throws(() => lock.signal.throwIfAborted(), lost('unreachable'))
  })

  test('does not abort when the lock is given back, first read before or after', async () => {
    for (const early of [true, false]) {
      const { lock, stand } = await held(40)
      if (early) void lock.signal
      assert.equal(await lock.release(), 'released')
      stand.advance(1000)
      await new Promise((resolve) => setTimeout(resolve, 60))
      assert.equal(lock.signal.aborted, false)
      assert.equal(lock.isValid(), false)
    }
  })

  test('does not keep the process alive', async () => {
    const { lock } = await held()
    const before = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
    void lock.signal
    assert.equal(process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length, before)
  })
})

describe('release', () => {
  test('says what became of the lock', async () => {
    const released = await held()
    assert.equal(await released.lock.release(), 'released')
    const expired = await held()
    expired.stand.server.clear()
    assert.equal(await expired.lock.release(), 'expired')
    const stolen = await held()
    stolen.stand.server.set('r', { token: 'other', endsAt: Infinity })
    assert.equal(await stolen.lock.release(), 'stolen')
    assert.equal(stolen.stand.server.get('r')!.token, 'other')
    const unknown = await held()
    unknown.stand.fails = away
    assert.equal(await unknown.lock.release(), 'unknown')
    assert.deepEqual([released, expired, stolen, unknown].map(({ counts }) => [counts().released, counts().lost]), [[1, 0], [0, 1], [0, 1], [0, 0]])
  })

  test('asks once, however often it is called, and ends the lock at once', async () => {
    const { lock, stand } = await held()
    const first = lock.release()
    assert.deepEqual([lock.isValid(), lock.remainingMs()], [false, 0])
    assert.equal(lock.release(), first)
    assert.equal(await first, 'released')
    assert.equal(await lock.release(), 'released')
    assert.deepEqual(stand.asked.slice(1), ['release'])
  })

  test('gives back what is there still after the deadline', async () => {
    const { lock, stand, counts } = await held()
    stand.advance(9950)
    assert.equal(lock.isValid(), false)
    assert.equal(await lock.release(), 'released')
    assert.equal(stand.server.size, 0)
    assert.equal(counts().lost, 1)
  })

  test('is what the end of a block does', async () => {
    const { lock, stand } = await held()
    assert.equal(await lock[(Symbol as any).asyncDispose ?? Symbol.for('Symbol.asyncDispose')](), undefined)
    assert.equal(stand.server.size, 0)
  })
})

describe('extend', () => {
  test('moves the deadline, later and earlier', async () => {
    const { lock, stand } = await held()
    assert.equal(await lock.extend('1m'), true)
    assert.ok(lock.remainingMs() > 59_000)
    void lock.signal
    assert.equal(await lock.extend(50), true)
    assert.ok(lock.remainingMs() < 50)
    await aborted(lock.signal)
    assert.deepEqual(stand.asked.slice(1), ['extend 60000', 'extend 50'])
  })

  test('finds out that the lock is lost', async () => {
    const stolen = await held()
    const { signal } = stolen.lock
    stolen.stand.server.set('r', { token: 'other', endsAt: Infinity })
    assert.equal(await stolen.lock.extend(1000), false)
    assert.throws(() => signal.throwIfAborted(), lost('stolen'))
    const gone = await held()
    gone.stand.server.clear()
    assert.equal(await gone.lock.extend(1000), false)
    assert.throws(() => gone.lock.signal.throwIfAborted(), lost('expired'))
  })

  test('does not ask for what is lost or given back', async () => {
    const late = await held()
    late.stand.advance(10_000)
    assert.equal(await late.lock.extend(1000), false)
    const back = await held()
    await back.lock.release()
    assert.equal(await back.lock.extend(1000), false)
    assert.deepEqual([late.stand.asked.length, back.stand.asked.length], [1, 2])
  })

  test('rejects without an answer, and the lock is held until its deadline', async () => {
    const { lock, stand } = await held()
    stand.fails = away
    await assert.rejects(lock.extend(1000), away)
    assert.equal(lock.isValid(), true)
    assert.equal(lock.signal.aborted, false)
  })

  test('is no success where the answer came after the loss', async () => {
    const { lock, stand } = await held()
    const gate = deferred()
    stand.gate = gate.promise
    const extending = lock.extend(60_000)
    stand.advance(9900)
    assert.equal(lock.isValid(), false)
    gate.resolve()
    assert.equal(await extending, false)
    assert.equal(lock.isValid(), false)
  })

  test('refuses a wrong time, and the lock stays as it was', async () => {
    const { lock, stand } = await held()
    for (const ttl of [0, -1, NaN, Infinity, 2 ** 31]) await assert.rejects(lock.extend(ttl), { name: 'RangeError', code: 'ERR_INVALID_ARG' })
    for (const ttl of [undefined, null, '10', {}]) await assert.rejects(lock.extend(ttl), { name: 'TypeError', code: 'ERR_INVALID_ARG' })
    assert.equal(stand.asked.length, 1)
    assert.equal(lock.isValid(), true)
  })
})

describe('acquire', () => {
  test('gives nothing where another holds it, and counts that', async () => {
    const { locks, counts } = await held()
    assert.equal(await locks.acquire('r', 1000, undefined, 0), null)
    assert.deepEqual(counts(), { acquired: 1, busy: 1, released: 0, lost: 0, held: 1 })
  })

  test('hands over what was asked for', async () => {
    const { stand, locks } = await held()
    await locks.acquire('r', '2s', { waitMs: 5, maxHoldMs: '1m', fair: true, replicaTimeoutMs: 7 }, 0)
    await locks.acquire(['r', 'q'], undefined, { renew: true }, 0)
    await locks.acquire('r', 1, { renew: false, maxHoldMs: 9 }, 0)
    assert.deepEqual(stand.asked, [
      'acquire r 10000 0 0 0 3600000 0 1000 0',
      'acquire r 2000 5 0 3 60000 0 7 0',
      'acquire q+r 10000 0 0 2 3600000 0 1000 0',
      'acquire r 1 0 0 0 9 0 1000 0',
    ])
  })

  test('gives back a lock that crossed with an abort', async () => {
    const stand = new LockStandIn()
    const locks = stand.locks()
    const gate = deferred()
    stand.gate = gate.promise
    const controller = new AbortController()
    const acquiring = locks.acquire('r', 1000, { signal: controller.signal }, 0)
    const why = new Error('enough')
    controller.abort(why)
    await assert.rejects(acquiring, why)
    gate.resolve()
    await until('it is given back', () => stand.asked.includes('release') && stand.server.size === 0)
    assert.deepEqual(locks.metrics(), { acquired: 0, busy: 0, released: 0, lost: 0, held: 0 })
  })

  test('asks nothing for a signal that is aborted already', async () => {
    const { stand, locks } = await held()
    await assert.rejects(locks.acquire('q', 1000, { signal: AbortSignal.abort('no') }, 0), (reason) => reason === 'no')
    assert.equal(stand.asked.length, 1)
  })
})

describe('a class releases and extends', () => {
  test('by the lock or by its token, and says of the second time that it was not held', async () => {
    const { locks, lock } = await held()
    assert.equal(await locks.extend('r', lock, 5000, [0]), true)
    assert.equal(await locks.extend('r', lock.token, 5000, [0]), true)
    assert.equal(await locks.release('r', 'foreign', [0]), false)
    assert.equal(await locks.release('r', lock, [0]), true)
    assert.equal(await locks.release('r', lock, [0]), false)
    assert.equal(await locks.release('r', lock.token, [0]), false)
    assert.equal(await locks.extend('r', lock, 5000, [0]), false)
    const other = await locks.acquire('r', 1000, undefined, 0)
    assert.equal(await locks.release('r', other.token, [0]), true)
  })

  test('what nobody answered of rejects', async () => {
    const { locks, lock, stand } = await held()
    stand.fails = away
    await assert.rejects(locks.extend('r', lock, 5000, [0]), away)
    await assert.rejects(locks.release('r', 'token', [0]), away)
    await assert.rejects(locks.release('r', lock, [0]), away)
    await assert.rejects(locks.release('r', lock, [0]), away)
  })

  test('a token of a read-write lock whichever side it is of', async () => {
    const stand = new LockStandIn()
    const locks = stand.locks({ kind: 2 })
    const lock = await locks.acquire('r', 1000, undefined, 1)
    assert.equal(await locks.extend('r', lock.token, 1000, [1, 0]), true)
    assert.equal(await locks.release('r', lock.token, [1, 0]), true)
    assert.deepEqual(stand.asked.slice(1), ['extendToken 1', 'extendToken 0', 'releaseToken 1', 'releaseToken 0'])
  })

  test('several resources together', async () => {
    const { locks, lock } = await held(1000, undefined, ['a', 'b'])
    for (const some of ['a', ['a'], ['a', 'b', 'c']]) await assert.rejects(locks.release(some, lock, [0]), { name: 'TypeError', code: 'ERR_INVALID_ARG' })
    assert.equal(await locks.release(['b', 'a'], lock.token, [0]), true)
    assert.equal(await lock.release(), 'expired')
  })

  test('and nothing of another class, prefix or client', async () => {
    const { locks, stand } = await held()
    const others = [stand.locks({ kind: 2 }), stand.locks({ options: { prefix: 'other' } }), new LockStandIn().locks()]
    for (const other of others.slice(0, 2)) {
      const lock = await other.acquire('q', 1000, undefined, 0)
      await assert.rejects(locks.release('q', lock, [0]), { name: 'TypeError', code: 'ERR_INVALID_ARG' })
      await assert.rejects(locks.extend('q', lock, 1, [0]), { name: 'TypeError', code: 'ERR_INVALID_ARG' })
      assert.equal(await lock.release(), 'released')
    }
    const twin = await others[2].acquire('q', 1000, undefined, 0)
    assert.equal(await locks.release('q', twin, [0]), true, 'another object over the same client is the same lock')
  })
})

describe('a lock that is renewed', () => {
  test('is told of without being held by anybody else', async () => {
    const stand = new LockStandIn()
    const told = deferred<string>()
    await (async () => {
      const lock = await stand.locks().acquire('r', 10_000, { renew: true }, 0)
      lock.signal.addEventListener('abort', () => told.resolve(lock.signal.reason.reason))
      setImmediate(() => stand.tell(lock.token, 2))
    })()
    assert.equal(await told.promise, 'stolen')
  })

  test('is not told twice, nor when it was given back before', async () => {
    const { lock, stand, counts } = await held(10_000, { renew: true })
    const { token } = lock
    stand.tell(token, 1)
    stand.tell(token, 2)
    assert.throws(() => lock.signal.throwIfAborted(), lost('expired'))
    assert.equal(counts().lost, 1)
    const back = await held(10_000, { renew: true })
    const gate = deferred()
    back.stand.gate = gate.promise
    back.stand.tellBefore(back.lock.token, () => void back.lock.release())
    assert.equal(back.lock.signal.aborted, false)
    gate.resolve()
    assert.equal(await back.lock.release(), 'released')
    assert.equal(back.counts().lost, 0)
  })

  test('is let go when it was lost and nobody asks about it any more', async () => {
    const { stand, locks } = await held()
    await locks.acquire('gone', 100, { renew: true }, 0)
    stand.advance(100)
    for (let i = 0; i < 64; i++) await locks.acquire(`r${i}`, 100_000, { renew: true }, 0)
    assert.deepEqual([locks.metrics().lost, locks.metrics().held], [1, 65])
  })
})
