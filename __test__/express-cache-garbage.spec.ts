import assert from 'node:assert/strict'
import { randomBytes, randomUUID } from 'node:crypto'
import { test } from 'node:test'
import type { CacheMiddlewareOptions } from '../express.js'
import { TypeSafeCache } from '../index.js'
import { onEveryBackend } from './support/backends'
import { type Answer, type Page, pages, Site } from './support/pages'
import { until } from './support/until'
import { Visitor } from './support/visitor'

/** A record by hand, as `lib/http/record.js` says that it is laid out. */
function record(meta: unknown, body: Buffer | string = 'evil', { mark = 0x52, version = 1, length }: { mark?: number; version?: number; length?: number } = {}): Buffer {
  const description = Buffer.from(typeof meta === 'string' ? meta : JSON.stringify(meta))
  const beginning = Buffer.from([mark, version, 0, 0, 0, 0])
  beginning.writeUInt32BE(length ?? description.length, 2)
  return Buffer.concat([beginning, description, Buffer.from(body)])
}

const GOOD = { k: 'r', s: 200, h: ['Content-Type', 'text/evil', 'X-Evil', '1'], t: Date.now(), f: [3_600_000, 0, 0, 0, 8], b: [['', 4]] }
const good = (changed: object) => record({ ...GOOD, ...changed })
const deep = '['.repeat(50_000) + ']'.repeat(50_000)

/** What is under the key of a page, and is no page. */
const GARBAGE: Record<string, Buffer> = {
  'no bytes': Buffer.alloc(0),
  'one byte': Buffer.from([0x52]),
  'its beginning alone': record(GOOD).subarray(0, 6),
  'half of it': record(GOOD).subarray(0, 40),
  'all but one byte': record(GOOD).subarray(0, -1),
  'one byte too many': record(GOOD, 'evil!'),
  'another mark': record(GOOD, 'evil', { mark: 0x53 }),
  'a later version': record(GOOD, 'evil', { version: 2 }),
  'a description longer than anything': record(GOOD, 'evil', { length: 0xffffffff }),
  'a description longer than it is': record(GOOD, 'evil', { length: 5000 }),
  'a description shorter than it is': record(GOOD, 'evil', { length: 10 }),
  'a description that is no JSON': record('{"k":"r"'),
  'a description that is no UTF-8': record(Buffer.from([0xff, 0xfe]).toString('latin1')),
  'a deep description': record(deep),
  'fields of no end of depth': record(`{"k":"r","h":${deep}}`),
  'bytes without meaning': randomBytes(500),
  ...Object.fromEntries(['null', '1', '"r"', '[]', 'true', '{}'].map((json) => [`the description ${json}`, record(json)])),
  ...Object.fromEntries(
    Object.entries<object>({
      'another kind': { k: 'x' }, 'no kind': { k: undefined }, 'a status of no meaning': { s: 999 }, 'an interim status': { s: 100 }, 'a status of 0': { s: 0 }, 'a negative status': { s: -200 }, 'a status as text': { s: '200' },
      'half a status': { s: 200.5 }, 'no fields': { h: undefined }, 'fields as an object': { h: { a: 'b' } }, 'a field without a value': { h: ['A'] }, 'a field of numbers': { h: [1, 2] }, 'a field without a name': { h: ['', 'a'] },
      'a value of two lines': { h: ['X-Evil', 'a\r\nSet-Cookie: sid=evil'] }, 'a value with a line feed': { h: ['X-Evil', 'a\nSet-Cookie: sid=evil'] }, 'a value with NUL': { h: ['X-Evil', 'a\0b'] }, 'a value beyond latin1': { h: ['X-Evil', '\u0100\u010a'] },
      'a name of two lines': { h: ['X-Evil\r\nSet-Cookie', 'sid=evil'] }, 'a name with a colon': { h: ['X-Evil: a', 'b'] }, 'a name with a blank': { h: ['X Evil', 'b'] }, 'a cookie': { h: ['Set-Cookie', 'sid=evil'] },
      'a coding of the connection': { h: ['Transfer-Encoding', 'chunked'] }, 'another length': { h: ['Content-Length', '9999'] }, 'a word on the connection': { h: ['Connection', 'upgrade'] }, 'a list as a value': { h: ['X-Evil', ['a', 'b']] },
      'a reason of two lines': { m: 'OK\r\nX-Evil: 1' }, 'a reason that is none': { m: 5 }, 'no time': { t: undefined }, 'a time as text': { t: 'now' }, 'a time before all times': { t: -1 }, 'no terms': { f: undefined }, 'too few terms': { f: [1, 2] },
      'terms below zero': { f: [-1, 0, 0, 0, 0] }, 'terms as text': { f: ['1', 0, 0, 0, 0] }, 'terms without an end': { f: [1e308, 0, 0, 0, 0] }, 'no body': { b: [] }, 'no list of bodies': { b: undefined }, 'a body in a coding only': { b: [['br', 4]] },
      'a body that is longer': { b: [['', 5]] }, 'a body that is shorter': { b: [['', 3]] }, 'a negative body': { b: [['', -4]] }, 'bodies beyond the end': { b: [['', 2], ['br', 2 ** 40]] }, 'a body of text': { b: ['evil'] }, 'a body longer than anything': { b: [['', 1e308]] },
      'parts that are too few': { b: [['', 600_000, 'x', 1, 262_144]] }, 'parts of no size': { b: [['', 600_000, 'x', 3, 0]] }, 'parts without a name': { b: [['', 600_000, null, 3, 262_144]] }, 'a variant that is none': { w: 5 },
    }).map(([what, changed]) => [what, good(changed)]),
  ),
}

