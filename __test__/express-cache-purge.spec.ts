import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { before, test } from 'node:test'
import type { CacheMiddlewareOptions, CacheTarget } from '../express.js'
import type { Redis } from '../index.js'
import { onEveryBackend } from './support/backends'
import { HeldPage } from './support/held-page'
import { HOSTS, type Page, pages, Site } from './support/pages'
import { until } from './support/until'
import { settled, Visitor } from './support/visitor'

const HERE = 'site.example'

/** Pages as `host path`. */
const STORED = [`${HERE} /a`, `${HERE} /a?x=1`, `${HERE} /ab`, `${HERE} /a/b`, `${HERE} /b`, 'other.example /a', `${HERE}.org /a/b`, `${HERE}:8080 /a/b`]

/** What is purged, and what goes. */
const PURGED: [target: CacheTarget, gone: string[]][] = [
  [`http://${HERE}/a`, [`${HERE} /a`]],
  [{ url: `HTTP://${HERE.toUpperCase()}/a` }, [`${HERE} /a`]],
  [`http://${HERE}/a?x=1#part`, [`${HERE} /a?x=1`]],
  ['/a', [`${HERE} /a`, 'other.example /a']],
  [{ url: '/a?x=1' }, [`${HERE} /a?x=1`]],
  [{ prefix: '/a' }, STORED.filter((name) => !name.endsWith(' /b'))],
  [{ prefix: `http://${HERE}/a/` }, [`${HERE} /a/b`]],
  [{ prefix: `http://${HERE}` }, STORED.filter((name) => name.startsWith(`${HERE} `))],
  ['/nothing', []],
]

/** Each is a page of its own, and none may take another along: to a glob they mean more than themselves. */
const GLOBS = ['/a*', '/a', '/ab', '/a?b', '/a?', '/a?*', '/[ab]', '/b', '/%5Ba', '/a%5C*', '/^a', '/[^a]', '/a**', '/%2A', '/*']

const ask = async (site: Site, name: string, headers = {}) => {
  const [host, path] = name.split(' ')
  return (await site.get(path, { Host: host, ...headers })).body.toString()
}

