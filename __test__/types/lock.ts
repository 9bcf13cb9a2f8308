import {
  DistributedLock,
  fencedSet,
  ReadWriteLock,
  RedwrightError,
  Semaphore,
  type HeldLock,
  type LockLossReason,
  type LockMetrics,
  type LockState,
  type ReadWriteLockState,
  type Redis,
  type RedwrightErrorCode,
  type ReleaseOutcome,
  type SemaphoreState,
} from 'redwright'
import { is } from './assert'

declare const redis: Redis
declare const other: Redis
declare const signal: AbortSignal

export async function right(): Promise<void> {
  const locks = new DistributedLock(redis)
  new DistributedLock([redis, other], { name: 'orders', prefix: 'order', loopStallLimitMs: '10s', maxHoldMs: 5000 })
  new DistributedLock(redis, { replicas: 'majority', replicaTimeoutMs: 100, fair: true })
  const servers: readonly Redis[] = [redis, other]
  new DistributedLock(servers)

  is<HeldLock | null>()(await locks.acquire('r'))
  is<HeldLock | null>()(await locks.acquire('r', 10_000))
  is<HeldLock | null>()(await locks.acquire(['a', 'b'] as const, '10s', { waitMs: 500, signal, renew: true, maxHoldMs: '1m', replicas: 2, replicaTimeoutMs: 50, fair: false }))
  await using lock = await locks.acquire('r', 1000, { waitMs: 0 })
  if (lock === null) return
  is<string>()(lock.token)
  is<number>()(lock.fencingToken)
  is<string>()(lock.resource)
  is<readonly string[]>()(lock.resources)
  is<number>()(lock.replicas)
  is<AbortSignal>()(lock.signal)
  is<boolean>()(lock.isValid())
  is<number>()(lock.remainingMs())
  is<boolean>()(await lock.extend('10s'))
  is<ReleaseOutcome>()(await lock.release())
  is<string>()(`${lock}`)

  is<boolean>()(await locks.release('r', lock))
  is<boolean>()(await locks.release('r', lock.token))
  is<boolean>()(await locks.extend(['a', 'b'], lock, 1000))
  is<LockState>()(await locks.inspect('r'))
  is<LockMetrics>()(locks.metrics())

  is<number>()(await locks.withLock('r', async (held) => (is<HeldLock>()(held), 42)))
  is<string>()(await locks.withLock(['a', 'b'], () => 'plain', { ttl: 10_000, retries: 3, retryDelay: 50, held: lock }))
  await locks.withLock('r', () => {}, { waitMs: '1m', renew: false, fair: true, signal })

  // As the published snippets have it.
  const token = await locks.acquire('r', 5000)
  if (token) await locks.release('r', token)

  const permits = new Semaphore(redis, { permits: 3, fair: true })
  is<HeldLock | null>()(await permits.acquire('r', '1m', { waitMs: 10 }))
  is<boolean>()(await permits.withPermit('r', async () => true, { ttl: '30s' }))
  is<void>()(await permits.resize('r', 5))
  is<SemaphoreState>()(await permits.inspect('r'))
  is<boolean>()(await permits.release('r', lock))
  is<boolean>()(await permits.extend('r', 'token', 5))
  is<LockMetrics>()(permits.metrics())

  const sides = new ReadWriteLock(redis, { prefix: 'p', replicas: 1 })
  is<HeldLock | null>()(await sides.read('r'))
  is<HeldLock | null>()(await sides.write('r', 1000, { waitMs: 10, renew: true }))
  is<Date>()(await sides.withRead('r', () => new Date()))
  is<null>()(await sides.withWrite('r', async () => null, { held: lock }))
  is<ReadWriteLockState>()(await sides.inspect('r'))
  is<boolean>()(await sides.release('r', lock))
  is<boolean>()(await sides.extend('r', lock, 5))
  is<LockMetrics>()(sides.metrics())

  is<boolean>()(await fencedSet(redis, 'k', lock.fencingToken, { any: 'thing' }, { ttl: '1d' }))
  is<boolean>()(await fencedSet(redis, 'k', 1, new Uint8Array(), { ttl: Infinity }))

  try {
    await locks.withLock('r', () => {})
  } catch (error) {
    if (!(error instanceof RedwrightError)) throw error
    is<RedwrightErrorCode>()(error.code)
    if (error.code === 'ERR_LOCK_LOST') is<LockLossReason | undefined>()(error.reason)
    if (error.code === 'ERR_BUSY') is<number | undefined>()(error.retryAfterMs)
  }
  new RedwrightError('ERR_LOCK_LOST', 'mine', { reason: 'stolen' })
}

export async function wrong(): Promise<void> {
  // @ts-expect-error -- the client comes first
  new DistributedLock({ prefix: 'order' })
  // @ts-expect-error -- an unknown option
  new DistributedLock(redis, { ttl: 5 })
  // @ts-expect-error -- how long to wait is said by each call
  new DistributedLock(redis, { waitMs: 5 })
  // @ts-expect-error -- a semaphore has permits
  new Semaphore(redis)
  // @ts-expect-error -- so many
  new Semaphore(redis, {})
  // @ts-expect-error -- one server
  new Semaphore([redis, other], { permits: 1 })
  // @ts-expect-error -- it is fair
  new ReadWriteLock(redis, { fair: true })
  // @ts-expect-error -- a held lock comes from `acquire`
  new HeldLock()

  const locks = new DistributedLock(redis)
  // @ts-expect-error -- options are no TTL
  await locks.acquire('r', { waitMs: 5 })
  // @ts-expect-error -- a duration without a unit
  await locks.acquire('r', '10')
  // @ts-expect-error -- another number of replicas
  await locks.acquire('r', 1000, { replicas: 'most' })
  // @ts-expect-error -- an option of withLock
  await locks.acquire('r', 1000, { retries: 5 })
  // @ts-expect-error -- its own name for a TTL
  await locks.withLock('r', () => {}, { ttlMs: 5 })
  // @ts-expect-error -- a function is needed
  await locks.withLock('r')
  // @ts-expect-error -- a token is no lock
  await locks.withLock('r', () => {}, { held: 'token' })
  // @ts-expect-error -- the lock or its token is needed
  await locks.release('r')
  // @ts-expect-error -- one resource
  await locks.inspect(['r'])
  const lock = await locks.acquire('r')
  // @ts-expect-error -- it may not have been to be had
  await lock.release()
  // @ts-expect-error -- nor can it be given back then
  await locks.release('r', lock)
  if (lock === null) return
  // @ts-expect-error -- its token is what it is
  lock.token = 'mine'
  // @ts-expect-error -- how long
  await lock.extend()

  const sides = new ReadWriteLock(redis)
  // @ts-expect-error -- it is fair
  await sides.read('r', 1000, { fair: true })
  // @ts-expect-error -- one resource
  await sides.write(['a', 'b'])

  // @ts-expect-error -- a life is needed
  await fencedSet(redis, 'k', lock.fencingToken, 'v')
  // @ts-expect-error -- the other token
  await fencedSet(redis, 'k', lock.token, 'v', { ttl: 5 })
}
