import assert from 'node:assert/strict'
import { test } from 'node:test'
import { onEveryBackend } from './support/backends'
import { appOf, dataOf, Gate, type Handler, login, logout, sidOf, storeOn, whoami } from './support/session-app'

const HOUR = 3_600_000

onEveryBackend('sessions that get a new id', (backend) => {
  /** An application over a store, with routes that rotate and bind. */
  async function start(options = {}, more: Record<string, Handler> = {}) {
    const store = storeOn(backend.redis, { rotationGraceMs: HOUR, ...options })
    const routes: Record<string, Handler> = {
      '/login': login,
      '/whoami': whoami,
      '/logout': logout,
      '/all': dataOf,
      '/write': (req) => (req.session[String(req.query.key)] = 1),
      '/rotate': async (req) => ({ alive: await store.rotate(req) }),
      '/rotate-now': async (req) => ({ alive: await store.rotate(req, { graceMs: 0 }) }),
      '/bind': async (req) => {
        req.session.user = req.query.user
        return store.bind(req, String(req.query.user), { browser: String(req.query.browser ?? '') })
      },
      ...more,
    }
    const app = await appOf(store, routes)
    return { store, app, [Symbol.asyncDispose]: () => app.close() }
  }

  test('are the same under it, and requests with the old cookie land in them for the time of grace', async () => {
    const gate = new Gate()
    await using world = await start({}, { '/slow': async (req) => (await gate.pass(), (req.session.slow = 1)) })
    const browser = world.app.browser()
    await browser.get('/login')
    const old = browser.clone()
    const late = old.clone().get('/slow')
    await gate.reached()
    assert.deepEqual((await browser.get('/rotate')).body, { alive: true })
    assert.notEqual(browser.cookie, old.cookie)
    assert.equal((await old.get('/whoami')).body, 'alice')
    await old.get('/write?key=old')
    await browser.get('/write?key=new')
    gate.open()
    await late
    for (const each of [browser, old]) assert.deepEqual((await each.get('/all')).body, { user: 'alice', old: 1, new: 1, slow: 1 })
    assert.equal(await world.store.length(), 1)
    assert.deepEqual(world.store.refused, [])
  })

  test('are over under both, once somebody logs out by the old cookie', async () => {
    await using world = await start()
    const browser = world.app.browser()
    await browser.get('/login')
    const old = browser.clone()
    await browser.get('/rotate')
    await old.get('/logout')
    for (const each of [browser, old]) assert.equal((await each.get('/whoami')).body, 'nobody')
    assert.equal(await world.store.length(), 0)
  })

  test('are over under the old cookie at once, where no grace is given', async () => {
    await using world = await start()
    const browser = world.app.browser()
    await browser.get('/login')
    const old = browser.clone()
    assert.deepEqual((await browser.get('/rotate-now')).body, { alive: true })
    assert.deepEqual([(await browser.get('/whoami')).body, (await old.get('/whoami')).body], ['alice', 'nobody'])
  })

  test('keep what the request has changed before and after', async () => {
    const change: Handler = async (req) => {
      req.session.before = 1
      req.session.cookie.maxAge = 50 * HOUR
      await world.store.rotate(req)
      req.session.after = 2
      return 'changed'
    }
    await using world = await start({}, { '/change': (req, res) => change(req, res) })
    const browser = world.app.browser()
    await browser.get('/login')
    await browser.get('/change')
    assert.deepEqual((await browser.get('/all')).body, { user: 'alice', before: 1, after: 2 })
    const ttls = await world.store.ttls()
    assert.ok(Math.max(...ttls) > HOUR, String(ttls))
  })

  test('may be new themselves', async () => {
    await using world = await start({}, { '/new': async (req) => ((req.session.a = 1), world.store.rotate(req)) })
    const browser = world.app.browser()
    assert.equal((await browser.get('/new')).body, true)
    assert.deepEqual((await browser.get('/all')).body, { a: 1 })
    assert.equal(await world.store.length(), 1)
  })

  test('bring nobody back who has logged out meanwhile', async () => {
    const gate = new Gate()
    const slow: Handler = async (req) => {
      req.session.mine = 1
      await gate.pass()
      return { alive: await world.store.rotate(req) }
    }
    await using world = await start({}, { '/slow': (req, res) => slow(req, res) })
    const browser = world.app.browser()
    await browser.get('/login')
    const other = browser.clone()
    const late = other.get('/slow')
    await gate.reached()
    await browser.get('/logout')
    gate.open()
    assert.deepEqual((await late).body, { alive: false })
    assert.deepEqual((await other.get('/all')).body, { mine: 1 })
    assert.equal((await browser.get('/whoami')).body, 'nobody')
  })

  test('belong to a user by bind, and nobody who planted the old id gets in', async () => {
    await using world = await start()
    const browser = world.app.browser()
    await browser.get('/write?key=cart')
    const planted = browser.clone()
    assert.deepEqual((await browser.get('/bind?user=alice')).body, { evicted: 0 })
    assert.notEqual(sidOf(browser.cookie!), sidOf(planted.cookie!))
    assert.deepEqual((await browser.get('/all')).body, { cart: 1, user: 'alice' })
    assert.equal((await planted.get('/whoami')).body, 'nobody')
  })

  test('belong to a user also where he comes without one', async () => {
    await using world = await start()
    const browser = world.app.browser()
    await browser.get('/bind?user=alice')
    assert.equal((await browser.get('/whoami')).body, 'alice')
    assert.equal((await world.store.listForUser('alice')).length, 1)
  })

  test('are listed by user, and end for all but the one who asks', async () => {
    const mine: Handler = async (req) => (await world.store.listForUser('alice', { current: req })).filter(({ isCurrent }) => isCurrent).map(({ meta }) => meta!.browser)
    const others: Handler = (req) => world.store.destroyAllForUser('alice', { except: req })
    await using world = await start({}, { '/others': (req, res) => others(req, res), '/mine': (req, res) => mine(req, res) })
    const browsers = [1, 2, 3].map(() => world.app.browser())
    const bob = world.app.browser()
    for (const [i, browser] of browsers.entries()) await browser.get(`/bind?user=alice&browser=b${i}`)
    await bob.get('/bind?user=bob')
    const listed = await world.store.listForUser('alice')
    assert.deepEqual(listed.map(({ meta, data, isCurrent }) => [meta!.browser, data.user, isCurrent]).sort(), [1, 2, 3].map((i) => [`b${i - 1}`, 'alice', false]))
    assert.deepEqual((await browsers[1]!.get('/mine')).body, ['b1'])
    assert.equal((await browsers[1]!.get('/others')).body, 2)
    assert.deepEqual(await Promise.all([...browsers, bob].map(async (each) => (await each.get('/whoami')).body)), ['nobody', 'alice', 'nobody', 'bob'])
    assert.equal((await world.store.listForUser('alice')).length, 1)
    assert.equal(await world.store.destroyAllForUser('alice'), 1)
    assert.equal((await browsers[1]!.get('/whoami')).body, 'nobody')
    assert.deepEqual(await world.store.listForUser('alice'), [])
  })

  test('end one by one, by the name that the list has', async () => {
    await using world = await start()
    const [one, other, bob] = [world.app.browser(), world.app.browser(), world.app.browser()]
    await one.get('/bind?user=alice&browser=one')
    await other.get('/bind?user=alice&browser=other')
    await bob.get('/bind?user=bob')
    const { handle } = (await world.store.listForUser('alice')).find(({ meta }) => meta!.browser === 'one')!
    assert.equal(await world.store.destroyListed('bob', handle), false)
    assert.equal(await world.store.destroyListed('alice', sidOf(other.cookie!)), false)
    assert.equal(await world.store.destroyListed('alice', handle), true)
    assert.deepEqual(await Promise.all([one, other, bob].map(async (each) => (await each.get('/whoami')).body)), ['nobody', 'alice', 'bob'])
  })

  test('make room for a new login, or not, where a user may have so many', async () => {
    await using evicting = await start({ maxSessionsPerUser: 2 })
    const browsers = [1, 2, 3].map(() => evicting.app.browser())
    const evicted: number[] = []
    for (const browser of browsers) evicted.push((await browser.get('/bind?user=alice')).body.evicted)
    assert.deepEqual(evicted, [0, 0, 1])
    assert.deepEqual(await Promise.all(browsers.map(async (each) => (await each.get('/whoami')).body)), ['nobody', 'alice', 'alice'])

    await using refusing = await start({ maxSessionsPerUser: 2, onLimit: 'refuse' }, { '/cart': (req) => (req.session.cart = 1) })
    const three = [1, 2, 3].map(() => refusing.app.browser())
    const answers: any[] = []
    for (const browser of three) {
      await browser.get('/cart')
      answers.push((await browser.get('/bind?user=alice')).body.code)
    }
    assert.deepEqual(answers, [undefined, undefined, 'ERR_SESSION_LIMIT'])
    // Who was refused is nobody, with nothing in the cart.
    assert.deepEqual(await Promise.all(three.map(async (each) => (await each.get('/all')).body)), [{ cart: 1, user: 'alice' }, { cart: 1, user: 'alice' }, {}])
    assert.equal((await refusing.store.listForUser('alice')).length, 2)
  })

  test('must be there: without one, rotate and bind say so', async () => {
    await using world = await start()
    for (const req of [undefined, null, {}, { session: null }, { session: {}, sessionID: 'x' }, { session: { id: 1 }, sessionID: 'x' }]) {
      await assert.rejects(world.store.rotate(req as any), { name: 'TypeError', code: 'ERR_INVALID_ARG' })
      await assert.rejects(world.store.bind(req as any, 'alice'), { name: 'TypeError', code: 'ERR_INVALID_ARG' })
    }
    await assert.rejects(world.store.bind({} as any, 7 as any), { name: 'TypeError' })
    await assert.rejects(world.store.rotate({} as any, { graceMs: -1 }), { name: 'RangeError' })
    await assert.rejects(world.store.rotate({} as any, { grace: 1 } as any), { name: 'TypeError', message: /graceMs/ })
  })
})
