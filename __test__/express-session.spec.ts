import assert from 'node:assert/strict'
import { test } from 'node:test'
import { onEveryBackend } from './support/backends'
import { appOf, dataOf, done, FRAMEWORKS, login, logout, storeOn, whoami } from './support/session-app'
import { until } from './support/until'

const HOUR = 3_600_000
/** A session as the store is handed one. */
const plain = (data: object, expires?: unknown) => ({ ...data, cookie: { path: '/', originalMaxAge: null, expires } }) as any

onEveryBackend('a SessionStore', (backend) => {
  for (const [name, framework] of Object.entries(FRAMEWORKS)) {
    test(`keeps who is logged in between requests, until the log-out, in ${name}`, async () => {
      const store = storeOn(backend.redis)
      await using app = await appOf(store, { '/login': login, '/whoami': whoami, '/logout': logout }, {}, framework)
      const [alice, other] = [app.browser(), app.browser()]
      assert.equal((await alice.get('/whoami')).setCookie, undefined)
      assert.ok((await alice.get('/login')).setCookie)
      assert.deepEqual([(await alice.get('/whoami')).body, (await other.get('/whoami')).body], ['alice', 'nobody'])
      await alice.get('/logout')
      assert.equal((await alice.get('/whoami')).body, 'nobody')
    })

    test(`gives a new id by regenerate, and the old one is over, in ${name}`, async () => {
      const store = storeOn(backend.redis)
      const routes = { '/login': login, '/whoami': whoami, '/all': dataOf, '/again': async (req: any) => (await done((callback) => req.session.regenerate(callback)), (req.session.fresh = 1)) }
      await using app = await appOf(store, routes, {}, framework)
      const browser = app.browser()
      await browser.get('/login')
      const old = browser.clone()
      await browser.get('/again')
      assert.notEqual(browser.cookie, old.cookie)
      assert.deepEqual((await browser.get('/all')).body, { fresh: 1 })
      assert.equal((await old.get('/whoami')).body, 'nobody')
      assert.equal(await store.length(), 1)
    })
  }

  test('lets a session live as long as its cookie, to the millisecond', async () => {
    const store = storeOn(backend.redis)
    await using app = await appOf(store, { '/login': login, '/whoami': whoami }, { cookie: { maxAge: 30_250 } })
    const browser = app.browser()
    await browser.get('/login')
    const [ttl] = await store.ttls()
    assert.ok(ttl! > 0 && ttl! <= 30_250, `${ttl} ms`)
    await store.set('short', plain({ a: 1 }, new Date(Date.now() + 50)))
    await until('it is over', async () => (await store.get('short')) === null)
    assert.equal(await store.length(), 1)
  })

  for (const [what, expires] of Object.entries({ 'an invalid date': new Date(NaN), 'no date': 'soon', none: undefined, null: null, false: false })) {
    test(`gives a session its own ttl where the cookie expires at ${what}`, async () => {
      const store = storeOn(backend.redis, { ttl: '2h' })
      await store.set('a', plain({ a: 1 }, expires))
      await store.touch('a', plain({ a: 1 }, expires))
      const [ttl] = await store.ttls()
      assert.ok(ttl! > HOUR && ttl! <= 2 * HOUR, `${ttl} ms`)
      assert.equal((await store.get('a'))!.a, 1)
    })
  }

  test('has nothing of a session whose cookie is over, and nobody brings it back', async () => {
    const store = storeOn(backend.redis)
    await store.set('a', plain({ a: 1 }))
    const loaded = await store.get('a')
    await store.set('a', plain({ a: 2 }, new Date(Date.now() - 1000)))
    assert.equal(await store.get('a'), null)
    await store.set('a', Object.assign(loaded!, { a: 3 }))
    await store.touch('a', loaded!)
    assert.equal(await store.get('a'), null)
    await store.set('b', plain({ b: 1 }))
    await store.touch('b', plain({ b: 1 }, new Date(0)))
    assert.equal(await store.get('b'), null)
    assert.equal(await store.length(), 0)
  })

  test('takes cookies that a function makes', async () => {
    const store = storeOn(backend.redis)
    const cookie = ((req: any) => ({ maxAge: req.query.remember ? 100 * HOUR : HOUR })) as any
    await using app = await appOf(store, { '/login': login, '/whoami': whoami }, { cookie })
    const [one, other] = [app.browser(), app.browser()]
    await one.get('/login')
    await other.get('/login?remember=1')
    const [short, long] = (await store.ttls()).sort((a, b) => a - b)
    assert.ok(short! <= HOUR && long! > HOUR && long! <= 100 * HOUR, `${short} and ${long} ms`)
    assert.deepEqual([(await one.get('/whoami')).body, (await other.get('/whoami')).body], ['alice', 'alice'])
  })

  test('gives back a session without a cookie as it is', async () => {
    const store = storeOn(backend.redis)
    await store.set('a', { foo: 'bar' } as any)
    assert.deepEqual({ ...(await store.get('a')) }, { foo: 'bar' })
    await store.touch('a', { foo: 'bar' } as any)
    assert.deepEqual({ ...(await store.get('a')) }, { foo: 'bar' })
  })

  test('gives back the cookie with its terms, and data as JSON has it', async () => {
    const store = storeOn(backend.redis)
    const expires = new Date(Date.now() + HOUR)
    const data = { text: 'ä€😀"\\\u2028', list: [], nested: { empty: {}, zero: 0, no: null }, date: new Date(0), gone: undefined }
    await store.set('a', { ...data, cookie: { originalMaxAge: HOUR, expires, secure: true, httpOnly: false, domain: 'a.example', path: '/x', sameSite: 'strict' } } as any)
    const session = { ...(await store.get('a')) }
    assert.deepEqual(session, JSON.parse(JSON.stringify({ ...data, cookie: session.cookie })))
    assert.deepEqual(session.cookie, { originalMaxAge: HOUR, expires: expires.toISOString(), secure: true, httpOnly: false, domain: 'a.example', path: '/x', sameSite: 'strict' })
  })

  test('sends a rolling cookie with each response, and the session lives on as long', async () => {
    const store = storeOn(backend.redis)
    await using app = await appOf(store, { '/login': login, '/whoami': whoami }, { rolling: true, cookie: { maxAge: HOUR } })
    const browser = app.browser()
    await browser.get('/login')
    const expires = async () => new Date((await store.all())[0]!.cookie.expires!).getTime()
    const first = await expires()
    await until('it expires later', async () => {
      assert.ok((await browser.get('/whoami')).setCookie)
      return (await expires()) > first
    })
  })

  test('ends a session that a request unsets, where that is asked for', async () => {
    const store = storeOn(backend.redis)
    await using app = await appOf(store, { '/login': login, '/whoami': whoami, '/unset': (req: any) => ((req.session = null), 'unset') }, { unset: 'destroy' })
    const browser = app.browser()
    await browser.get('/login')
    await browser.get('/unset')
    assert.equal((await browser.get('/whoami')).body, 'nobody')
  })

  test('lists and counts what is alive, beside what was destroyed or is over', async () => {
    const store = storeOn(backend.redis)
    const other = storeOn(backend.redis)
    for (let i = 0; i < 30; i++) await store.set(`s${i}`, plain({ i }))
    await other.set('s1', plain({ i: 'other' }))
    for (let i = 0; i < 10; i++) await store.destroy(`s${i}`)
    for (let i = 10; i < 15; i++) await store.set(`s${i}`, plain({ i }, new Date(Date.now() + 20)))
    await until('five are over', async () => (await store.length()) === 15)
    const all = await store.all()
    assert.deepEqual(all.map(({ i }) => i).sort((a, b) => a - b), Array.from({ length: 15 }, (_, i) => i + 15))
    assert.equal(new Set(all.map(({ id }) => id)).size, 15)
    await store.clear()
    assert.deepEqual([await store.length(), await store.all(), await other.length()], [0, [], 1])
    await store.clear()
  })

  test('clears what is its own, whatever its namespace looks like', async () => {
    const [star, plainName] = [storeOn(backend.redis, { namespace: `n*[a]?` }), storeOn(backend.redis)]
    await star.set('a', plain({ a: 1 }))
    await plainName.set('a', plain({ a: 2 }))
    await star.clear()
    assert.deepEqual([await star.get('a'), (await plainName.get('a'))!.a], [null, 2])
    await plainName.clear()
  })

  test('loads a session as one of express-session', async () => {
    const store = storeOn(backend.redis)
    await store.set('a', plain({ user: 'alice' }, new Date(Date.now() + HOUR)))
    const session = await new Promise<any>((resolve, reject) => store.load('a', (error, session) => (error ? reject(error) : resolve(session))))
    assert.equal(session.user, 'alice')
    assert.ok(session.cookie.expires instanceof Date)
    session.user = 'bob'
    await done((callback) => session.save(callback))
    assert.equal((await store.get('a'))!.user, 'bob')
    assert.equal(await new Promise((resolve) => store.load('none', (error, session) => resolve(error ?? session))), undefined)
  })

  test('stores what it has loaded under another id too', async () => {
    const store = storeOn(backend.redis)
    await store.set('a', plain({ n: 1 }))
    const session = (await store.get('a'))!
    await store.set('b', session)
    await store.set('a', Object.assign(session, { n: 2 }))
    assert.deepEqual([(await store.get('a'))!.n, (await store.get('b'))!.n, store.refused], [2, 1, []])
  })

  test('leaves no key without a TTL', async () => {
    const store = storeOn(backend.redis, { maxSessionsPerUser: 3 })
    await using app = await appOf(store, {
      '/login': login,
      '/bind': async (req) => (await store.bind(req, 'alice', { browser: 'x' }), 'bound'),
      '/rotate': (req) => store.rotate(req, { graceMs: HOUR }),
      '/logout': logout,
    })
    for (const path of ['/login', '/bind', '/rotate', '/logout']) {
      const browser = app.browser()
      await browser.get('/login')
      await browser.get(path)
      if (path !== '/login') await browser.get('/bind')
    }
    const ttls = await store.ttls()
    assert.ok(ttls.length >= 5)
    assert.deepEqual(ttls.filter((ttl) => ttl < 0), [])
  })
})
