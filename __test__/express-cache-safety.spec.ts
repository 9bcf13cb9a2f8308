import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CacheMiddlewareOptions } from '../express.js'
import { onEveryBackend } from './support/backends'
import { type Page, pages, Site } from './support/pages'

type Headers = Record<string, string>

interface Case {
  /** What the handler sets. */
  sets?: Headers
  status?: number
  alice?: Headers
  bob?: Headers
  options?: CacheMiddlewareOptions<any, any>
  /** Of `Cache-Status`. */
  detail: string
}

/** What must not be given to another: in each case the next who asks gets an answer of their own. */
const KEPT_APART: Record<string, Case> = {
  'sets a cookie': { sets: { 'Set-Cookie': 'sid=alice' }, detail: 'set-cookie' },
  'is private': { sets: { 'Cache-Control': 'private, max-age=60' }, detail: 'private' },
  'must not be stored': { sets: { 'Cache-Control': 'no-store' }, detail: 'no-store' },
  'varies by everything': { sets: { Vary: '*' }, detail: 'vary-star' },
  'is an error': { status: 500, detail: 'status' },
  'was not found': { status: 404, detail: 'status' },
  'is for who sent Authorization': { alice: { Authorization: 'Bearer alice' }, bob: { Authorization: 'Bearer bob' }, detail: 'authorization' },
  'is for who sent Authorization, though a key generator names it': {
    alice: { Authorization: 'Bearer alice' }, bob: { Authorization: 'Bearer bob' }, options: { keyGenerator: () => 'same' }, detail: 'authorization',
  },
  'is for who sent a cookie': { alice: { Cookie: 'sid=alice' }, bob: { Cookie: 'sid=bob' }, detail: 'cookie' },
  'is larger than what is stored': { options: { maxBody: 3 }, detail: 'too-large' },
  'is not fresh at all': { sets: { 'Cache-Control': 'max-age=0' }, detail: 'expired' },
}

/** And what may be. */
const SHARED: Record<string, Omit<Case, 'detail'>> = {
  'is public, though its clients say who they are': {
    sets: { 'Cache-Control': 'public, max-age=60' }, alice: { Authorization: 'Bearer alice' }, bob: { Authorization: 'Bearer bob' },
  },
  'says s-maxage, though its clients say who they are': {
    sets: { 'Cache-Control': 's-maxage=60' }, alice: { Authorization: 'Bearer alice', Cookie: 'a=b' }, bob: { Cookie: 'sid=bob' },
  },
  'says how long it is fresh, though its clients have cookies': { sets: { 'Cache-Control': 'max-age=60' }, alice: { Cookie: 'a=1' }, bob: { Cookie: 'a=2' } },
  'is asked for with cookies that make no difference': { alice: { Cookie: 'a=1' }, bob: { Cookie: 'a=2' }, options: { ignoreCookies: true } },
  'is asked for with cookies, under a key of the application': { alice: { Cookie: 'a=1' }, bob: { Cookie: 'a=2' }, options: { keyGenerator: () => 'same' } },
  'was not found, and is stored all the same': { status: 404, options: { statuses: [404] } },
}

onEveryBackend('a response', (backend) => {
  async function both({ sets = {}, status = 200, alice = {}, bob = {}, options }: Omit<Case, 'detail'>) {
    let visits = 0
    const page: Page = (_req, res) => res.status(status).set(sets).send(`visit ${++visits}`)
    await using site = await Site.start(pages(backend.redis, options), page)
    return [await site.get('/', alice), await site.get('/', bob), await site.get('/', bob)]
  }

  for (const [what, one] of Object.entries(KEPT_APART)) {
    test(`that ${what} is given to nobody else, and it is told why`, async () => {
      const answers = await both(one)
      assert.deepEqual(answers.map(({ body }) => body.toString()), ['visit 1', 'visit 2', 'visit 3'])
      assert.match(String(answers[0]!.headers['cache-status']), new RegExp(`detail=${one.detail}$`))
      assert.equal(answers[0]!.headers.age, undefined)
    })
  }

  for (const [what, one] of Object.entries(SHARED)) {
    test(`that ${what} is shared`, async () => {
      const answers = await both(one)
      assert.deepEqual(answers.map(({ body }) => body.toString()), ['visit 1', 'visit 1', 'visit 1'])
    })
  }

  test('that was stored for anybody is not given to who says who they are', async () => {
    let visits = 0
    await using site = await Site.start(pages(backend.redis), (_req, res) => res.send(`visit ${++visits}`))
    await site.get()
    for (const headers of [{ Cookie: 'sid=1' }, { Authorization: 'Basic x' }] as Headers[]) {
      assert.notEqual((await site.get('/', headers)).body.toString(), 'visit 1')
    }
    assert.equal((await site.get()).body.toString(), 'visit 1')
  })

  test('is told apart by credentials where the route keys by them', async () => {
    await using site = await Site.start(pages(backend.redis, { vary: ['Authorization'] }), (req, res) => res.send(`for ${req.headers.authorization}`))
    for (const who of ['alice', 'bob', 'alice', 'bob']) assert.equal((await site.get('/', { Authorization: who })).body.toString(), `for ${who}`)
    assert.equal(site.asked, 2)
  })

  test('whose cookie is to be stripped is stored without it', async () => {
    await using site = await Site.start(pages(backend.redis, { stripSetCookie: true }), (_req, res) => res.cookie('sid', 'alice').send('page'))
    assert.match(String((await site.get()).headers['set-cookie']), /sid=alice/)
    const other = await site.get()
    assert.deepEqual([other.body.toString(), other.headers['set-cookie'], site.asked], ['page', undefined, 1])
  })

  test('that was set up before the cache keeps what belongs to each request', async () => {
    let requests = 0
    const cache = pages(backend.redis)
    const outer: typeof cache = Object.assign((req: any, res: any, next: any) => {
      res.setHeader('X-Request-Id', String(++requests))
      cache(req, res, next)
    }, cache)
    await using site = await Site.start(outer, (_req, res) => res.set('X-Page', 'p').send('page'))
    await site.get()
    const second = await site.get()
    assert.deepEqual([second.headers['x-request-id'], second.headers['x-page'], site.asked], ['2', 'p', 1])
  })

  test('to POST is not that to GET, and takes what is stored away', async () => {
    let visits = 0
    await using site = await Site.start(pages(backend.redis), (req, res) => (req.method === 'POST' && req.url === '/bad' ? res.status(400) : res).send(`${req.method} ${++visits}`))
    assert.equal((await site.get('/')).body.toString(), 'GET 1')
    assert.equal((await site.get('/', {}, 'POST')).body.toString(), 'POST 2')
    assert.equal((await site.get('/')).body.toString(), 'GET 3')
    assert.equal((await site.get('/')).body.toString(), 'GET 3')
    assert.equal((await site.get('/bad')).body.toString(), 'GET 4')
    assert.equal((await site.get('/bad', {}, 'POST')).status, 400)
    assert.equal((await site.get('/bad')).body.toString(), 'GET 4')
  })
})
