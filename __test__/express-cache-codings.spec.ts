import assert from 'node:assert/strict'
import compression from 'compression'
import express from 'express'
import express4 from 'express4'
import { randomBytes } from 'node:crypto'
import http from 'node:http'
import { test } from 'node:test'
import { brotliDecompressSync, gunzipSync, gzipSync, inflateSync } from 'node:zlib'
import type { CacheMiddlewareOptions } from '../express.js'
import { onOneBackend } from './support/backends'
import { serve } from './support/http'
import { type Answer, HOSTS, type Page, pages, Site } from './support/pages'
import { until } from './support/until'

const TEXT = 'A line of text, over and over again.\n'.repeat(200)
/** Large, and still smaller when it is compressed. */
const LONG = randomBytes(200_000).toString('hex')

function decoded({ headers, body }: Answer): string {
  switch (headers['content-encoding']) {
    case undefined:
      return body.toString()
    case 'br':
      return brotliDecompressSync(body).toString()
    case 'gzip':
      return gunzipSync(body).toString()
    case 'deflate':
      return inflateSync(body).toString()
    default:
      return assert.fail(`not asked for: ${headers['content-encoding']}`)
  }
}

const namesIn = (field: string | undefined) => (field ?? '').split(',').map((name) => name.trim().toLowerCase())

/** What a client accepts, and the coding that it gets; `undefined` for the plain body. */
const ACCEPTED: [field: string | undefined, coding: string | undefined][] = [
  [undefined, undefined],
  ['', undefined],
  ['identity', undefined],
  ['br', 'br'],
  ['gzip', 'gzip'],
  ['gzip, deflate, br, zstd', 'br'],
  ['GZIP', 'gzip'],
  ['x-gzip', 'gzip'],
  ['br;q=0.5, gzip;q=0.8', 'gzip'],
  ['br;q=0, gzip', 'gzip'],
  ['br;q=0, gzip;q=0', undefined],
  ['*;q=0.1, br;q=0', 'gzip'],
  ['identity;q=1, gzip;q=0.5', undefined],
  ['gzip;q=abc', undefined],
  ['compress, x-unknown', undefined],
]

/** Where nothing is to be compressed. */
const LEFT: Record<string, Page> = {
  'an image': (_req, res) => res.type('png').send(Buffer.from(TEXT)),
  'what is not to be changed': (_req, res) => res.type('txt').set('Cache-Control', 'max-age=60, no-transform').send(TEXT),
  'what is short': (_req, res) => res.type('txt').send('short'),
  'what has no type': (_req, res) => res.end(TEXT),
}

onOneBackend('a body in other codings', (backend) => {
  const compressing = (options: CacheMiddlewareOptions<any, any> = {}) => pages(backend.redis, { compress: true, ...options })

  for (const [size, text] of [['short', TEXT], ['long', LONG]] as const) {
    for (const near of [false, true]) {
      test(`is the ${size} one that its client likes best${near ? ', from memory' : ''}`, async () => {
        await using site = await Site.start(compressing({ near }), (_req, res) => res.type('txt').set('ETag', '"1"').send(text))
        assert.equal(decoded(await site.get('/', { 'Accept-Encoding': 'gzip' })), text)
        for (const [field, coding] of ACCEPTED) {
          const fields = field === undefined ? {} : { 'Accept-Encoding': field }
          const answer = await site.get('/', fields)
          const what = JSON.stringify(fields)
          assert.deepEqual([answer.status, answer.headers['content-encoding']], [200, coding], what)
          assert.equal(decoded(answer), text, what)
          assert.equal(answer.headers['content-length'], String(answer.body.length), what)
          // Other bytes, so no strong validator that is the same.
          assert.equal(answer.headers.etag, coding === undefined ? '"1"' : 'W/"1"', what)
          assert.ok(namesIn(answer.headers.vary).includes('accept-encoding'), what)
          const head = await site.get('/', fields, 'HEAD')
          for (const name of ['content-length', 'content-encoding', 'etag', 'vary']) assert.equal(head.headers[name], answer.headers[name], `${name} of HEAD with ${what}`)
          const known = await site.get('/', { ...fields, 'If-None-Match': answer.headers.etag! })
          assert.deepEqual([known.status, known.body.length, known.headers['content-encoding']], [304, 0, undefined])
          // RFC 9110 15.4.5: what a 200 would have said of these.
          assert.deepEqual([known.headers.vary, known.headers.etag], [answer.headers.vary, answer.headers.etag], `304 with ${what}`)
          const part = await site.get('/', { ...fields, Range: 'bytes=2-5' })
          assert.deepEqual([part.status, part.headers['content-range'], part.headers['content-encoding']], [206, `bytes 2-5/${text.length}`, undefined], what)
          assert.equal(part.body.toString(), text.slice(2, 6))
        }
        assert.equal(site.asked, 1)
      })
    }
  }

  for (const [what, page] of Object.entries(LEFT)) {
    test(`is none of ${what}`, async () => {
      await using site = await Site.start(compressing(), page)
      const first = await site.get('/', { 'Accept-Encoding': 'gzip, br' })
      const second = await site.get('/', { 'Accept-Encoding': 'gzip, br' })
      assert.deepEqual([second.headers['content-encoding'], second.body, site.asked], [undefined, first.body, 1])
      assert.equal(second.headers.vary, first.headers.vary)
    })
  }

  test('that its handler has made is left as it is', async () => {
    const bytes = gzipSync(TEXT)
    await using site = await Site.start(compressing(), (_req, res) => res.type('txt').set({ 'Content-Encoding': 'gzip', ETag: '"1"' }).end(bytes))
    for (let i = 0; i < 3; i++) {
      const { headers, body } = await site.get('/', { 'Accept-Encoding': 'br, gzip' })
      assert.deepEqual([headers['content-encoding'], headers.etag, body], ['gzip', '"1"', bytes])
    }
    assert.equal(site.asked, 1)
  })

  for (const [version, framework] of [['5', express], ['4', express4]] as const) {
    for (const order of ['before', 'behind'] as const) {
      for (const text of [TEXT, LONG]) {
        test(`by the middleware for it that stands ${order} the cache are right, of ${text.length} bytes, in Express ${version}`, async () => {
          const pack = compression({ threshold: 0 }) as any
          const cache = pages(backend.redis)
          let asked = 0
          const page: Page = (_req, res) => {
            asked++
            res.type('txt').set({ ETag: '"1"' })
            res.write(text.slice(0, 10))
            res.end(text.slice(10))
          }
          const app = framework() as express.Express
          app.use(...(order === 'before' ? [pack, cache] : [cache, pack]), page)
          const server = await serve(app as unknown as http.RequestListener)
          await using site = { ...server, get: Site.prototype.get, server, [Symbol.asyncDispose]: () => server.close() }
          for (let round = 0; round < 3; round++) {
            for (const field of [undefined, 'gzip', 'br', 'deflate', 'gzip, deflate, br', 'identity']) {
              const ask = (): Promise<Answer> => site.get.call(site as any, '/', field === undefined ? {} : { 'Accept-Encoding': field })
              const answer = await ask()
              assert.equal(answer.status, 200)
              await until('it is stored', async () => {
                const before = asked
                assert.equal(decoded(await ask()), text)
                return asked === before
              })
              if (answer.headers['content-encoding'] !== undefined) assert.ok(field?.includes(answer.headers['content-encoding']), `${answer.headers['content-encoding']} for ${field}`)
              assert.equal(answer.headers['content-encoding'] === undefined, field === undefined || field === 'identity', field)
              assert.equal(decoded(answer), text, field)
              assert.ok(namesIn(answer.headers.vary).includes('accept-encoding'), field)
            }
          }
          if (order === 'before') assert.equal(asked, 1)
        })
      }
    }
  }
})

