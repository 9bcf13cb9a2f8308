import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { randomUUID } from 'node:crypto'
import { before, test } from 'node:test'
import type { CacheMiddlewareOptions } from '../express.js'
import type { Redis } from '../index.js'
import { onEveryBackend } from './support/backends'
import { HeldPage } from './support/held-page'
import { type Answer, HOSTS, type Page, pages, Site } from './support/pages'
import { until } from './support/until'
import { counting, settled, Visitor } from './support/visitor'

const MANY = 20
/** Whichever port a site has, it is the same one to its visitors. */
const HOST = { Host: 'site.example' }

/** Pages that are each client's own, by what their handlers set. */
const NOT_SHARED: Record<string, (res: any) => void> = {
  'sets a cookie': (res) => res.setHeader('Set-Cookie', 'a=b'),
  'is private': (res) => res.setHeader('Cache-Control', 'private'),
  'must not be stored': (res) => res.setHeader('Cache-Control', 'no-store'),
  'is an error': (res) => (res.statusCode = 500),
  'varies by everything': (res) => res.setHeader('Vary', '*'),
}

const textOf = ({ body }: { body: Buffer }) => body.toString()

onEveryBackend('a page that many ask for at once', (backend) => {
  let other: Redis
  before(async () => {
    other = await backend.connect()
  })

  /** Sites over one store: of one client, or of two as two processes would have them. */
  async function sites(page: Page, clients: 1 | 2, options: CacheMiddlewareOptions<any, any> = {}, host?: string) {
    const namespace = randomUUID()
    const caches = [backend.redis, other].slice(0, clients).map((redis) => counting(pages(redis, { namespace, ...options })))
    const list = await Promise.all(caches.map((cache) => Site.start(cache, page, host)))
    return {
      list,
      caches,
      /** Asks each site in turn, and waits until all requests have come and have asked Redis what is there. */
      async askAll(count: number, headers = {}) {
        const before = caches.reduce((sum, { came }) => sum + came, 0)
        const answers = Array.from({ length: count }, (_, i) => list[i % clients]!.get('/', { ...HOST, ...headers }))
        await until('all have come', () => caches.reduce((sum, { came }) => sum + came, 0) === before + count)
        await settled(backend.redis, other)
        return answers
      },
      [Symbol.asyncDispose]: async () => void (await Promise.all(list.map((site) => site[Symbol.asyncDispose]()))),
    }
  }

  for (const clients of [1, 2] as const) {
    const where = clients === 1 ? 'in one process' : 'over two clients'

    for (const options of [{}, { tags: () => ['tag'] }, { near: true }] as CacheMiddlewareOptions<any, any>[]) {
      const how = Object.keys(options).join()
      test(`is made once ${where}${how && `, with ${how}`}`, async () => {
        const held = new HeldPage()
        await using them = await sites(held.page, clients, options)
        const answers = await them.askAll(MANY)
        assert.equal(held.visits, 1)
        held.open()
        for (const answer of await Promise.all(answers)) assert.equal(textOf(answer), 'visit 1')
        assert.equal(held.visits, 1)
      })
    }

    test(`is made once for each variant ${where}, whoever is first`, async () => {
      const held = new HeldPage((req, res) => (res.setHeader('Vary', 'X-Who'), res.end(`for ${req.headers['x-who']}`)))
      await using them = await sites(held.page, clients)
      const answers: { who: string; all: Promise<Answer>[] }[] = []
      for (const who of ['a', 'b', 'a', 'b', 'a', 'b']) answers.push({ who, all: await them.askAll(2, { 'X-Who': who }) })
      held.open()
      for (const { who, all } of answers) for (const answer of await Promise.all(all)) assert.equal(textOf(answer), `for ${who}`)
      assert.ok(held.visits <= 4, `${held.visits} visits: one that finds out what it varies by, and at most one a variant and client`)
    })

    for (const [what, sets] of Object.entries(NOT_SHARED)) {
      for (const tagged of [false, true]) {
        test(`that ${what} is made by all others at once ${where}${tagged ? ', with tags' : ''}, each for its own client`, async () => {
          const held = new HeldPage((_req, res, visit) => (sets(res), res.end(`visit ${visit}`)))
          await using them = await sites(held.page, clients, tagged ? { tags: () => ['tag'] } : {})
          const first = await them.askAll(1)
          await held.untilInside(1)
          const others = await them.askAll(MANY)
          held.letOne()
          await held.untilInside(MANY)
          held.open()
          const texts = (await Promise.all([...first, ...others])).map(textOf)
          assert.equal(new Set(texts).size, 1 + MANY, 'each its own')
        })
      }
    }

    test(`that is known not to be shared is made by all at once ${where}, the first too`, async () => {
      const held = new HeldPage((_req, res, visit) => (res.setHeader('Cache-Control', 'private'), res.end(`visit ${visit}`)))
      await using them = await sites(held.page, clients)
      const [known] = await them.askAll(1)
      held.letOne()
      await known
      const answers = await them.askAll(MANY)
      await held.untilInside(MANY)
      held.open()
      assert.equal(new Set((await Promise.all(answers)).map(textOf)).size, MANY)
    })

    test(`is not waited for ${where} by who says who they are`, async () => {
      const held = new HeldPage((req, res, visit) => res.end(`visit ${visit} ${req.headers.authorization ?? ''}${req.headers.cookie ?? ''}`))
      await using them = await sites(held.page, clients)
      const anonymous = await them.askAll(2)
      await held.untilInside(1)
      const people = [...(await them.askAll(3, { Authorization: 'Bearer a' })), ...(await them.askAll(3, { Cookie: 'sid=a' }))]
      await held.untilInside(7)
      held.open()
      assert.equal(new Set((await Promise.all(people)).map(textOf)).size, 6)
      for (const answer of await Promise.all(anonymous)) assert.equal(textOf(answer), 'visit 1 ')
    })

    test(`is not kept from the anonymous ${where} by who says who they are`, async () => {
      const held = new HeldPage((req, res, visit) => res.end(`visit ${visit} ${req.headers.authorization ?? ''}`))
      await using them = await sites(held.page, clients, { waitMs: '1s' })
      const [alice] = await them.askAll(1, { Authorization: 'Bearer a' })
      await held.untilInside(1)
      const anonymous = await them.askAll(4)
      await until('somebody else is inside', () => held.inside > 1)
      held.open()
      assert.equal(textOf(await alice!), 'visit 1 Bearer a')
      for (const answer of await Promise.all(anonymous)) assert.doesNotMatch(textOf(answer), /Bearer/)
    })
  }

  for (const host of Object.keys(HOSTS)) {
    test(`keeps what each request carries with it, in ${host}`, async () => {
      const context = new AsyncLocalStorage<string>()
      const seen: string[][] = []
      const held = new HeldPage((req, res) => {
        seen.push([req.headers['x-id'], String(context.getStore())])
        res.setHeader('Cache-Control', 'private')
        res.end()
      })
      const cache = pages(backend.redis)
      const carried = Object.assign((req: any, res: any, next: any) => context.run(req.headers['x-id'], () => cache(req, res, next)), cache)
      await using site = await Site.start(carried, held.page, host)
      const answers = Array.from({ length: 6 }, (_, i) => site.get('/', { 'X-Id': String(i) }))
      await held.untilInside(1)
      await settled(backend.redis)
      held.open()
      await Promise.all(answers)
      assert.equal(seen.length, 6)
      for (const [id, store] of seen) assert.equal(store, id)
    })
  }

  test('goes through two caches, that of the site and that of the route, and is made once', async () => {
    const namespace = randomUUID()
    const held = new HeldPage((_req, res) => (res.setHeader('ETag', '"1"'), res.end('body')))
    for (const [one, two] of [[{}, {}], [{}, { namespace: randomUUID() }], [{}, { keyGenerator: () => 'key' }], [{ near: true }, {}]]) {
      const [whole, route] = [pages(backend.redis, { namespace, ...one }), pages(backend.redis, { namespace, ...two })]
      const both = counting(Object.assign((req: any, res: any, next: any) => whole(req, res, (error?: any) => (error ? next(error) : route(req, res, next))), whole))
      const before = held.visits
      await using site = await Site.start(both, held.page)
      const first = Array.from({ length: MANY }, () => site.get())
      await until('all have come', () => both.came === MANY)
      await settled(backend.redis)
      held.open()
      for (const answer of await Promise.all(first)) assert.deepEqual([answer.status, textOf(answer)], [200, 'body'])
      assert.equal(held.visits, before + 1)
      assert.equal((await site.get('/', { 'If-None-Match': '"1"' })).status, 304)
      assert.equal(textOf(await site.get()), 'body')
    }
  })

  test('that is asked for by who goes on waiting is not lost with who does not', async () => {
    const held = new HeldPage()
    await using them = await sites(held.page, 2)
    const leader = new Visitor(them.list[0]!, '/', HOST)
    await held.untilInside(1)
    const impatient = new Visitor(them.list[0]!, '/', HOST)
    await until('both have come', () => them.caches[0]!.came === 2)
    const others = await them.askAll(4)
    impatient.leave()
    assert.equal(await impatient.answer, undefined)
    held.open()
    for (const answer of await Promise.all(others)) assert.equal(textOf(answer), 'visit 1')
    assert.equal((await leader.answer)?.status, 200)
    assert.equal(held.visits, 1)
  })
})
