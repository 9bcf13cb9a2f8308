import assert from 'node:assert/strict'
import express from 'express'
import express4 from 'express4'
import http from 'node:http'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { CacheMiddlewareOptions } from '../express.js'
import { onOneBackend } from './support/backends'
import { serve } from './support/http'
import { pages, type Page, Site } from './support/pages'
import { sendRaw } from './support/visitor'

/** Without the order of names, which is no part of what is asked for; that of values is. */
function ordered(value: any): unknown {
  if (Array.isArray(value)) return value.map(ordered)
  if (typeof value !== 'object' || value === null) return value
  return Object.keys(value).sort().map((name) => [name, ordered(value[name])])
}

/** Names are the same in any case, and with the port that they mean (RFC 9110 4.2.3). */
const plainHost = (host: string | undefined, protocol: string) => (host ?? '').toLowerCase().replace(protocol === 'https' ? /:443$/ : /:80$/, '')

/** All that an application may know of a request: two that differ in any of it are not to be given the same page. */
const ECHO: Page = (req, res) =>
  res.json({ path: req.path, query: ordered(req.query), host: plainHost(req.get('host'), req.protocol), hostname: plainHost(req.hostname, req.protocol), protocol: req.protocol })

/** Targets as they are sent. Those that stand together were one page somewhere, once. */
const TARGETS = [
  '/a%23b', '/a#b', '/a', '/a#', '/a?#', '/a?b#c', '/a?b', '/a?b%23c', '/a%3Fb',
  '/?a=1&b=2', '/?b=2&a=1', '/?a=1&a=2', '/?a=2&a=1', '/?%61=1&a=2', '/?a=2&%61=1', '/?a=1&b=2&a=3', '/?a=1&a=3&b=2', '/?a=1&&b=2', '/?a&b', '/?b&a', '/?a=&b=', '/?a[]=1&a[]=2', '/?a[1]=x&a[0]=y', '/?a[0]=y&a[1]=x',
  '/?a[b]=1&a=2', '/?a=2&a[b]=1', '/?a+b=1&c=2', '/?a%20b=1&c=2', '/?a=1;b=2', '/?a=1&b=2&', '/?&', '/?=', '/?=1&=2', '/?=2&=1', '/?', '/',
  '/?__proto__=1', '/?__proto__[a]=1', '/?constructor=1&a=2', '/?a[__proto__]=1&b=1', '/?hasOwnProperty=1&b=1',
  '/%00', '/\x00', '/%', '/%zz', '/%E0%A4%A', '/\xfc', '/\xc3\xbc', '/%C3%BC', '/%c3%bc', '/a b', '/a\tb', '/a\\b', '/a/../b', '/a/./b', '/b', '//b', '//evil.example/b', '/A', '/a/', '/a//',
  'http://site.example/a', 'http://evil.example/a', 'HTTP://SITE.EXAMPLE/a', 'http://site.example', 'http://site.example?a=1', 'http://u:p@site.example/a', 'http://site.example:80/a', 'https://site.example/a', 'ftp://site.example/a', 'http:///a', '*', 'a', '!x:0', '@key',
  '/*', '/[a]', '/^', '/{a}', '/}b{', '/a:b', '/a~b', `/${'x'.repeat(1100)}`, `/${'x'.repeat(1100)}y`, `/${'x'.repeat(8000)}`, `/?${'a=1&'.repeat(1500)}`, `/?${'a=1&'.repeat(1499)}a=2`,
]
const HOSTS = ['site.example', 'SITE.EXAMPLE', 'site.example.', 'site.example:80', 'site.example:8080', 'evil.example', '', 'a b', 'site.example#x', 'site.example/x', 'site.example@evil', '[::1]', '[::1]:80', undefined]

const request = (target: string, host: string | undefined = 'site.example', more = '', version = '1.1') =>
  Buffer.from(`GET ${target} HTTP/${version}\r\n${host === undefined ? '' : `Host: ${host}\r\n`}${more}Connection: close\r\n\r\n`, 'latin1')

/** What came of it: the status and the body. */
const cameOf = (answer: string) => `${/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]} ${answer.slice(answer.indexOf('\r\n\r\n') + 4)}`