onEveryBackend('pages that are purged', (backend) => {
  let other: Redis
  before(async () => {
    other = await backend.connect()
  })

  /** A cache here and one in another client over the same store, each before the same page. */
  async function both(page: Page, options: CacheMiddlewareOptions<any, any> = {}, far: CacheMiddlewareOptions<any, any> = {}) {
    const namespace = randomUUID()
    const caches = [pages(backend.redis, { namespace, ...options }), pages(other, { namespace, ...options, ...far })] as const
    const sites = await Promise.all(caches.map((cache) => Site.start(cache, page)))
    return { caches, sites: sites as [Site, Site], [Symbol.asyncDispose]: async () => void (await Promise.all(sites.map((site) => site[Symbol.asyncDispose]()))) }
  }

  for (const [target, gone] of PURGED) {
    test(`by ${JSON.stringify(target)} are gone, and no others`, async () => {
      let visits = 0
      await using them = await both((_req, res) => res.send(`visit ${++visits}`))
      const [site, second] = them.sites
      const first = new Map<string, string>()
      for (const name of STORED) first.set(name, await ask(site, name))
      assert.equal(await them.caches[1].purge(target), gone.length)
      for (const name of STORED) assert.equal((await ask(site, name)) === first.get(name), !gone.includes(name), name)
      for (const name of STORED) assert.equal(await ask(second, name), await ask(site, name), name)
      assert.equal(them.caches[1].metrics().invalidations, gone.length)
    })
  }

  test('by a URL full of signs take nothing else along', async () => {
    let visits = 0
    for (const path of GLOBS) {
      const cache = pages(backend.redis)
      await using own = await Site.start(cache, (_req, res) => res.send(`visit ${++visits}`))
      const first = new Map<string, string>()
      for (const one of GLOBS) first.set(one, await ask(own, `${HERE} ${one}`))
      // To HTTP a question mark without a query is none.
      const same = GLOBS.filter((one) => first.get(one) === first.get(path))
      assert.equal(await cache.purge(path), 1, path)
      for (const one of GLOBS) assert.equal((await ask(own, `${HERE} ${one}`)) !== first.get(one), same.includes(one), `${one} after ${path}`)
      assert.equal(await cache.purge({ prefix: `${path}-` }), 0)
    }
  })

  test('by the key that the application gave, or by a tag, are gone in all variants, here and elsewhere', async () => {
    let visits = 0
    const options = { keyGenerator: ({ url }: any) => `page*${url}`, tags: ({ url }: any) => [`tag ${url}`, 'all'] }
    await using them = await both((_req, res) => res.vary('X-Who').send(`visit ${++visits}`), options)
    const [cache] = them.caches
    const askAll = async () => {
      const texts: string[] = []
      for (const path of ['/1', '/2']) for (const who of ['a', 'b']) texts.push(await ask(them.sites[0], `${HERE} ${path}`, { 'X-Who': who }))
      return texts
    }
    const changed = async (purge: () => Promise<unknown>) => {
      const before = await askAll()
      await purge()
      const after = await askAll()
      return after.map((text, i) => text !== before[i])
    }
    assert.deepEqual(await changed(() => cache.purge({ key: 'page*/1' })), [true, true, false, false])
    assert.deepEqual(await changed(() => cache.purge({ key: 'page*' })), [false, false, false, false])
    assert.deepEqual(await changed(() => cache.purge({ tag: 'tag /2' })), [false, false, true, true])
    assert.deepEqual(await changed(() => them.caches[1].invalidateByTag('tag /1')), [true, true, false, false])
    assert.deepEqual(await changed(() => them.caches[1].invalidateByTag('all')), [true, true, true, true])
    assert.deepEqual(await changed(() => cache.invalidateByTag('tag')), [false, false, false, false])
  })

  test('are gone from the memory of another client soon, and of this one at once', async () => {
    let visits = 0
    await using them = await both((_req, res) => res.vary('X-Who').send(`visit ${++visits}`), { near: true, tags: () => ['tag'] })
    const [cache] = them.caches
    const [site, second] = them.sites
    const purges = [() => cache.purge('/'), () => cache.purge(`http://${HERE}/`), () => cache.purge({ prefix: '/' }), () => cache.invalidateByTag('tag'), () => site.get('/', { Host: HERE }, 'POST')]
    for (const [i, purge] of purges.entries()) {
      const old = await ask(site, `${HERE} /`)
      for (let n = 0; n < 3; n++) assert.equal(await ask(second, `${HERE} /`), old)
      await purge()
      const fresh = await ask(site, `${HERE} /`)
      assert.notEqual(fresh, old, `purge ${i}`)
      await until('the other knows', async () => (await ask(second, `${HERE} /`)) === fresh)
    }
  })

  /** Every way to say that what is known so far is old. */
  const WAYS: Record<string, (cache: ReturnType<typeof pages>, site: Site) => Promise<unknown>> = {
    'a URL': (cache) => cache.purge(`http://${HERE}/page`),
    'a path': (cache) => cache.purge('/page'),
    'a prefix': (cache) => cache.purge({ prefix: '/p' }),
    'a tag': (cache) => cache.invalidateByTag('tag'),
    'a PUT': (_cache, site) => site.get('/page', { Host: HERE }, 'PUT'),
  }

  for (const [way, purge] of Object.entries(WAYS)) {
    for (const known of ['not known', 'varies', 'known to vary'] as const) {
      for (const from of [0, 1] as const) {
        test(`by ${way}, ${from === 0 ? 'here' : 'elsewhere'}, are not stored by who had begun before that, of a page that is ${known}`, async () => {
          const held = new HeldPage((_req, res, visit) => {
            if (known !== 'not known') res.setHeader('Vary', 'X-Who')
            res.end(visit <= begun ? 'old' : 'new')
          })
          let begun = Infinity
          const page: Page = (req, res, next) => (req.method === 'PUT' ? res.end() : req.headers['x-who'] === 'first' ? res.vary('X-Who').send('first') : held.page(req, res, next))
          await using them = await both(page, { near: true, tags: () => ['tag'] })
          const [site] = them.sites
          if (known === 'known to vary') await ask(site, `${HERE} /page`, { 'X-Who': 'first' })
          const late = new Visitor(site, '/page', { Host: HERE, 'X-Who': 'a' })
          await held.untilInside(1)
          await purge(them.caches[from]!, them.sites[from]!)
          begun = held.visits
          held.open()
          assert.equal((await late.answered()).body.toString(), 'old')
          await settled(backend.redis, other)
          for (const one of [0, 1, 0, 1]) assert.equal(await ask(them.sites[one]!, `${HERE} /page`, { 'X-Who': 'a' }), 'new')
        })
      }
    }
  }

  for (const host of Object.keys(HOSTS)) {
    test(`are those of what was changed, in ${host}`, async () => {
      let visits = 0
      const answers: Record<string, (res: any) => unknown> = {
        '/told': (res) => (res.setHeader('Location', '/new?b=2&a=1'), res.setHeader('Content-Location', `http://${HERE}/list`), (res.statusCode = 201), res.end()),
        '/head': (res) => res.writeHead(201, { Location: 'new?a=1&b=2' }).end(),
        '/moved': (res) => res.writeHead(303, 'See Other', ['Location', `http://${HERE}/list`]).end(),
        '/elsewhere': (res) => (res.setHeader('Location', 'http://other.example/list'), res.setHeader('Content-Location', `http://${HERE}:8080/new?a=1&b=2`), res.end()),
        '/nonsense': (res) => (res.setHeader('Location', 'http://[/list'), res.end()),
        '/bad': (res) => ((res.statusCode = 409), res.setHeader('Location', '/list'), res.end()),
        '/worse': (res) => ((res.statusCode = 500), res.end()),
        '/streamed': (res) => (res.write('a'), res.end('b')),
      }
      const page: Page = (req, res) => (req.method === 'GET' ? res.end(`visit ${++visits}`) : answers[req.originalUrl ?? req.url]!(res))
      await using site = await Site.start(pages(backend.redis), page, host)
      const all = [...Object.keys(answers), '/list', '/new?a=1&b=2']
      const changedBy = async (method: string, path: string) => {
        const before = await Promise.all(all.map((one) => ask(site, `${HERE} ${one}`)))
        await site.get(path, { Host: HERE }, method, method === 'DELETE' ? undefined : 'x')
        const after = await Promise.all(all.map((one) => ask(site, `${HERE} ${one}`)))
        return all.filter((_, i) => before[i] !== after[i])
      }
      for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
        assert.deepEqual(await changedBy(method, '/told'), ['/told', '/list', '/new?a=1&b=2'], method)
        assert.deepEqual(await changedBy(method, '/head'), ['/head', '/new?a=1&b=2'], method)
        assert.deepEqual(await changedBy(method, '/moved'), ['/moved', '/list'], method)
        assert.deepEqual(await changedBy(method, '/elsewhere'), ['/elsewhere'], method)
        assert.deepEqual(await changedBy(method, '/nonsense'), ['/nonsense'], method)
        assert.deepEqual(await changedBy(method, '/streamed'), ['/streamed'], method)
        for (const path of ['/bad', '/worse']) assert.deepEqual(await changedBy(method, path), [], method)
      }
      assert.deepEqual(await changedBy('OPTIONS', '/streamed'), [])
    })
  }
})
