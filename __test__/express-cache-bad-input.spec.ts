import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe, test } from 'node:test'
import { cacheMiddleware, type CacheMiddlewareOptions } from '../express.js'
import { Redis, TypeSafeCache } from '../index.js'
import { onEveryBackend } from './support/backends'
import { type Page, pages, Site } from './support/pages'
import { until } from './support/until'

const SECRET = 'SECRET-word'
/** What no option takes but those that say so. */
const WRONG: Record<string, unknown[]> = {
  ttl: [undefined, null, true, {}, [], 'SECRET-word', '', '5', '10 s', '-1s', '0s', -1, NaN, Infinity, 1e-9, 1e15, () => 1, 1n],
  mode: [null, 1, 'SECRET-word', '', 'HTTP', {}],
  keyGenerator: [null, 'SECRET-word', 1, {}, []],
  query: [null, 'SECRET-word', 1, {}, [1], [''], [null], ['\0'], ['\ud800']],
  vary: [null, 'SECRET-word', 1, {}, [1], [''], ['a b'], ['a:b'], ['a\r\nb'], ['ü'], ['x'.repeat(257)]],
  tags: [null, 'SECRET-word', [], {}],
  skip: [null, true, 'SECRET-word', {}],
  statuses: [null, 200, '200', {}, [99], [199], [600], ['200'], [200.5], [NaN]],
  maxBody: [null, '1', 0, -1, 1.5, NaN, Infinity, 64 * 1024 * 1024 + 1],
  maxVariants: [null, '1', 0, -1, 1.5, 2 ** 24 + 1],
  heuristic: [null, 0, 1, 'true'],
  stripSetCookie: [null, 0, 1, 'SECRET-word'],
  ignoreCookies: [null, 0, 1, 'SECRET-word'],
  compress: [null, 0, 1, 'gzip', {}],
  staleWhileRevalidate: [null, -1, NaN, Infinity, 'SECRET-word', {}],
  staleIfError: [null, -1, NaN, Infinity, 'SECRET-word', {}],
  invalidateOnWrite: [null, 0, 1, 'SECRET-word'],
  waitMs: [null, -1, NaN, Infinity, 'SECRET-word', {}, 2 ** 40],
  cacheName: [null, 1, '', '1a', 'a b', 'a\r\nb', 'a;b', 'x'.repeat(65), 'ü'],
  prefix: [null, 1, '', '\0'],
  namespace: [null, 1, '', '\0', '\ud800'],
  near: [null, 1, 'SECRET-word', [], { maxEntries: 0 }, { maxEntrys: 5 }],
  timeoutMs: [null, 0, -1, NaN, Infinity, 'SECRET-word', {}],
  onError: [null, 'SECRET-word', {}],
  ttls: [1],
  [SECRET]: [1],
}

describe('options of cacheMiddleware', () => {
  const redis = new Redis('redis://127.0.0.1:1')

  for (const [name, values] of Object.entries(WRONG)) {
    test(`that have a wrong ${name} are refused, by a typed error that names it and does not tell it`, () => {
      for (const value of values) {
        assert.throws(
          () => cacheMiddleware(redis, { ttl: 60, [name]: value } as any),
          (error: any) => {
            assert.ok(error instanceof TypeError || error instanceof RangeError, `${error}`)
            assert.equal((error as any).code, 'ERR_INVALID_ARG')
            assert.ok(error.message.includes(`options.${name}`), error.message)
            if (name !== SECRET) assert.doesNotMatch(error.message, /SECRET/)
            return true
          },
          `${name}: ${String(value)}`,
        )
      }
    })
  }

  test('are objects, and go with a client or a cache', () => {
    for (const options of [null, 1, 'ttl', [], () => 1]) assert.throws(() => cacheMiddleware(redis, options as any), { name: 'TypeError', message: /options must be an object/ })
    assert.throws(() => cacheMiddleware(redis, undefined as any), { name: 'TypeError', message: /options\.ttl must be given/ })
    for (const source of [undefined, null, 'redis://', {}, { get() {} }]) assert.throws(() => cacheMiddleware(source as any, { ttl: 1 }), { name: 'TypeError', message: /redis must be a Redis or a TypeSafeCache/ })
    for (const name of ['prefix', 'namespace', 'near']) {
      assert.throws(() => cacheMiddleware(new TypeSafeCache(redis), { ttl: 1, [name]: name === 'near' ? true : 'x' }), { name: 'TypeError', message: new RegExp(`options\\.${name}`) })
    }
    assert.throws(() => cacheMiddleware(redis, { ttl: 1, keyGeneratr: () => '' } as any), /did you mean 'keyGenerator'/)
  })

  test('may be a ttl of any form, of any of the kinds that are stored', () => {
    for (const ttl of [0, 1, 0.001, '1ms', '1h', '365d'] as const) cacheMiddleware(redis, { ttl })
    cacheMiddleware(redis, { mode: 'http' })
    cacheMiddleware(redis, { ttl: 1, query: [], vary: [], statuses: [], waitMs: 0 })
  })
})

