import { randomUUID } from 'node:crypto'
import { CacheManager, type Redis } from '../../index.js'
import { askAllBehind } from './servers-behind'

/** A namespace that no other test has. */
export function fresh(name = 'ns'): string {
  return `${name}-${randomUUID().slice(0, 8)}`
}

/** Has every server behind a client learn the scripts of the cache, so that none is sent its text later. */
export async function warm(redis: Redis): Promise<void> {
  const cache = new CacheManager(redis, { namespace: fresh() })
  // Enough keys for every node of a cluster.
  const keys = Array.from({ length: 64 }, (_, i) => String(i))
  // In a cluster what has no tags is stored on a way of its own, which learns for each connection what is known there.
  await Promise.all(keys.map((key) => cache.getOrSet(key, () => key)))
  await Promise.all(keys.map((key) => cache.getOrSet(key, () => key, { tags: [key], forceFresh: true })))
  await Promise.all(keys.map((key) => cache.getOrSet(key, () => undefined, { forceFresh: true })))
  await cache.invalidateByTags(keys)
}

/** Left out: what asks for the figures, and what clients, nodes and sentinels send for themselves. */
const OWN = /^(info|ping|hello|auth|select|role|publish|subscribe|replconf|psync|config\|.*|client\|.*|cluster\|.*)$/

/** How often the servers have executed each command. */
async function executed(redis: Redis): Promise<Map<string, number>> {
  const counts = new Map<string, number>()
  for (const text of await askAllBehind(redis, 'INFO', 'commandstats')) {
    for (const [, name, calls] of text.matchAll(/^cmdstat_(\S+):calls=(\d+)/gm)) {
      if (!OWN.test(name!)) counts.set(name!, (counts.get(name!) ?? 0) + Number(calls))
    }
  }
  return counts
}

/** What the servers executed while `work` ran, such as `{ get: 1 }`. Needs real ones that serve nobody else. */
export async function sentBy(redis: Redis, work: () => unknown): Promise<Record<string, number>> {
  const before = await executed(redis)
  await work()
  const sent: Record<string, number> = {}
  for (const [name, calls] of await executed(redis)) {
    const more = calls - (before.get(name) ?? 0)
    if (more > 0) sent[name] = more
  }
  return sent
}

export interface Deferred<T = void> {
  promise: Promise<T>
  resolve(value: T): void
  reject(reason: unknown): void
}

export function deferred<T = void>(): Deferred<T> {
  let ends!: Pick<Deferred<T>, 'resolve' | 'reject'>
  const promise = new Promise<T>((resolve, reject) => (ends = { resolve, reject }))
  return { promise, ...ends }
}
