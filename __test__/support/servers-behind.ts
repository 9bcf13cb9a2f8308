import type { Redis } from '../../index.js'
import type { RedisNode } from './redis-node'

const known = new WeakMap<Redis, () => Promise<RedisNode[]>>()

/** Says who executes what a client sends, where that is not one server. */
export function standBehind(redis: Redis, primaries: () => Promise<RedisNode[]>): void {
  known.set(redis, primaries)
}

/** The reply to a command of every server that executes what a client sends: of its one server, or of all primaries. */
export async function askAllBehind(redis: Redis, name: string, ...args: string[]): Promise<string[]> {
  const primaries = await known.get(redis)?.()
  return primaries === undefined ? [await redis.command(name, ...args)] : Promise.all(primaries.map((node) => node.ask(name, ...args)))
}