/** Why no page is named, and what the application is told. */
const NO_KEYS: Record<string, [keyGenerator: () => unknown, error: RegExp]> = {
  'that throws': [() => { throw new Error('of the key') }, /^Error: of the key$/],
  'that gives nothing': [() => undefined, /^TypeError: options\.keyGenerator\(\) must be a string that is not empty, got undefined$/],
  'that gives null': [() => null, /keyGenerator\(\) must be a string/],
  'that gives an empty one': [() => '', /keyGenerator\(\) must be a string that is not empty, got an empty one/],
  'that gives a number': [() => 5, /keyGenerator\(\) must be a string/],
  'that gives a promise': [async () => 'key', /keyGenerator\(\) must be a string/],
  'that gives a promise which rejects': [async () => { throw new Error('later') }, /keyGenerator\(\) must be a string/],
  'that gives what is too large': [() => 'x'.repeat(2 ** 24 + 1), /keyGenerator\(\) must be at most 65536 bytes/],
  'that gives a NUL': [() => 'a\0b', /keyGenerator\(\) must not contain a NUL/],
  'that gives a lone surrogate': [() => 'a\ud800', /keyGenerator\(\) must not contain a lone surrogate/],
}
const NO_SKIPS: Record<string, [skip: () => unknown, error: RegExp]> = {
  'that throws': [() => { throw new Error('of skip') }, /^Error: of skip$/],
  'that gives a promise': [async () => false, /options\.skip\(\)/],
  'that gives a promise which rejects': [async () => { throw new Error('later') }, /options\.skip\(\)/],
}
/** What are no tags. */
const NO_TAGS: Record<string, () => unknown> = {
  'that throw': () => { throw new Error('of the tags') },
  'that are nothing': () => undefined,
  'that are a text': () => 'tag',
  'that are numbers': () => [1],
  'that are empty': () => [''],
  'that are too many': () => Array.from({ length: 257 }, (_, i) => `t${i}`),
  'that hold a NUL': () => ['\0'],
  'that are a promise': async () => ['tag'],
  'that are a promise which rejects': async () => { throw new Error('later') },
}

onEveryBackend('a function of the application', (backend) => {
  /** What the application is told of a request, and what its client gets. */
  async function told(options: CacheMiddlewareOptions<any, any>, method = 'GET') {
    const errors: unknown[] = []
    const page: Page = (_req, res) => res.send('page')
    const cache = pages(backend.redis, options)
    const catching = Object.assign((req: any, res: any, next: any) => cache(req, res, (error?: unknown) => {
      if (error === undefined) return next()
      errors.push(error)
      res.status(500).send('caught')
    }), cache)
    await using site = await Site.start(catching, page)
    const answers = [await site.get('/', {}, method), await site.get('/', {}, method)]
    // What is thrown later would be heard of by now.
    await new Promise((resolve) => setTimeout(resolve, 1))
    return { errors: errors.map(String), answers: answers.map(({ status, body }) => `${status} ${body}`), asked: site.asked, cache, last: answers[1]! }
  }

  for (const [what, [keyGenerator, error]] of Object.entries(NO_KEYS)) {
    test(`that names pages, ${what}, is told to the application`, async () => {
      const { errors, answers } = await told({ keyGenerator: keyGenerator as any })
      assert.deepEqual(answers, ['500 caught', '500 caught'])
      for (const one of errors) assert.match(one, error)
      // A write goes on, and takes nothing away.
      const seen: unknown[] = []
      const written = await told({ keyGenerator: keyGenerator as any, onError: (one) => seen.push(one) }, 'POST')
      assert.deepEqual([written.answers, written.errors.length, seen.length], [['200 page', '200 page'], 0, 2])
    })
  }

  for (const [what, [skip, error]] of Object.entries(NO_SKIPS)) {
    test(`that passes requests by, ${what}, is told to the application`, async () => {
      const { errors, answers } = await told({ skip })
      assert.deepEqual(answers, ['500 caught', '500 caught'])
      for (const one of errors) assert.match(one, error)
    })
  }

  for (const [what, tags] of Object.entries(NO_TAGS)) {
    test(`that gives tags ${what} leaves the page as it is, unstored`, async () => {
      const seen: any[] = []
      const { errors, answers, asked, cache, last } = await told({ tags: tags as any, onError: (error) => seen.push(error) })
      assert.deepEqual([errors, answers, asked], [[], ['200 page', '200 page'], 2])
      assert.match(String(last.headers['cache-status']), /detail=tags$/)
      assert.equal(seen.length, 2)
      assert.equal(cache.metrics().failures, 2)
    })
  }

  for (const onError of [() => { throw new Error('of the listener') }, async () => { throw new Error('later') }]) {
    test(`that is told of errors, ${onError.constructor.name}, may fail itself`, async () => {
      const { errors, answers } = await told({ tags: () => [''], onError })
      assert.deepEqual([errors, answers], [[], ['200 page', '200 page']])
    })
  }

  test('that names pages tells apart what is long, and whatever it is made of', async () => {
    const long = 'x'.repeat(65_535)
    const keys = [long + 'a', long + 'b', long, '#', '%23', '@', '!', '*', 'a#b', 'a%23b', 'a', 'é', 'e\u0301', '\r\n', ' ', '__proto__', 'constructor', 'a:b', 'a%3Ab', '{a}', '{b}']
    await using site = await Site.start(pages(backend.redis, { keyGenerator: ({ url }: any) => keys[Number(url.slice(1))]! }), (req, res) => res.send(req.url))
    for (let round = 0; round < 2; round++) for (const i of keys.keys()) assert.equal((await site.get(`/${i}`)).body.toString(), `/${i}`)
    assert.equal(site.asked, keys.length)
  })

  test('that answers by throwing is heard of as it would be without a cache', async () => {
    await using site = await Site.start(pages(backend.redis), (req) => {
      if (req.url === '/now') throw Object.assign(new Error('now'), { status: 418 })
      return Promise.reject(Object.assign(new Error('later'), { status: 419 }))
    })
    for (let i = 0; i < 2; i++) assert.deepEqual([(await site.get('/now')).status, (await site.get('/later')).status], [418, 419])
    await using plain = await Site.start(pages(backend.redis, { namespace: randomUUID() }), () => { throw new Error('not for Express') }, 'Connect')
    assert.equal((await plain.get()).status, 500)
    await until('it is not waited for', async () => (await plain.get()).status === 500)
  })
})
