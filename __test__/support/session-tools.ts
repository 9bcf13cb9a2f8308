import { createHash, createHmac, hkdfSync, randomBytes } from 'node:crypto'
import { createRequire } from 'node:module'
import path from 'node:path'
import { SessionManager, type Redis, type SessionManagerOptions } from '../../index.js'
import { fresh } from './cache-tools'
import { root } from './root'
import { askAllBehind } from './servers-behind'

const load = createRequire(path.join(root, 'package.json'))
const { Sessions } = load('./lib/session/sessions.js')
const { settingsOf } = load('./lib/session/options.js')

type Named = { prefix: string }

/** Longer than any test takes: what lives for so long does not end by itself. */
export const LONG_MS = 600_000

/** The core that all doors share, with keys that no other test has. */
export function sessionsOf(redis: Redis, options?: SessionManagerOptions & { legacyPrefix?: string }): any & Named {
  const given = { prefix: fresh('session'), ...options }
  return Object.assign(new Sessions(redis, settingsOf(given)), { prefix: given.prefix })
}

export function managerOf(redis: Redis, options?: SessionManagerOptions): SessionManager & Named {
  const given = { prefix: fresh('session'), ...options }
  return Object.assign(new SessionManager(redis, given), { prefix: given.prefix })
}

export function newId(): string {
  return randomBytes(32).toString('base64url')
}

/** A secret of 32 bytes that only its name tells from others. */
export function secret(name: string): Buffer {
  return createHash('sha256').update(name).digest()
}

/** The name of an id at rest, as docs/sessions.md says. */
export function nameOf(id: string, key?: Buffer): string {
  if (key === undefined) return createHash('sha256').update(id).digest('base64url')
  return createHmac('sha256', Buffer.from(hkdfSync('sha256', key, '', 'redwright session ids', 32))).update(id).digest('base64url')
}

export function keyOf({ prefix }: Named, id: string, key?: Buffer): string {
  return `${prefix}:default:${nameOf(id, key)}`
}

export function indexOf({ prefix }: Named, user: string, key?: Buffer): string {
  return `${prefix}:default:user:${nameOf(`user\0${user}`, key)}`
}

/** All keys that belong to a prefix, wherever they are. */
export async function keysOf(redis: Redis, { prefix }: Named): Promise<string[]> {
  const each = (await askAllBehind(redis, 'KEYS', `${prefix}:*`)) as unknown as string[][]
  return each.flat().map(String).sort()
}

export async function pttl(redis: Redis, key: string): Promise<number> {
  return Number(await redis.command('PTTL', key))
}

/** The fields of a hash. */
export async function fieldsOf(redis: Redis, key: string): Promise<Record<string, any>> {
  const found = await redis.command<any>('HGETALL', key)
  return Array.isArray(found) ? Object.fromEntries(found.flatMap((field, i) => (i % 2 === 0 ? [[field, found[i + 1]]] : []))) : (found ?? {})
}

/** The server's clock, in ms. */
export async function now(redis: Redis): Promise<number> {
  const [seconds, micros] = (await redis.command<any>('TIME')).map(Number)
  return seconds * 1000 + Math.floor(micros / 1000)
}

/** One session that is written, as `write` takes it. */
export const draft = (data: object, more: object = {}) => ({ version: '', data: JSON.stringify(data), cookie: '{}', ttlMs: LONG_MS, ...more })

export async function all(sessions: any): Promise<any[]> {
  const found: any[] = []
  for await (const batch of sessions.all()) found.push(...batch)
  return found
}
