import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'
import { DistributedLock, ReadWriteLock, Semaphore } from '../../index.js'
import type { AcquireOptions, HeldLock, LockOptions, ReadWriteLockOptions, Redis, SemaphoreOptions } from '../../index.js'
import { fresh } from './cache-tools'
import { askAllBehind } from './servers-behind'
import { until } from './until'

/** Longer than any test takes: what is held for so long does not end by itself. */
export const LONG = 600_000

/** Longer than a machine stands still. What ends before it did not run into it. */
export const PATIENCE = 60_000

type Named = { prefix: string }

/** Locks whose keys no other test has. */
export function lockOf(redis: Redis | readonly Redis[], options?: LockOptions): DistributedLock & Named {
  const given = { prefix: fresh('lock'), ...options }
  return Object.assign(new DistributedLock(redis, given), { prefix: given.prefix })
}

export function semaphoreOf(redis: Redis, options: SemaphoreOptions): Semaphore & Named {
  const given = { prefix: fresh('semaphore'), ...options }
  return Object.assign(new Semaphore(redis, given), { prefix: given.prefix })
}

export function readWriteLockOf(redis: Redis, options?: ReadWriteLockOptions): ReadWriteLock & Named {
  const given = { prefix: fresh('rwlock'), ...options }
  return Object.assign(new ReadWriteLock(redis, given), { prefix: given.prefix })
}

/** One that must be there. */
export async function got(acquired: Promise<HeldLock | null>): Promise<HeldLock> {
  const lock = await acquired
  assert.ok(lock !== null, 'it is held by another')
  return lock
}

/** Each of those who wait has it once, and gives it back. */
export async function inTurns(waits: readonly Promise<HeldLock | null>[]): Promise<HeldLock[]> {
  return Promise.all(
    waits.map(async (waiting) => {
      const lock = await got(waiting)
      await lock.release()
      return lock
    }),
  )
}

/** Asks until it is given: on a machine that stands still a short time may be over before the answer has come, and then it is not given. */
export async function granted(ask: () => Promise<HeldLock | null>): Promise<HeldLock> {
  let lock: HeldLock | null = null
  await until('it is given', async () => (lock = await ask()) !== null)
  return lock!
}

const escape = (text: string, which: RegExp) => text.replace(which, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`)

/** The keys of a resource, as `src/lock/keys.rs` says. */
export function namesOf({ prefix }: Named, resource: string) {
  const lock = `${escape(prefix, /[%:{}]/g)}:${escape(resource, /[%{}]/g)}`
  const beside = (what: string) => `${what}:{${lock}}`
  return { lock, fence: beside('fence'), queue: beside('queue'), waiting: beside('waiting'), permits: beside('permits') }
}

/** All keys that belong to a prefix, wherever they are. */
export async function keysOf(redis: Redis, { prefix }: Named): Promise<string[]> {
  const each = (await askAllBehind(redis, 'KEYS', '*')) as unknown as string[][]
  const begin = `${escape(prefix, /[%:{}]/g)}:`
  return each.flat().map(String).filter((key) => key.startsWith(begin) || key.includes(`:{${begin}`)).sort()
}

/** Of each key how long it lives, in ms. */
export async function livesOf(redis: Redis, keys: readonly string[]): Promise<number[]> {
  return Promise.all(keys.map(async (key) => Number(await redis.command('PTTL', key))))
}

/** The published way to release. */
export const COMPARE_AND_DELETE = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) else return 0 end"

/** Blocks the event loop. */
export function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}

/** Waits until so many ms have passed by the clock of the machine. */
export async function passed(ms: number): Promise<void> {
  for (const end = performance.now() + ms; performance.now() < end; ) await pause(Math.max(1, end - performance.now()))
}

/** Resolves when a signal aborts. Its timer does not keep the process alive; this does. */
export function abortOf(signal: AbortSignal): Promise<any> {
  return new Promise((resolve, reject) => {
    const cap = setTimeout(() => reject(new Error('it did not abort')), PATIENCE)
    const end = () => {
      clearTimeout(cap)
      resolve(signal.reason)
    }
    if (signal.aborted) end()
    else signal.addEventListener('abort', end, { once: true })
  })
}

/** A way to hold something. */
export interface Way {
  what: string
  acquire(ttlMs: number, options?: AcquireOptions): Promise<HeldLock | null>
  /** What the server has of it. */
  key: string
}

/** Every way to hold something alone, each with a key of its own. */
export function everyWay(redis: Redis): Way[] {
  const [locks, several] = [lockOf(redis), lockOf(redis)]
  const [permits, both] = [semaphoreOf(redis, { permits: 1 }), [readWriteLockOf(redis), readWriteLockOf(redis)] as const]
  return [
    { what: 'a lock', acquire: (ttlMs, options) => locks.acquire('r', ttlMs, options), key: namesOf(locks, 'r').lock },
    { what: 'several', acquire: (ttlMs, options) => several.acquire(['a', 'b', 'c'], ttlMs, options), key: namesOf(several, 'b').lock },
    { what: 'a permit', acquire: (ttlMs, options) => permits.acquire('r', ttlMs, options), key: namesOf(permits, 'r').lock },
    { what: 'reading', acquire: (ttlMs, options) => both[0].read('r', ttlMs, options), key: namesOf(both[0], 'r').lock },
    { what: 'writing', acquire: (ttlMs, options) => both[1].write('r', ttlMs, options), key: namesOf(both[1], 'r').lock },
  ]
}

/** How many script calls the servers have executed. */
export async function scriptCalls(redis: Redis): Promise<number> {
  const texts = await askAllBehind(redis, 'INFO', 'commandstats')
  return texts.reduce((sum, text) => sum + [...text.matchAll(/^cmdstat_eval(?:sha)?:calls=(\d+)/gm)].reduce((sum, [, calls]) => sum + Number(calls), 0), 0)
}
