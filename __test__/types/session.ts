import { SessionManager, type ListedSession, type Redis, type Session, type SessionManagerOptions, type SessionMetrics } from 'redwright'
import { is } from './assert'

declare const redis: Redis
declare const bytes: Uint8Array

interface Cart {
  theme: 'dark' | 'light'
  items?: string[]
}

export async function right(): Promise<void> {
  const plain = new SessionManager(redis)
  new SessionManager(redis, { ttl: '30m', absoluteTtl: Infinity, idKeys: ['a', bytes], encryptionKeys: [bytes] as const, maxSessionsPerUser: 5, onLimit: 'refuse' })
  const options: SessionManagerOptions = { name: 'n', prefix: 'p', namespace: 'x', tombstoneMs: 60_000, timeoutMs: '1s', rotationGraceMs: 0 }
  const sessions = new SessionManager<Cart>(redis, options)

  is<Session>()(await plain.create('u'))
  is<Session<Cart>>()(await sessions.create('u', { theme: 'dark' }, { ttl: '30d', meta: { browser: 'lynx' } }))
  const session = await sessions.get('id')
  is<Session<Cart> | null>()(session)
  if (session === null) return
  is<string>()(session.id)
  is<string>()(session.handle)
  is<string | null>()(session.userId)
  is<Cart>()(session.data)
  is<number>()(session.expiresAt)
  is<any>()((await plain.get('id'))?.data.whatever)

  is<boolean>()(await sessions.update('id', { items: ['a'] }))
  await sessions.update('id', (cart) => ({ ...cart, theme: 'light' }))
  await sessions.update('id', async (cart) => {
    cart.theme = 'light'
  })
  is<boolean>()(await sessions.refresh('id'))
  is<boolean>()(await sessions.destroy('id'))
  is<number>()(await sessions.destroyAllForUser('u', { except: 'id' }))
  const listed = await sessions.listForUser('u')
  is<ListedSession<Cart>[]>()(listed)
  is<boolean>()(await sessions.destroyListed('u', listed[0]!.handle))
  is<Session<Cart> | null>()(await sessions.rotate('id', { graceMs: '5s' }))
  is<SessionMetrics>()(sessions.metrics())
}

export async function wrong(): Promise<void> {
  const sessions = new SessionManager<Cart>(redis)
  // @ts-expect-error a user is needed
  void sessions.create()
  // @ts-expect-error by a string
  void sessions.create(42)
  // @ts-expect-error the data is another
  void sessions.create('u', { theme: 'blue' })
  // @ts-expect-error and so is a change of it
  void sessions.update('id', { theme: 'blue' })
  // @ts-expect-error there is no such way
  new SessionManager(redis, { onLimit: 'queue' })
  // @ts-expect-error the option is called ttl
  new SessionManager(redis, { ttlMs: 5 })
  // @ts-expect-error of another door
  new SessionManager(redis, { legacyPrefix: 'sess:' })
  // @ts-expect-error its id is not told
  void (await sessions.listForUser('u'))[0]!.id
  // @ts-expect-error what was read stays as it is
  ;(await sessions.get('id'))!.expiresAt = 0
}
