import fastifyCookie from '@fastify/cookie'
import fastifySession from '@fastify/session'
import express, { type Request } from 'express'
import session from 'express-session'
import fastify, { type FastifyRequest } from 'fastify'
import { Redis } from 'redwright'
import { SessionStore, type SessionConflict, type StoredSession, type UserSession } from 'redwright/express'
import { is } from './assert.js'

const redis = new Redis()
const store = new SessionStore(redis, {
  conflict: 'merge',
  merge: 'delta',
  ttl: '1d',
  absoluteTtl: '30d',
  idKeys: ['new', new Uint8Array(32)],
  encryptionKeys: ['k'],
  legacyPrefix: 'sess:',
  maxSessionsPerUser: 5,
  onLimit: 'evict',
  rotationGraceMs: '10s',
  emitConnection: false,
  timeoutMs: 500,
})
new SessionStore(redis, {
  merge: (conflict) => {
    is<SessionConflict>()(conflict)
    return conflict.theirs
  },
})
// @ts-expect-error: not an option
new SessionStore(redis, { prefx: 'a' })
// @ts-expect-error: no such rule
new SessionStore(redis, { conflict: 'retry' })
// @ts-expect-error: a Redis of this package
new SessionStore('redis://localhost')

// express-session and @fastify/session take it as it is.
const app = express()
app.use(session({ secret: 'a', store }))
const server = fastify()
server.register(fastifyCookie)
server.register(fastifySession, { secret: 'a secret of thirty-two characters', store })

export async function calls(): Promise<void> {
  is<StoredSession | null>()(await store.get('a'))
  is<void>()(await store.set('a', { n: 1 }))
  is<void>()(store.get('a', (_error, session) => void session?.cookie))
  is<(StoredSession & { id: string })[]>()(await store.all())
  is<number>()(await store.length())
  is<UserSession[]>()(await store.listForUser('alice'))
  is<boolean>()(await store.destroyListed('alice', 'id'))
  is<number>()(await store.destroyAllForUser('alice', { except: 'sid' }))
}

export async function ofExpress(req: Request): Promise<void> {
  is<boolean>()(await store.rotate(req, { graceMs: 0 }))
  is<number>()((await store.bind(req, 'alice', { browser: req.get('user-agent') })).evicted)
  await store.listForUser('alice', { current: req })
  await store.destroyAllForUser('alice', { except: req })
  // @ts-expect-error: a user
  await store.bind(req)
}
export async function ofFastify(request: FastifyRequest): Promise<void> {
  await store.rotate(request)
  await store.bind(request, 'alice')
  await store.destroyAllForUser('alice', { except: request })
}
store.on('write-refused', ({ reason }) => is<'destroyed' | 'expired' | 'conflict'>()(reason))
store.on('connect', () => {})
