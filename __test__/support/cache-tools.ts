import { randomUUID } from 'node:crypto'
import type { Redis } from '../../index.js'

/** A namespace that no other test has. */
export function fresh(name = 'ns'): string {
  return `${name}-${randomUUID().slice(0, 8)}`
}

/** Left out: what asks for the figures, and what the client sends for itself. */
const OWN = new Set(['info', 'ping', 'hello', 'client|setinfo', 'client|setname', 'auth', 'select'])

/** How often the server has executed each command. */
async function executed(redis: Redis): Promise<Map<string, number>> {
  const text = await redis.command<string>('INFO', 'commandstats')
  const lines = text.matchAll(/^cmdstat_(\S+):calls=(\d+)/gm)
  return new Map([...lines].filter(([, name]) => !OWN.has(name!)).map(([, name, calls]) => [name!, Number(calls)]))
}

/** What the server executed while `work` ran, such as `{ get: 1 }`. Needs a real server that serves nobody else. */
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
