import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { onEveryBackend } from './support/backends'
import { HOSTS, type Page, pages, Site } from './support/pages'

const BYTES = Buffer.from([0, 255, 254, 13, 10, 0, 128])

/** Every way in which a handler answers by what `node:http` gives, and the body that it means. */
const PLAIN: Record<string, [page: Page, body: string | Buffer]> = {
  'end with text': [(_req, res) => res.end('text'), 'text'],
  'end with bytes': [(_req, res) => res.end(BYTES), BYTES],
  'end with an encoding': [(_req, res) => res.end('6f6b', 'hex'), 'ok'],
  'write, then end': [(_req, res) => (res.write('a'), res.write(Buffer.from('b')), res.end('c')), 'abc'],
  'write, then end without anything': [(_req, res) => (res.write('äöü'), res.end()), 'äöü'],
  'end without anything': [(_req, res) => res.end(), ''],
  'end with a callback': [(_req, res) => res.end('x', () => {}), 'x'],
  'writeHead with an object': [(_req, res) => res.writeHead(200, { 'X-Way': 'w', 'Content-Type': 'text/plain' }).end('head'), 'head'],
  'writeHead with a reason and a list': [(_req, res) => res.writeHead(200, 'Fine', ['X-Way', 'w', 'Content-Type', 'text/plain']).end('list'), 'list'],
  'a stream that is piped': [(_req, res) => void Readable.from(['p', 'i', 'pe']).pipe(res), 'pipe'],
  'in its own time': [async (_req, res) => (await new Promise(setImmediate), res.write('late'), await new Promise(setImmediate), res.end('r')), 'later'],
}
const OF_EXPRESS: typeof PLAIN = {
  'res.json': [(_req, res) => res.json({ a: [1, 'ä'] }), '{"a":[1,"ä"]}'],
  'res.send of text': [(_req, res) => res.send('<p>'), '<p>'],
  'res.send of bytes': [(_req, res) => res.send(BYTES), BYTES],
  'res.type and res.status': [(_req, res) => res.status(203).type('text/css').send('a{}'), 'a{}'],
}

onEveryBackend('a page that is stored', (backend) => {
  for (const host of Object.keys(HOSTS)) {
    const ways = { ...PLAIN, ...(host.startsWith('Express') ? OF_EXPRESS : {}) }
    for (const [way, [page, body]] of Object.entries(ways)) {
      test(`in ${host} by ${way}, is given byte for byte, and with the same fields`, async () => {
        await using site = await Site.start(pages(backend.redis), page, host)
        const first = await site.get()
        const second = await site.get()
        assert.deepEqual(first.body, Buffer.from(body))
        assert.deepEqual(second.body, first.body)
        assert.equal(site.asked, 1)
        assert.equal(second.status, first.status)
        assert.match(String(second.headers['cache-status']), /^redwright; hit; ttl=\d+$/)
        assert.match(String(first.headers['cache-status']), /^redwright; fwd=uri-miss; stored$/)
        for (const name of ['content-type', 'x-way', 'etag', 'x-powered-by']) assert.equal(second.headers[name], first.headers[name], name)
        assert.equal(second.headers['content-length'], String(first.body.length))
        assert.match(String(second.headers.age), /^\d+$/)
        const head = await site.get('/', {}, 'HEAD')
        assert.deepEqual([head.status, head.body.length, head.headers['content-length']], [first.status, 0, String(first.body.length)])
        assert.equal(site.asked, 1)
      })
    }
  }

  test('has what its handler added to fields that were there, and not what it took away', async () => {
    const before: Page = (_req, res, next) => {
      res.setHeader('Link', ['</a>; rel=preload'])
      res.setHeader('X-Before', 'b')
      next()
    }
    const cache = pages(backend.redis)
    const behind: typeof cache = Object.assign((req: any, res: any, next: any) => before(req, res, () => cache(req, res, next)), cache)
    await using site = await Site.start(behind, (_req, res) => {
      res.appendHeader('Link', '</b>; rel=preload')
      res.removeHeader('X-Powered-By')
      res.removeHeader('X-Before')
      res.send('x')
    })
    const [first, second] = [await site.get(), await site.get()]
    assert.equal(site.asked, 1)
    assert.equal(first.headers.link, '</a>; rel=preload, </b>; rel=preload')
    for (const name of ['link', 'x-before', 'x-powered-by']) assert.equal(second.headers[name], first.headers[name], name)
  })

  test('is told to be known by who has it', async () => {
    await using site = await Site.start(pages(backend.redis), (_req, res) => res.json({ a: 1 }))
    const { headers } = await site.get()
    const etag = String(headers.etag)
    for (const value of [etag, `"x", ${etag}`, '*', etag.replace('W/', '')]) {
      const known = await site.get('/', { 'If-None-Match': value })
      assert.deepEqual([known.status, known.body.length, known.headers.etag, known.headers['content-length']], [304, 0, etag, undefined], value)
    }
    assert.equal((await site.get('/', { 'If-None-Match': '"x"' })).status, 200)
    assert.equal(site.asked, 1)
  })

  test('is stored though the first who asks has it', async () => {
    await using site = await Site.start(pages(backend.redis), (_req, res) => res.set('ETag', '"v1"').send('body'))
    const first = await site.get('/', { 'If-None-Match': '"v1"' })
    assert.deepEqual([first.status, first.body.length], [304, 0])
    const second = await site.get()
    assert.deepEqual([second.status, second.body.toString(), second.headers.etag], [200, 'body', '"v1"'])
    assert.equal(site.asked, 1)
  })
})