onOneBackend('a hostile request', (backend) => {
  /** One site with a cache and one without, which is always right. */
  async function two(options: CacheMiddlewareOptions<any, any> = {}, settings: (app: any) => void = () => {}, page = ECHO, framework: () => any = express) {
    const site = async (...before: any[]) => {
      const app = framework()
      settings(app)
      return { server: await serve(app.use(...before, page) as http.RequestListener) } as unknown as Site
    }
    const cache = pages(backend.redis, options)
    const [cached, plain] = [await site(cache), await site((_req: any, _res: any, next: any) => next())]
    return {
      cache,
      /** Each is answered as without a cache, three times. */
      async same(requests: readonly Buffer[]) {
        const wrong: Record<string, string[]> = {}
        for (let round = 0; round < 3; round++) {
          for (const bytes of requests) {
            const [given, right] = [cameOf(await sendRaw(cached, bytes)), cameOf(await sendRaw(plain, bytes))]
            if (given !== right) wrong[bytes.toString('latin1').slice(0, 200)] = [given.slice(0, 300), right.slice(0, 300)]
          }
        }
        assert.deepEqual(wrong, {}, 'what was given, and what is right')
      },
      [Symbol.asyncDispose]: async () => void (await Promise.all([cached, plain].map(({ server }) => server.close()))),
    }
  }

  for (const [version, framework, parser] of [['5', express, 'simple'], ['5', express, 'extended'], ['4', express4, 'extended']] as const) {
    for (const order of ['in order', 'backwards'] as const) {
      test(`for any target is answered as without a cache, ${order}, in Express ${version} with the ${parser} parser`, async () => {
        await using them = await two({ near: order === 'backwards' }, (app) => app.set('query parser', parser), ECHO, framework)
        const all = TARGETS.map((target) => request(target))
        await them.same(order === 'in order' ? all : all.toReversed())
        assert.ok(them.cache.metrics().hits > 0)
      })
    }
  }

  test('is answered for whom it names, and for nobody else', async () => {
    await using them = await two()
    await them.same([
      ...HOSTS.map((host) => request('/a', host)),
      ...HOSTS.map((host) => request('http://site.example/a', host)),
      request('/a', undefined, '', '1.0'),
      request('/a', 'site.example', 'Host: evil.example\r\n'),
      request('/a', 'site.example', 'X-Forwarded-Host: evil.example\r\nX-Forwarded-Proto: https\r\n'),
    ])
  })

  test('is answered for the host that a trusted proxy names, and for nobody else', async () => {
    await using them = await two({}, (app) => app.set('trust proxy', true))
    const hosts = ['site.example', 'a.example', 'b.example', 'a.example:81', 'a.example, b.example', 'site.exampl', 'site', 's', 'SITE.example', 'internal', 'internal:3000', '', '[::1]', '#', 'a#b', 'site.example:80']
    await them.same([request('https://site.example/a'), request('/a', 'site.example', 'X-Forwarded-Proto: https\r\n')])
    for (const host of ['site.example', 'internal:3000']) {
      await them.same(hosts.flatMap((forwarded) => ['http', 'https', 'https, http', 'x#y', ''].map((protocol) => request('/a', host, `X-Forwarded-Host: ${forwarded}\r\nX-Forwarded-Proto: ${protocol}\r\n`))))
    }
  })

  test('for parameters that make no difference finds what they are by name, as the application does', async () => {
    for (const parser of ['simple', 'extended']) {
      // What is not named makes no difference to this page.
      const page: Page = (req, res) => res.json([req.query.page, req.query.sort])
      await using them = await two({ query: ['page', 'sort'] }, (app) => app.set('query parser', parser), page)
      await them.same(
        ['', '?page=1', '?page=2', '?%70age=3', '?pag%65=4', '?page[]=5', '?page[a]=6', '?page%5B%5D=7', '?page=1&page=2', '?page=2&page=1', '?p+age=8', '?sort=a&page=1', '?utm=x&page=1', '?page', '?page=', '?%zz=1&page=1', '?page=%zz', '?page.x=1'].map((query) => request(`/${query}`)),
      )
    }
  })

  test('with thousands of wishes is answered soon', async () => {
    const most = 14_000
    const list = (member: (i: number) => string) => Array.from({ length: 3000 }, (_, i) => member(i)).join().slice(0, most)
    const fields = [
      `Accept-Encoding: ${list((i) => `c${i};q=0.${i % 10}`)}`, `Accept-Encoding: ${','.repeat(most)}`, `Accept-Encoding: ${'gzip;q='.repeat(2000)}`, `Accept-Encoding: ${' \t'.repeat(most / 2)}`, `Accept-Encoding: gzip${';q=1'.repeat(3000)}`,
      `Accept-Language: ${list((i) => `l${i};q=0.${i % 10}`)}`, `Accept-Language: ${'-'.repeat(most)}`, `Accept-Language: ${'en;'.repeat(4000)}`, `Range: bytes=${list((i) => `${i}-${i}`)}`, `Range: bytes=${'9'.repeat(most)}-`, `Range: ${'bytes='.repeat(2000)}`,
      `If-None-Match: ${list((i) => `"${i}"`)}`, `If-None-Match: ${'"'.repeat(most)}`, `If-None-Match: ${'W/'.repeat(6000)}`, `If-None-Match: ${', '.repeat(6000)}"`, `If-Modified-Since: ${'Mon, '.repeat(2500)}`, `Cache-Control: ${list((i) => `d${i}=${i}`)}`, `Cache-Control: ${'max-age='.repeat(1500)}`, `Cache-Control: ${'="\\'.repeat(4000)}`,
      `X-Who: ${'x'.repeat(most)}`, `Pragma: ${'no-cache,'.repeat(1500)}`,
    ]
    for (const mode of ['ttl', 'http'] as const) {
      const page: Page = (_req, res) => res.vary('Accept-Encoding').vary('Accept-Language').vary('X-Who').set({ ETag: '"1"', 'Cache-Control': 'max-age=60' }).type('txt').send('text '.repeat(1000))
      await using site = await Site.start(pages(backend.redis, { mode, compress: true }), page)
      const begun = performance.now()
      for (const field of fields) {
        for (let i = 0; i < 2; i++) assert.match(await sendRaw(site, request('/', 'site.example', `${field}\r\n`)), /^HTTP\/1\.1 (200|206|304|416) /, field.slice(0, 60))
      }
      // What takes time that grows with the square of its length would take minutes.
      assert.ok(performance.now() - begun < 60_000)
    }
  })

  test('for a page that varies by thousands of fields is answered', async () => {
    const names = Array.from({ length: 2000 }, (_, i) => `X-${i}`).join(', ')
    await using site = await Site.start(pages(backend.redis), (req, res) => res.set('Vary', names).send(`for ${req.get('x-1')}`))
    for (const who of ['a', 'b', 'a', 'b']) assert.equal((await site.get('/', { 'X-1': who })).body.toString(), `for ${who}`)
  })

  test('of ten thousand kinds takes no longer than the first, and leaves nothing behind', async () => {
    if (backend.name !== 'embedded://') return
    const COUNT = 10_000
    const BATCH = 500
    setFlagsFromString('--expose-gc')
    const gc = runInNewContext('gc') as () => void
    await using site = await Site.start(pages(backend.redis, { near: { maxEntries: 100 } as any, ttl: 600 }), (_req, res) => res.vary('X-Who').end('page'))
    const agent = new http.Agent({ keepAlive: true, maxSockets: 10 })
    const ask = (path: string) => new Promise<void>((resolve, reject) => void http.get(`${site.server.url}${path}`, { agent, headers: { 'X-Who': path } }, (res) => res.resume().on('end', resolve)).on('error', reject))
    const spans: number[] = []
    let heap = 0
    for (let at = 0; at < COUNT; at += BATCH) {
      const begun = performance.now()
      await Promise.all(Array.from({ length: BATCH }, (_, i) => ask(`/${at % 1000}?q=${at + i}&__proto__=${i}`)))
      spans.push(performance.now() - begun)
      gc()
      // By then whatever is kept for all is there.
      if (at === BATCH * 5) heap = process.memoryUsage().heapUsed
    }
    agent.destroy()
    const median = (list: number[]) => list.sort((a, b) => a - b)[Math.floor(list.length / 2)]!
    assert.ok(median(spans.slice(-8)) < 8 * median(spans.slice(0, 8)), spans.map(Math.round).join())
    const grown = (process.memoryUsage().heapUsed - heap) / 1024 / 1024
    assert.ok(grown < 20, `${grown.toFixed(1)} MiB more`)
  })
})