/** What is a page by its form, and cannot be one all the same. */
const HOLLOW: Record<string, Buffer> = {
  'parts that are not there': record({ ...GOOD, b: [['', 600_000, 'nobody', 3, 262_144]] }, ''),
  'a part as long as anything': record({ ...GOOD, b: [['', 2 ** 52, 'nobody', 1, 2 ** 52]] }, ''),
  'more parts than anything': record({ ...GOOD, b: [['', 2 ** 52, 'nobody', 2 ** 52, 1]] }, ''),
  'a part of another page': record({ ...GOOD, b: [['', 600_000, '0 http://x', 3, 262_144]] }, ''),
}

/** What another program may keep there. */
const FOREIGN: Record<string, unknown> = { text: 'R', number: 5, nothing: null, list: [1, 2], object: { k: 'r', s: 200 }, '__proto__': JSON.parse('{"__proto__":{"k":"r"}}'), 'a long text': 'x'.repeat(100_000) }

onEveryBackend('under the key of a page there is', (backend) => {
  /** A site, and what can be put where its pages are. */
  async function site(options: CacheMiddlewareOptions<any, any> = {}, page: Page = (_req, res) => res.set('X-Own', '1').type('txt').send('page')) {
    const namespace = randomUUID()
    const cache = pages(backend.redis, { namespace, ...options })
    const started = await Site.start(cache, page)
    const store = new TypeSafeCache(backend.redis, { namespace })
    const key = `/ ${started.server.url}`
    return { cache, site: started, put: (value: unknown) => store.set(key, value, { ttl: 60 }), key: `cache:${namespace}:${key}`, [Symbol.asyncDispose]: () => started[Symbol.asyncDispose]() }
  }

  const assertOwn = ({ status, headers, body }: Answer) => {
    assert.deepEqual([status, body.toString(), headers['x-own'], headers['content-type']], [200, 'page', '1', 'text/plain; charset=utf-8'])
    for (const name of ['x-evil', 'set-cookie', 'content-encoding', 'content-range']) assert.equal(headers[name], undefined, name)
  }

  test('a page by hand, which shows that what follows would be given if it were one', async () => {
    await using them = await site()
    await them.put(record(GOOD))
    const { status, headers, body } = await them.site.get()
    assert.deepEqual([status, body.toString(), headers['content-type'], headers['x-evil']], [200, 'evil', 'text/evil', '1'])
  })

  for (const near of [false, true]) {
    test(`garbage of any kind: the application answers, it is counted, and then a page is stored${near ? ', in memory too' : ''}`, async () => {
      await using them = await site({ near })
      for (const [what, bytes] of Object.entries(GARBAGE)) {
        await them.put(bytes)
        const [{ unreadable }, { asked }] = [them.cache.metrics(), them.site]
        const head = await them.site.get('/', {}, 'HEAD')
        assert.deepEqual([head.status, head.headers['x-own'], head.headers['x-evil'], head.headers['set-cookie']], [200, '1', undefined, undefined], what)
        assertOwn(await them.site.get())
        assert.ok(them.site.asked > asked, `asked for ${what}`)
        assert.ok(them.cache.metrics().unreadable > unreadable, `counted for ${what}`)
        assertOwn(await them.site.get())
        assert.ok(them.site.asked <= asked + 2, `stored for ${what}`)
      }
    })
  }

  test('a value of another program: the same', async () => {
    await using them = await site()
    for (const [what, value] of Object.entries(FOREIGN)) {
      await them.put(value)
      const { unreadable } = them.cache.metrics()
      for (let i = 0; i < 2; i++) assertOwn(await them.site.get())
      assert.ok(them.cache.metrics().unreadable > unreadable, `counted for ${what}`)
    }
  })

  test('a page without a body: the application answers, and then a page is stored', async () => {
    await using them = await site()
    for (const [what, bytes] of Object.entries(HOLLOW)) {
      await them.put(bytes)
      const { lostBodies } = them.cache.metrics()
      for (let i = 0; i < 2; i++) assertOwn(await new Visitor(them.site).answered())
      assert.ok(them.cache.metrics().lostBodies > lostBodies, what)
      await until('it is stored', async () => /hit/.test(String((await them.site.get()).headers['cache-status'])))
    }
  })

  test('what leads to variants that cannot be: the application answers', async () => {
    await using them = await site()
    const names = Array.from({ length: 5000 }, (_, i) => `x-${i}`)
    for (const fork of [{ v: [], g: '' }, { v: names, g: 'g' }, { v: ['__proto__', 'constructor'], g: 'g' }, { v: ['a b\r\n'], g: '\0#*' }, { v: ['x'], g: 'x'.repeat(70_000) }]) {
      await them.put(record({ k: 'f', b: [], ...fork }, ''))
      for (let i = 0; i < 2; i++) assertOwn(await new Visitor(them.site).answered())
    }
  })

  test('a value of another type: the application answers, nobody waits for anybody, and it is left as it is', async () => {
    const make: Record<string, string[]> = { list: ['LPUSH', 'a'], hash: ['HSET', 'a', 'b'], set: ['SADD', 'a'], zset: ['ZADD', '1', 'a'] }
    for (const [type, [name, ...args]] of Object.entries(make)) {
      await using them = await site()
      await backend.redis.command(name!, them.key, ...args)
      const { unreadable } = them.cache.metrics()
      const answers = await Promise.all(Array.from({ length: 8 }, () => new Visitor(them.site).answered()))
      for (const answer of answers) assertOwn(answer)
      assert.ok(them.cache.metrics().unreadable > unreadable, `counted for a ${type}`)
      assert.equal(await backend.redis.command('TYPE', them.key), type)
    }
  })
})