onOneBackend('a response that is odd', (backend) => {
  for (const host of Object.keys(HOSTS)) {
    /** What becomes of it when it is asked for twice. */
    async function twice(page: Page, options: CacheMiddlewareOptions<any, any> = {}) {
      await using site = await Site.start(pages(backend.redis, options), page, host)
      const ask = () => site.get().catch(() => undefined)
      const [first, second] = [await ask(), await ask()]
      return { first, second, asked: site.asked }
    }

    test(`by its length is not stored, in ${host}`, async () => {
      for (const length of ['1', '10', '5, 5', 'five', '-5', '1e0', '']) {
        let visits = 0
        const { first, asked } = await twice((_req, res) => {
          visits++
          res.setHeader('Content-Length', length)
          res.end('12345')
          // Where a client waits for more than there is.
          setImmediate(() => res.socket?.end())
        })
        assert.equal(asked, 2, `${length}: ${first?.body}`)
        assert.equal(visits, 2)
      }
    })

    test(`by its trailers is stored without them, in ${host}`, async () => {
      const { first, second, asked } = await twice((_req, res) => {
        res.setHeader('Trailer', 'X-Sum')
        res.write('bo')
        res.addTrailers({ 'X-Sum': '1' })
        res.end('dy')
      })
      assert.deepEqual([first?.body.toString(), second?.body.toString(), asked], ['body', 'body', 1])
      assert.deepEqual([second?.headers.trailer, second?.headers['transfer-encoding'], second?.headers['content-length']], [undefined, undefined, '4'])
    })

    test(`by what is said before it is stored, in ${host}`, async () => {
      const { first, second, asked } = await twice((_req, res) => {
        res.writeProcessing()
        res.writeEarlyHints({ link: '</a.css>; rel=preload' })
        res.end('body')
      })
      assert.deepEqual([first?.body.toString(), second?.body.toString(), second?.status, asked], ['body', 'body', 200, 1])
    })

    test(`by its status is stored where that may be, in ${host}`, async () => {
      for (const [status, stored] of [[203, true], [204, true], [301, true], [308, true], [201, false], [202, false], [206, false], [302, false], [304, false], [400, false], [404, false], [410, false], [500, false], [503, false]] as const) {
        const { first, second, asked } = await twice((_req, res) => {
          res.statusCode = status
          if (status === 206) res.setHeader('Content-Range', 'bytes 0-3/10')
          res.end(status === 204 || status === 304 ? undefined : 'body')
        })
        assert.equal(asked, stored ? 1 : 2, String(status))
        assert.deepEqual([second?.status, second?.body.toString(), second?.headers.location], [first?.status, first?.body.toString(), first?.headers.location], String(status))
        if (status === 204) assert.deepEqual([second?.headers['content-length'], second?.headers['transfer-encoding']], [undefined, undefined])
      }
      const asked = await twice((_req, res) => ((res.statusCode = 404), res.end('none')), { statuses: [404] })
      assert.deepEqual([asked.second?.status, asked.second?.body.toString(), asked.asked], [404, 'none', 1])
    })

    test(`is known by who has it, whether or not it may be stored, in ${host}`, async () => {
      if (!host.startsWith('Express')) return
      for (const control of ['max-age=60', 'private', 'no-store']) {
        await using site = await Site.start(pages(backend.redis), (_req, res) => res.set({ 'Cache-Control': control, ETag: '"1"' }).send('body'), host)
        for (let i = 0; i < 2; i++) {
          const { status, body } = await site.get('/', { 'If-None-Match': '"1"' })
          assert.deepEqual([status, body.length], [304, 0], control)
        }
      }
    })
  }
})
