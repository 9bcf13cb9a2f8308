import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseList } from 'structured-headers'
import type { CacheExplanation } from '../express.js'
import { onEveryBackend } from './support/backends'
import { type Page, pages, Site } from './support/pages'
import { until } from './support/until'

/** A request that nobody has sent. */
const request = (site: Site, url: string, headers: Record<string, string> = {}, method = 'GET') =>
  ({ method, url, headers: { host: site.server.url.slice('http://'.length), ...headers }, socket: {} })

onEveryBackend('why a request is answered as it is', (backend) => {
  async function explained(page: Page, headers: Record<string, string> = {}, options = {}) {
    const cache = pages(backend.redis, options)
    let told: Promise<CacheExplanation> | undefined
    const asked: typeof cache = Object.assign((req: any, res: any, next: any) => {
      res.once('finish', () => (told = cache.explain(req)))
      cache(req, res, next)
    }, cache)
    await using site = await Site.start(asked, page)
    const { headers: got } = await site.get('/', headers)
    await until('it is told', () => told !== undefined)
    return { ...(await told!), status: String(got['cache-status']) }
  }

  const REASONS: [detail: string, page: Page, headers?: Record<string, string>, options?: object][] = [
    ['set-cookie', (_req, res) => res.cookie('a', 'b').send('x')],
    ['private', (_req, res) => res.set('Cache-Control', 'private').send('x')],
    ['no-store', (_req, res) => res.set('Cache-Control', 'no-store').send('x')],
    ['vary-star', (_req, res) => res.set('Vary', '*').send('x')],
    ['status', (_req, res) => res.status(500).send('x')],
    ['cookie', (_req, res) => res.send('x'), { Cookie: 'a=b' }],
    ['authorization', (_req, res) => res.send('x'), { Authorization: 'Basic secret' }],
    ['too-large', (_req, res) => res.send('xx'), {}, { maxBody: 1 }],
    ['stream', (_req, res) => res.type('text/event-stream').send('x')],
    ['tags', (_req, res) => res.send('x'), {}, { tags: () => { throw new Error('no') } }],
    ['no-freshness', (_req, res) => res.send('x'), {}, { ttl: 0 }],
    ['no-freshness', (_req, res) => res.send('x'), {}, { ttl: undefined, mode: 'http' }],
    ['expired', (_req, res) => res.set('Cache-Control', 'max-age=0').send('x')],
  ]
  for (const [detail, page, headers, options] of REASONS) {
    test(`is told by a word and in words: ${detail}`, async () => {
      const found = await explained(page, headers, options)
      assert.deepEqual([found.outcome, found.detail], ['miss', detail])
      assert.ok(found.reason !== null && found.reason.length > 10)
      const [[name, params]] = parseList(found.status) as any
      assert.deepEqual([String(name), String(params.get('fwd')), String(params.get('detail'))], ['redwright', 'uri-miss', detail])
      assert.ok(!JSON.stringify(found).includes('secret'))
    })
  }

  test('is told of one that was not sent', async () => {
    const cache = pages(backend.redis)
    await using site = await Site.start(cache, (req, res) => (req.url.startsWith('/varies') ? res.vary('X-Who') : res).send('x'))
    assert.equal((await cache.explain(request(site, '/'))).outcome, 'miss')
    for (const path of ['/', '/varies']) {
      await site.get(path, { 'X-Who': 'a' })
      await site.get(path, { 'X-Who': 'a' })
      const hit = await cache.explain(request(site, path, { 'x-who': 'a' }))
      assert.equal(hit.outcome, 'hit')
      assert.ok(hit.ttlMs! > 0 && hit.ttlMs! <= 60_000 && hit.ageMs! >= 0 && hit.key!.startsWith(path))
    }
    assert.equal((await cache.explain(request(site, '/varies', { 'x-who': 'b' }))).outcome, 'miss')
    assert.deepEqual([(await cache.explain(request(site, '/', { cookie: 'a=b' }))).detail, (await cache.explain(request(site, '/', {}, 'POST'))).detail], ['cookie', 'method'])
  })

  /** What a request says that makes a difference before anything is looked up. */
  const FORETOLD: [detail: string, headers: Record<string, string>, method?: string, options?: object][] = [
    ['skip', {}, 'GET', { skip: () => true }],
    ['body', { 'content-length': '1' }],
    ['body', { 'transfer-encoding': 'chunked' }],
    ['upgrade', { upgrade: 'websocket', connection: 'upgrade' }],
    ['head', {}, 'HEAD'],
    ['only-if-cached', { 'cache-control': 'only-if-cached' }, 'GET', { mode: 'http' }],
    ['method', {}, 'DELETE'],
  ]
  for (const [detail, headers, method = 'GET', options = {}] of FORETOLD) {
    test(`is foretold as it comes: ${method} with ${JSON.stringify(headers)}, ${detail}`, async () => {
      const cache = pages(backend.redis, options)
      const { outcome, detail: told, reason } = await cache.explain(request({ server: { url: 'http://any' } } as Site, '/', headers, method))
      assert.deepEqual([outcome, told], ['pass', detail])
      assert.ok(reason !== null)
    })
  }

  test('is foretold of HEAD and of only-if-cached by what is stored', async () => {
    const cache = pages(backend.redis, { mode: 'http' })
    await using site = await Site.start(cache, (_req, res) => res.set('Cache-Control', 'max-age=60').send('x'))
    await site.get()
    for (const [headers, method] of [[{}, 'HEAD'], [{ 'cache-control': 'only-if-cached' }, 'GET']] as const) {
      assert.equal((await cache.explain(request(site, '/', headers, method))).outcome, 'hit')
    }
    assert.equal((await cache.explain(request(site, '/', { 'cache-control': 'only-if-cached, no-cache' }))).detail, 'only-if-cached')
  })

  test('is counted', async () => {
    const cache = pages(backend.redis)
    await using site = await Site.start(cache, (req, res) => (req.url === '/own' ? res.set('Cache-Control', 'private') : res).send('x'))
    for (const path of ['/', '/', '/own']) await site.get(path)
    await cache.purge({ prefix: '/' })
    const { hits, misses, stores, refusals, invalidations } = cache.metrics()
    assert.deepEqual({ hits, misses, stores, refusals }, { hits: 1, misses: 2, stores: 1, refusals: 1 })
    assert.ok(invalidations >= 1)
  })
})
