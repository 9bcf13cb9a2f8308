import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { SessionStore } from '../express.js'
import { Redis } from '../index.js'
import { MortalServer } from './support/client-server'
import { appOf, FRAMEWORKS, Gate, type Handler, login, logout, type Answer, storeOn, whoami } from './support/session-app'
import { until } from './support/until'

const SOON = { minMs: 5, maxMs: 50 }
const DEADLINE_MS = 300
/** Nothing is learnt from it but that nobody waits for ever. */
const CEILING_MS = 20_000
const AWAY = ['ERR_TIMEOUT', 'ERR_UNAVAILABLE']
const client = (server: MortalServer) => new Redis({ url: server.url, reconnect: SOON })
const works = (redis: Redis) => until('it works', () => redis.ping().then(() => true, () => false))

async function timed(work: () => Promise<Answer>): Promise<Answer> {
  const begun = performance.now()
  const answer = await work()
  const took = performance.now() - begun
  assert.ok(took < CEILING_MS, `${took} ms`)
  return answer
}

describe('a SessionStore over a server', () => {
  for (const [what, away, back] of [
    ['hangs', (server: MortalServer) => server.kill('SIGSTOP'), (server: MortalServer) => server.kill('SIGCONT')],
    ['is away', (server: MortalServer) => server.crash(), (server: MortalServer) => server.start()],
  ] as const) {
    for (const [name, framework] of Object.entries(FRAMEWORKS)) {
      test(`that ${what} answers 503 inside the deadline, and goes on by itself, in ${name}`, async () => {
        await using server = await MortalServer.start()
        await using redis = client(server)
        const store = storeOn(redis, { timeoutMs: DEADLINE_MS })
        await using app = await appOf(store, { '/login': login, '/whoami': whoami, '/logout': logout }, {}, framework)
        const browser = app.browser()
        await until('somebody is logged in', async () => (await browser.get('/login')).status === 200)
        await away(server)
        for (let times = 0; times < 3; times++) {
          const { status, body } = await timed(() => browser.clone().get('/whoami'))
          assert.equal(status, 503)
          assert.ok(AWAY.includes(body.code), body.code)
        }
        // Who has no cookie asks Redis for nothing.
        assert.equal((await app.browser().get('/whoami')).status, 200)
        await back(server)
        await works(redis)
        await until('it answers', async () => (await browser.clone().get('/whoami')).status === 200)
        await until('somebody is logged in', async () => (await browser.get('/login')).status === 200)
        await until('it is known who', async () => (await browser.get('/whoami')).body === 'alice')
      })
    }
  }

  test('that goes away during a request answers it, and the process lives', async () => {
    await using server = await MortalServer.start()
    await using redis = client(server)
    // Long enough for a slow machine to load five sessions.
    const store = storeOn(redis, { timeoutMs: 5000 })
    const gate = new Gate()
    const routes: Record<string, Handler> = {
      '/login': login,
      '/whoami': whoami,
      '/slow': async (req, res) => {
        await gate.pass()
        if (req.query.change) req.session.changed = 1
        res.end('"done"')
      },
      '/save': async (req) => {
        await gate.pass()
        return new Promise((resolve) => req.session.save((error: any) => resolve(error?.code ?? 'saved')))
      },
      '/destroy': async (req) => {
        await gate.pass()
        return new Promise((resolve) => req.session.destroy((error: any) => resolve(error?.code ?? 'destroyed')))
      },
    }
    routes['/forget'] = async (req) => {
      await gate.pass()
      req.session.destroy(undefined as any)
      return 'forgotten'
    }
    await using app = await appOf(store, routes)
    const browser = app.browser()
    await until('somebody is logged in', async () => (await browser.get('/login')).status === 200)
    const late = ['/slow', '/slow?change=1', '/save', '/destroy', '/forget'].map((path) => timed(() => browser.clone().get(path)))
    await gate.reached(5)
    server.kill('SIGSTOP')
    gate.open()
    const [touched, changed, saved, destroyed, forgotten] = await Promise.all(late)
    assert.deepEqual([touched!.body, changed!.body, forgotten!.body], ['done', 'done', 'forgotten'])
    for (const { body } of [saved!, destroyed!]) assert.ok(AWAY.includes(body), body)
    server.kill('SIGCONT')
    await works(redis)
    await until('it answers', async () => (await browser.clone().get('/whoami')).status === 200)
  })

  test('that is not there at the start says so, and works when it comes', async () => {
    await using server = MortalServer.prepare()
    await using redis = client(server)
    const store = new SessionStore(redis, { timeoutMs: DEADLINE_MS })
    await assert.rejects(store.get('a'), (error: any) => error.retryable && error.status === 503 && error.statusCode === 503)
    for (const call of [() => store.set('a', { cookie: {} } as any), () => store.touch('a', { cookie: {} } as any), () => store.destroy('a'), () => store.all(), () => store.length(), () => store.clear()]) {
      await assert.rejects(call(), { name: 'RedwrightError', retryable: true })
    }
    await server.start()
    await works(redis)
    await until('it stores', () => store.set('b', { n: 1 } as any).then(() => true, () => false))
    await until('it is read', async () => (await store.get('b').catch(() => null))?.n === 1)
  })

  test('tells of the connection only where that is asked for, and requests then go on without a session', async () => {
    await using server = await MortalServer.start()
    await using redis = client(server)
    await works(redis)
    const told: string[] = []
    const [silent, telling] = [storeOn(redis, { timeoutMs: DEADLINE_MS }), storeOn(redis, { timeoutMs: DEADLINE_MS, emitConnection: true })]
    for (const event of ['connect', 'disconnect']) {
      silent.on(event, () => told.push(`silent: ${event}`))
      telling.on(event, () => told.push(event))
    }
    await using app = await appOf(telling, { '/login': login, '/has': (req) => req.session !== undefined })
    const browser = app.browser()
    await browser.get('/login')
    await server.crash()
    await until('it is told', () => told.length === 1)
    assert.equal((await browser.get('/has')).body, false)
    await server.start()
    await until('it is told', () => told.length === 2)
    await until('there are sessions', async () => (await browser.get('/has')).body === true)
    assert.deepEqual(told.slice(0, 2), ['disconnect', 'connect'])
  })
})
