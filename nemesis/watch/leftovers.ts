import { setTimeout as pause } from 'node:timers/promises'
import type { RedisNode } from '../../__test__/support/redis-node'
import { now } from '../clock'
import type { Leftovers } from '../history/history'
import { mayStay } from '../judge/leftovers'
import { WAITER_MS } from '../settings'

/** Beside the longest TTL, for a slow machine: nothing is learnt from it but that something stayed. */
const GRACE_MS = 3000

/** Looks a few times for keys without a TTL while locks are held and waited for. */
export async function lookForImmortals(servers: readonly RedisNode[]): Promise<string[]> {
  const found: string[] = []
  for (let look = 0; look < 5; look++) {
    found.push(...(await keysOf(servers)).filter(isImmortal).map(({ key }) => key))
    await pause(15)
  }
  return found
}

const isImmortal = ({ ttlMs }: { ttlMs: number }) => ttlMs === -1

/** Looks for what is left on the servers when nobody wants anything any more. */
export async function lookForLeftovers(servers: readonly RedisNode[], longestMs: number): Promise<Leftovers> {
  const until = now() + Math.max(longestMs, WAITER_MS) + GRACE_MS
  const immortal = (await keysOf(servers)).filter(isImmortal).map(({ key }) => key)
  for (;;) {
    const late = (await keysOf(servers)).map(({ key }) => key).filter((key) => !mayStay(key))
    if (late.length === 0 || now() > until) return { immortal, late }
    await pause(50)
  }
}

async function keysOf(servers: readonly RedisNode[]): Promise<{ key: string; ttlMs: number }[]> {
  const all = servers.map(async (server) => {
    const keys = await server.ask<string[]>('KEYS', '*')
    const ttls = keys.length === 0 ? [] : await server.askAll(keys.map((key) => ['PTTL', key]))
    // -2 is gone meanwhile.
    return keys.map((key, i) => ({ key, ttlMs: Number(ttls[i]) })).filter(({ ttlMs }) => ttlMs !== -2)
  })
  return (await Promise.all(all)).flat()
}
