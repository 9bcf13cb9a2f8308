import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RedisStore } from 'connect-redis'
import type { Redis } from '../index.js'
import { onEveryBackend } from './support/backends'
import { fresh } from './support/cache-tools'
import { appOf, dataOf, done, Gate, type Handler, login, logout, storeOn, whoami } from './support/session-app'

const HOUR = 3_600_000

/** As much of node-redis as connect-redis uses for one session. */
function nodeRedis(redis: Redis): any {
  return {
    get: (key: string) => redis.command('GET', key),
    set: (key: string, value: string, { expiration }: any) => redis.command('SET', key, value, expiration.type, expiration.value),
    expire: (key: string, seconds: number) => redis.command('EXPIRE', key, seconds),
    del: (keys: string[]) => redis.command('DEL', ...(keys as [string])),
  }
}

onEveryBackend('sessions of connect-redis', (backend) => {
  const routes: Record<string, Handler> = {
    '/login': login,
    '/whoami': whoami,
    '/logout': logout,
    '/all': dataOf,
    '/write': (req) => (req.session[String(req.query.key)] = 1),
  }

  /** An application on connect-redis where somebody is logged in, and the same on a `SessionStore`. */
  async function move(options = {}, more: Record<string, Handler> = {}) {
    const prefix = `${fresh('sess')}:`
    const before = await appOf(new RedisStore({ client: nodeRedis(backend.redis), prefix }) as any, { ...routes, ...more }, { cookie: { maxAge: HOUR } })
    const logged = before.browser()
    await logged.get('/login')
    await before.close()
    const store = storeOn(backend.redis, { legacyPrefix: prefix, ...options })
    const app = await appOf(store, { ...routes, ...more }, { cookie: { maxAge: HOUR } })
    const sid = decodeURIComponent(logged.cookie!).split('=s:')[1]!.split('.')[0]!
    const old = () => backend.redis.command<string | null>('GET', prefix + sid)
    assert.ok(await old())
    return { store, app, sid, old, key: prefix + sid, browser: app.browser(logged.cookie), [Symbol.asyncDispose]: () => app.close() }
  }

  test('are read where they are, and moved by the first touch', async () => {
    await using world = await move()
    assert.equal((await world.browser.get('/whoami')).body, 'alice')
    assert.equal(await world.old(), null)
    assert.equal(await world.store.length(), 1)
    const [ttl] = await world.store.ttls()
    assert.ok(ttl! > 0 && ttl! <= HOUR, `${ttl} ms`)
    assert.equal((await world.browser.get('/whoami')).body, 'alice')
  })

  test('are moved by the first write, with what they had', async () => {
    await using world = await move()
    await world.browser.get('/write?key=new')
    assert.equal(await world.old(), null)
    assert.deepEqual((await world.browser.get('/all')).body, { user: 'alice', new: 1 })
    assert.equal(await world.store.length(), 1)
  })

  test('end by a log-out, and no slow request brings them back', async () => {
    const gate = new Gate()
    await using world = await move({}, { '/slow': async (req) => (await gate.pass(), (req.session.late = 1)) })
    const late = world.browser.clone().get('/slow')
    await gate.reached()
    await world.browser.clone().get('/logout')
    gate.open()
    await late
    assert.equal(await world.old(), null)
    assert.equal((await world.browser.get('/whoami')).body, 'nobody')
    assert.equal(await world.store.length(), 0)
  })

  test('lose nothing where ten requests come at the same time', async () => {
    const gate = new Gate()
    await using world = await move({}, { '/slow': async (req) => (await gate.pass(), (req.session[String(req.query.key)] = 1)) })
    const all = Array.from({ length: 10 }, (_, i) => world.browser.clone().get(`/slow?key=k${i}`))
    await gate.reached(10)
    gate.open()
    await Promise.all(all)
    const { user, ...keys } = (await world.browser.get('/all')).body
    assert.deepEqual([user, Object.keys(keys).length], ['alice', 10])
  })

  test('get a new id and a user as any other', async () => {
    const bind: Handler = (req) => world.store.bind(req, 'alice')
    const rotate: Handler = (req) => world.store.rotate(req, { graceMs: 0 })
    await using world = await move({}, { '/bind': (req, res) => bind(req, res), '/rotate': (req, res) => rotate(req, res) })
    const old = world.browser.clone()
    assert.equal((await world.browser.get('/rotate')).body, true)
    await world.browser.get('/bind')
    assert.deepEqual([(await world.browser.get('/whoami')).body, (await old.get('/whoami')).body], ['alice', 'nobody'])
    assert.equal(await world.old(), null)
  })

  test('keep lists and objects that are empty, and all that JSON has', async () => {
    await using world = await move()
    const data = { list: [], object: {}, nested: [{ a: [] }, {}], zero: 0, big: 1e21, text: 'ä😀"', no: null }
    await backend.redis.command('SET', world.key, JSON.stringify({ cookie: { originalMaxAge: HOUR, path: '/' }, ...data }), 'PX', HOUR)
    for (let times = 0; times < 3; times++) {
      const { cookie: _cookie, ...rest } = (await world.store.get(world.sid))!
      assert.deepEqual(rest, data)
      await world.store.touch(world.sid, { ...rest, cookie: { originalMaxAge: HOUR } } as any)
    }
  })

  test('are nothing where they are garbage', async () => {
    await using world = await move()
    for (const garbage of ['', 'garbage', '7', 'null', '[]', '"text"', '{"cookie":']) {
      await backend.redis.command('SET', world.key, garbage, 'PX', HOUR)
      assert.equal(await world.store.get(world.sid), null, garbage)
    }
    await backend.redis.command('DEL', world.key)
    await backend.redis.command('HSET', world.key, 'a', 'b')
    assert.equal(await world.store.get(world.sid), null)
    await backend.redis.command('DEL', world.key)
  })

  test('are not looked for unless that is asked for', async () => {
    await using world = await move()
    assert.equal(await storeOn(backend.redis).get(world.sid), null)
    await done((callback) => world.store.destroy(world.sid, callback))
    assert.equal(await world.old(), null)
  })
})
