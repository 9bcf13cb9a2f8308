import assert from 'node:assert/strict'
import http from 'node:http'
import { createRequire } from 'node:module'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { startServer } from '../testing.js'
import { root } from './support/root'

const load = createRequire(path.join(root, 'package.json'))
const { RedisRepository } = load('./index.js')
const { html } = load('./examples/demo/html.js')
const { start } = load('./examples/demo/server.js')
const { takeVisits } = load('./examples/demo/visits.js')
const { Visitor } = load('./examples/demo/visitor.js')

const password = 'correct horse battery staple'

describe('accounts of the demo', () => {
  let demo: any
  const agent = new http.Agent({ keepAlive: true })
  const newVisitor = () => new Visitor(demo.port, agent)
  const signUp = async (name: string) => {
    const visitor = newVisitor()
    const { status, headers } = await visitor.post('/account/signup', { name, password })
    assert.deepEqual([status, headers.location], [303, '/account'])
    return visitor
  }
  const isIn = async (visitor: any) => (await visitor.get('/account')).status === 200

  before(async () => {
    demo = await start({ prefix: 'redwright-demo-accounts' })
  })
  after(async () => {
    agent.destroy()
    await demo?.close()
  })

  it('lets in who knows the password, and nobody else', async () => {
    await signUp('Ada')
    const visitor = newVisitor()
    for (const [name, tried] of [['Ada', 'wrong'], ['ada', password], ['Nobody', password], ['Ada', `${password} `]]) {
      const { status, text } = await visitor.post('/account/login', { name, password: tried })
      // Blanks around are cut off, so that the last one is right.
      assert.equal(status, tried.trim() === password && name === 'Ada' ? 303 : 401)
      if (status === 401) assert.match(text, /Name or password is wrong/)
    }
    assert.ok(await isIn(visitor))
    assert.equal((await newVisitor().post('/account/signup', { name: 'Ada', password: 'another one' })).status, 409)
    for (const fields of [{}, { name: 'Ada' }, { name: ' ', password }, { name: 'x'.repeat(41), password }]) {
      assert.equal((await newVisitor().post('/account/login', fields)).status, 400, JSON.stringify(fields))
    }
  })

  it('gives a name to one of those who want it at once', async () => {
    // The first is not done when the others ask whether the name is free.
    const { set } = RedisRepository.prototype
    RedisRepository.prototype.set = async function (...record: unknown[]) {
      await pause(200)
      return set.apply(this, record)
    }
    const asked = Promise.all(Array.from({ length: 6 }, () => newVisitor().post('/account/signup', { name: 'Grace', password })))
    const answers = await asked.finally(() => (RedisRepository.prototype.set = set))
    assert.deepEqual(answers.map(({ status }) => status).sort(), [303, 409, 409, 409, 409, 409])
  })

  it('limits how often a password is tried', async () => {
    await signUp('Joan')
    const answers = await Promise.all(Array.from({ length: 30 }, () => newVisitor().post('/account/login', { name: 'Joan', password: 'guess' })))
    const limited = answers.filter(({ status }) => status === 429)
    assert.ok(limited.length > 0 && limited.length <= 20, `${limited.length} were limited`)
    await signUp('Edith')
  })

  it('gives a cookie to who logs in only, and a new one each time', async () => {
    const visitor = newVisitor()
    for (const page of ['/', '/guides/FR', '/account', '/account/login']) assert.equal((await visitor.get(page)).headers['set-cookie'], undefined, page)
    const { headers } = await visitor.post('/account/signup', { name: 'Hedy', password })
    assert.match(String(headers['set-cookie']), /^[^;]+; Path=\/; Expires=[^;]+; HttpOnly; SameSite=Lax$/)
    const before = visitor.cookie
    assert.equal((await visitor.get('/account')).headers['set-cookie'], undefined)

    // Whoever has put a cookie of theirs into a browser does not share the session that its user begins.
    await visitor.post('/account/login', { name: 'Hedy', password })
    assert.notEqual(visitor.cookie, before)
    assert.ok(await isIn(visitor))
    visitor.cookie = before
    assert.ok(!(await isIn(visitor)))
  })

  it('takes a cookie that is forged, cut off or too long for none', async () => {
    const visitor = await signUp('Mary')
    const { cookie } = visitor
    const id = decodeURIComponent(cookie)
    for (const other of [`${cookie}x`, cookie.slice(0, -4), id.replace(/\..*/, ''), 'redwright-demo=s%3A', 'redwright-demo=%ff', `redwright-demo=${'s%3Ax'.repeat(900)}`, `redwright-demo=\u00e9`]) {
      visitor.cookie = other
      assert.equal((await visitor.get('/account')).status, 303, other.slice(0, 40))
    }
    visitor.cookie = cookie
    assert.ok(await isIn(visitor))
  })

  it('keeps neither passwords nor ids of sessions in clear', async () => {
    const { cookie } = await signUp('Lise')
    const id = /s:([\w-]+)\./.exec(decodeURIComponent(cookie))![1]!
    const keys: string[] = []
    for (let cursor = '0'; cursor !== '0' || keys.length === 0; ) {
      const [next, found] = await demo.redis.command('SCAN', cursor, 'COUNT', 1000)
      keys.push(...found)
      cursor = next
    }
    const reads: Record<string, string[]> = { string: ['GET'], hash: ['HGETALL'], zset: ['ZRANGE', '0', '-1'], list: ['LRANGE', '0', '-1'], set: ['SMEMBERS'] }
    const values: string[] = []
    for (const key of keys) {
      const type = await demo.redis.command('TYPE', key)
      if (type === 'none') continue
      const [verb, ...rest] = reads[type]!
      values.push(JSON.stringify(await demo.redis.command(verb!, key, ...rest)))
      assert.notEqual(await demo.redis.command('PTTL', key), -1, `${key} has no TTL`)
    }
    assert.ok(values.some((value) => value.includes('Lise')))
    for (const secret of [password, id]) assert.ok(![...keys, ...values].some((text) => text.includes(secret)))
  })

  it('keeps pages for all until the cache is cleared, and pages of one person never', async () => {
    const visitor = await signUp('Emmy')
    const stats = async () => JSON.parse((await visitor.get('/stats')).text)
    await visitor.get('/guides/IT')
    const before = (await stats()).routes.page
    const again = await visitor.get('/guides/IT')
    assert.match(again.headers['cache-status'], /; hit/)
    for (let i = 0; i < 3; i++) assert.ok(await isIn(visitor))
    const { routes, holds } = await stats()
    assert.deepEqual([routes.page.hits, routes.page.misses, routes.page.bypassed], [before.hits + 1, before.misses, before.bypassed + 3])
    assert.ok(holds.namespaces.page > 0)

    await fetch(`${demo.url}/cache`, { method: 'DELETE' })
    assert.equal((await stats()).holds.keys, 0)
    assert.match((await visitor.get('/guides/IT')).headers['cache-status'], /; stored/)
    assert.ok(await isIn(visitor), 'who is logged in stays so')
    for (const [page, status] of [['/guides/ZZ', 404], ['/guides/fr', 400]] as const) assert.equal((await visitor.get(page)).status, status)
  })

  it('writes text as text', () => {
    const name = `<script>"&'</script>`
    assert.equal(String(html`<b title="${name}">${[name, 1, null]}${html`<i>`}</b>`), '<b title="&lt;script&gt;&quot;&amp;&#39;&lt;/script&gt;">&lt;script&gt;&quot;&amp;&#39;&lt;/script&gt;1<i></b>')
  })
})

describe('people who log in, read and log out', () => {
  for (const binary of [undefined, 'js-redis-server']) {
    it(`on ${binary ?? 'a real server'}`, async () => {
      const server = await startServer({ binary })
      const demo = await start({ url: server.url, prefix: 'redwright-demo-visits' })
      try {
        const { guides, own, logins } = await takeVisits(demo)
        assert.ok(guides.HIT > 0 && guides.MISS > 0, JSON.stringify(guides))
        assert.equal(guides.HIT + guides.MISS + guides.SHARED + guides.BYPASS, 360)
        assert.deepEqual([own, logins], [36, 18])
      } finally {
        await demo.close()
        await server.stop()
      }
    })
  }
})
