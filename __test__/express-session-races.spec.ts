import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SessionStoreOptions } from '../express.js'
import { onEveryBackend } from './support/backends'
import { appOf, dataOf, done, Gate, type Handler, login, logout, storeOn, whoami } from './support/session-app'

const HOUR = 3_600_000
const hit: Handler = (req) => (req.session.hits = (req.session.hits ?? 0) + 1)

onEveryBackend('sessions under concurrent requests', (backend) => {
  for (const [what, options, change] of [
    ['that has changed it', {}, true],
    ['that only touches it', {}, false],
    ['that saves it unchanged', { resave: true }, false],
    ['with rolling cookies', { rolling: true }, false],
    ['with rolling cookies that has changed it', { rolling: true }, true],
  ] as const) {
    test(`who logs out stays so, whatever a slow request does ${what}`, async () => {
      const store = storeOn(backend.redis)
      const gate = new Gate()
      const slow: Handler = async (req) => {
        await gate.pass()
        if (change) req.session.seen = 'much'
        return 'late'
      }
      await using app = await appOf(store, { '/login': login, '/whoami': whoami, '/logout': logout, '/slow': slow }, { cookie: { maxAge: HOUR }, ...options })
      const browser = app.browser()
      await browser.get('/login')
      const thief = browser.clone()
      const late = browser.clone().get('/slow')
      await gate.reached()
      assert.equal((await browser.get('/logout')).body, 'out')
      gate.open()
      assert.deepEqual([(await late).status, (await late).body], [200, 'late'])
      assert.equal((await thief.clone().get('/whoami')).body, 'nobody')
      assert.equal(await store.length(), 0)
      assert.deepEqual(store.refused, change ? ['destroyed'] : [])
    })
  }

  test('a session that is over does not come back by a slow request', async () => {
    const store = storeOn(backend.redis)
    const gate = new Gate()
    await using app = await appOf(store, { '/login': login, '/whoami': whoami, '/slow': async (req) => (await gate.pass(), (req.session.late = 1)) })
    const browser = app.browser()
    await browser.get('/login')
    const late = browser.clone().get('/slow')
    await gate.reached()
    await store.clear()
    gate.open()
    await late
    assert.equal((await browser.get('/whoami')).body, 'nobody')
    assert.deepEqual(store.refused, ['expired'])
  })

  for (const [name, options, hits, refused] of [
    ["merge: 'delta'", { merge: 'delta' }, 10, 0],
    ['the default', {}, 1, 0],
    ["merge: 'theirs'", { merge: 'theirs' }, 1, 0],
    ["conflict: 'last-write'", { conflict: 'last-write' }, 1, 0],
    ["conflict: 'reject'", { conflict: 'reject' }, 1, 9],
  ] as [string, SessionStoreOptions, number, number][]) {
    test(`ten requests that count at the same time come to ${hits} with ${name}`, async () => {
      const store = storeOn(backend.redis, options)
      const gate = new Gate()
      await using app = await appOf(store, { '/login': login, '/hit': async (req, res) => (await gate.pass(), hit(req, res)), '/hits': (req) => req.session.hits })
      const browser = app.browser()
      await browser.get('/login')
      const all = Array.from({ length: 10 }, () => browser.clone().get('/hit'))
      await gate.reached(10)
      gate.open()
      for (const { status } of await Promise.all(all)) assert.equal(status, 200)
      assert.equal((await browser.get('/hits')).body, hits)
      assert.deepEqual(store.refused, Array.from({ length: refused }, () => 'conflict'))
    })
  }

  for (const [name, options, survive] of [
    ['merged', {}, 10],
    ['written by the last', { conflict: 'last-write' }, 1],
    ['refused but for the first', { conflict: 'reject' }, 1],
  ] as [string, SessionStoreOptions, number][]) {
    test(`of ten requests that write a key each, ${survive} survive where they are ${name}`, async () => {
      const store = storeOn(backend.redis, options)
      const gate = new Gate()
      await using app = await appOf(store, { '/login': login, '/write': async (req) => (await gate.pass(), (req.session[String(req.query.key)] = 1)), '/all': (req) => Object.keys(req.session) })
      const browser = app.browser()
      await browser.get('/login')
      const all = Array.from({ length: 10 }, (_, i) => browser.clone().get(`/write?key=k${i}`))
      await gate.reached(10)
      gate.open()
      await Promise.all(all)
      const keys = (await browser.get('/all')).body as string[]
      assert.equal(keys.filter((key) => key.startsWith('k')).length, survive)
      assert.ok(keys.includes('user'))
    })
  }

  test('fifty who log in at the same time are fifty, each with a session of their own', async () => {
    const store = storeOn(backend.redis)
    const routes: Record<string, Handler> = {
      '/login': async (req) => {
        await done((callback) => req.session.regenerate(callback))
        req.session.user = req.query.name
        return req.session.user
      },
      '/whoami': whoami,
    }
    await using app = await appOf(store, routes)
    const browsers = Array.from({ length: 50 }, () => app.browser())
    await Promise.all(browsers.map((browser, i) => browser.get(`/login?name=user-${i}`)))
    const names = await Promise.all(browsers.map(async (browser) => (await browser.get('/whoami')).body))
    assert.deepEqual(names, browsers.map((_, i) => `user-${i}`))
    assert.equal(new Set(browsers.map(({ cookie }) => cookie)).size, 50)
    assert.equal(await store.length(), 50)
  })

  test('a request that saves twice without waiting is not in conflict with itself', async () => {
    const store = storeOn(backend.redis, { conflict: 'reject' })
    const twice: Handler = (req) => {
      req.session.a = 1
      req.session.save()
      req.session.b = 2
      req.session.save()
      req.session.c = 3
      return 'saved'
    }
    await using app = await appOf(store, { '/login': login, '/twice': twice, '/all': dataOf })
    for (const begin of ['/login', '/twice']) {
      const browser = app.browser()
      await browser.get(begin)
      await browser.get('/twice')
      const { user: _user, ...rest } = (await browser.get('/all')).body
      assert.deepEqual(rest, { a: 1, b: 2, c: 3 })
    }
    assert.deepEqual(store.refused, [])
  })

  test('what was merged stays, where the request saves once more and deletes what is its own', async () => {
    const store = storeOn(backend.redis)
    const gate = new Gate()
    const routes: Record<string, Handler> = {
      '/login': login,
      '/slow': async (req) => {
        await gate.pass()
        req.session.mine = 1
        await done((callback) => req.session.save(callback))
        delete req.session.mine
        req.session.more = 2
        return 'late'
      },
      '/quick': (req) => (req.session.theirs = 3),
      '/all': dataOf,
    }
    await using app = await appOf(store, routes)
    const browser = app.browser()
    await browser.get('/login')
    const late = browser.clone().get('/slow')
    await gate.reached()
    await browser.get('/quick')
    gate.open()
    await late
    assert.deepEqual((await browser.get('/all')).body, { user: 'alice', more: 2, theirs: 3 })
  })

  for (const path of ['/look', '/change']) {
    test(`who asked to be remembered is so, though a request beside the login ends later and does ${path}`, async () => {
      const store = storeOn(backend.redis)
      const gate = new Gate()
      const routes: Record<string, Handler> = {
        '/login': login,
        '/remember': (req) => (req.session.remembered = (req.session.cookie.maxAge = 100 * HOUR) > 0),
        '/look': async () => (await gate.pass(), 'late'),
        '/change': async (req) => (await gate.pass(), (req.session.late = 1)),
        '/left': (req) => req.session.cookie.originalMaxAge,
      }
      await using app = await appOf(store, routes, { cookie: { maxAge: HOUR } })
      const browser = app.browser()
      await browser.get('/login')
      const late = browser.clone().get(path)
      await gate.reached()
      await browser.get('/remember')
      gate.open()
      await late
      // express-session works it out of two looks at the clock.
      const left = Number((await browser.get('/left')).body)
      assert.ok(left > 99 * HOUR && left <= 100 * HOUR, `${left} ms`)
      const [session] = await store.all()
      assert.ok(new Date(session!.cookie.expires!).getTime() - Date.now() > 50 * HOUR)
    })
  }
})
