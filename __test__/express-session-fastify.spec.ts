import assert from 'node:assert/strict'
import { test } from 'node:test'
import fastifyCookie from '@fastify/cookie'
import fastifySession from '@fastify/session'
import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'
import type { SessionStore } from '../express.js'
import { onEveryBackend } from './support/backends'
import { Browser, Gate, storeOn } from './support/session-app'

type Handler = (request: FastifyRequest & { session: any }) => unknown
const SECRET = 'a secret of thirty-two characters'

const login: Handler = (request) => (request.session.user = 'alice')
const whoami: Handler = (request) => request.session.user ?? 'nobody'
const logout: Handler = async (request) => (await request.session.destroy(), 'out')
const all: Handler = ({ session }) => JSON.parse(JSON.stringify({ ...session, cookie: undefined }))
const hit: Handler = (request) => void (request.session.hits = (request.session.hits ?? 0) + 1)

async function start(store: SessionStore, routes: Record<string, Handler>, options = {}) {
  const app: FastifyInstance = fastify()
  await app.register(fastifyCookie)
  await app.register(fastifySession, { secret: SECRET, store: store as any, cookie: { secure: false, maxAge: 3_600_000 }, saveUninitialized: false, ...options })
  for (const [path, handler] of Object.entries(routes)) {
    app.get(path, async (request, reply) => {
      const body = await handler(request as any)
      return reply.type('application/json').send(JSON.stringify(body ?? null))
    })
  }
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  return { browser: () => new Browser(url), [Symbol.asyncDispose]: () => app.close() }
}

onEveryBackend('a SessionStore under @fastify/session', (backend) => {
  test('keeps who is logged in, until the log-out', async () => {
    const store = storeOn(backend.redis)
    await using app = await start(store, { '/login': login, '/whoami': whoami, '/logout': logout })
    const [alice, other] = [app.browser(), app.browser()]
    await alice.get('/login')
    assert.deepEqual([(await alice.get('/whoami')).body, (await other.get('/whoami')).body], ['alice', 'nobody'])
    const ttls = await store.ttls()
    assert.ok(ttls.length === 1 && ttls[0]! > 0 && ttls[0]! <= 3_600_000)
    await alice.get('/logout')
    assert.equal((await alice.get('/whoami')).body, 'nobody')
  })

  for (const rolling of [true, false]) {
    test(`lets nobody be brought back by a slow request, with rolling: ${rolling}`, async () => {
      const store = storeOn(backend.redis)
      const gate = new Gate()
      const slow: Handler = async (request) => (await gate.pass(), (request.session.late = 1))
      await using app = await start(store, { '/login': login, '/whoami': whoami, '/logout': logout, '/slow': slow }, { rolling })
      const browser = app.browser()
      await browser.get('/login')
      const thief = browser.clone()
      const late = browser.clone().get('/slow')
      await gate.reached()
      await browser.get('/logout')
      gate.open()
      assert.equal((await late).status, 200)
      assert.equal((await thief.get('/whoami')).body, 'nobody')
      assert.deepEqual(store.refused, ['destroyed'])
    })
  }

  test('merges what ten requests have changed, and counts', async () => {
    const store = storeOn(backend.redis, { merge: 'delta' })
    const gate = new Gate()
    const write: Handler = async (request) => {
      await gate.pass()
      hit(request)
      request.session[(request.query as any).key] = 1
    }
    await using app = await start(store, { '/login': login, '/write': write, '/all': all })
    const browser = app.browser()
    await browser.get('/login')
    const writes = Array.from({ length: 10 }, (_, i) => browser.clone().get(`/write?key=k${i}`))
    await gate.reached(10)
    gate.open()
    await Promise.all(writes)
    const expected = { user: 'alice', hits: 10, ...Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`k${i}`, 1])) }
    assert.deepEqual((await browser.get('/all')).body, expected)
  })

  test('gives the session a new id by regenerate, reload and save', async () => {
    const store = storeOn(backend.redis)
    const routes: Record<string, Handler> = {
      '/login': login,
      '/all': all,
      '/again': async (request) => (await request.session.regenerate(['user']), 'again'),
      '/reload': async (request) => {
        request.session.user = 'mallory'
        await request.session.reload()
        request.session.saved = 1
        await request.session.save()
        return 'reloaded'
      },
    }
    await using app = await start(store, routes)
    const browser = app.browser()
    await browser.get('/login')
    const old = browser.clone()
    await browser.get('/again')
    assert.notEqual(browser.cookie, old.cookie)
    await browser.get('/reload')
    assert.deepEqual([(await browser.get('/all')).body, (await old.get('/all')).body], [{ user: 'alice', saved: 1 }, {}])
  })

  test('rotates and binds as under express-session', async () => {
    const store = storeOn(backend.redis, { rotationGraceMs: '1h' })
    const routes: Record<string, Handler> = {
      '/login': login,
      '/all': all,
      '/whoami': whoami,
      '/logout': logout,
      '/rotate': async (request) => ((request.session.before = 1), { alive: await store.rotate(request), after: (request.session.after = 2) }),
      '/bind': async (request) => ((request.session.bound = 1), store.bind(request, 'alice')),
    }
    await using app = await start(store, routes)
    const browser = app.browser()
    await browser.get('/login')
    const old = browser.clone()
    assert.deepEqual((await browser.get('/rotate')).body, { alive: true, after: 2 })
    assert.notEqual(browser.cookie, old.cookie)
    for (const each of [browser, old]) assert.deepEqual((await each.get('/all')).body, { user: 'alice', before: 1, after: 2 })
    const planted = browser.clone()
    assert.deepEqual((await browser.get('/bind')).body, { evicted: 0 })
    assert.deepEqual([(await planted.get('/whoami')).body, (await browser.get('/whoami')).body], ['nobody', 'alice'])
    assert.equal((await store.listForUser('alice')).length, 1)
    assert.equal(await store.destroyAllForUser('alice'), 1)
    assert.equal((await browser.get('/whoami')).body, 'nobody')
    assert.equal(await store.length(), 0)
  })

  test('binds a session that holds nothing', async () => {
    const store = storeOn(backend.redis)
    const mine: Handler = async (request) => (await store.listForUser('alice', { current: request })).map(({ isCurrent }) => isCurrent)
    await using app = await start(store, { '/bind': (request) => store.bind(request, 'alice'), '/mine': mine })
    const browser = app.browser()
    await browser.get('/bind')
    assert.deepEqual((await browser.get('/mine')).body, [true])
  })

  test('shows no more of a session than its data', async () => {
    const store = storeOn(backend.redis)
    await using app = await start(store, { '/login': login, '/json': ({ session }) => session })
    const browser = app.browser()
    await browser.get('/login')
    const session = (await browser.get('/json')).body
    assert.deepEqual(Object.keys(session).sort(), ['cookie', 'user'])
    assert.deepEqual(Object.keys((await store.all())[0]!).sort(), ['cookie', 'id', 'user'])
  })
})
