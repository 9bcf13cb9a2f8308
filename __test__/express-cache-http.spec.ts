import assert from 'node:assert/strict'
import { test } from 'node:test'
import { onEveryBackend } from './support/backends'
import { pages, Site } from './support/pages'
import { until } from './support/until'

onEveryBackend("a page in mode 'http'", (backend) => {
  const http = (options = {}) => pages(backend.redis, { mode: 'http', ttl: undefined, ...options })

  test('is validated by its handler, whose 304 becomes the stored body', async () => {
    const seen: unknown[] = []
    await using site = await Site.start(http(), (req, res) => {
      seen.push([req.headers['if-none-match'], req.headers['if-modified-since']])
      res.set({ ETag: '"1"', 'Last-Modified': 'Thu, 01 Jan 2026 00:00:00 GMT', 'Cache-Control': 'no-cache', 'X-Count': String(seen.length) })
      if (req.headers['if-none-match'] === '"1"') res.status(304).end()
      else res.send('body')
    })
    await site.get()
    const second = await site.get()
    assert.deepEqual([second.status, second.body.toString(), second.headers['x-count']], [200, 'body', '2'])
    assert.equal(second.headers['cache-status'], 'redwright; fwd=stale; fwd-status=304; stored')
    assert.deepEqual(seen, [[undefined, undefined], ['"1"', 'Thu, 01 Jan 2026 00:00:00 GMT']])
    const known = await site.get('/', { 'If-None-Match': '"1"' })
    assert.deepEqual([known.status, known.body.length, known.headers['x-count']], [304, 0, undefined])
    const part = await site.get('/', { Range: 'bytes=1-2' })
    assert.deepEqual([part.status, part.body.toString(), part.headers['content-range']], [206, 'od', 'bytes 1-2/4'])
    assert.equal(site.asked, 4)
  })

  test('is made anew where its handler says that it has changed', async () => {
    let version = 0
    await using site = await Site.start(http(), (_req, res) => res.set({ ETag: `"${++version}"`, 'Cache-Control': 'max-age=0' }).send(`body ${version}`))
    assert.equal((await site.get()).body.toString(), 'body 1')
    const second = await site.get()
    assert.deepEqual([second.body.toString(), second.headers['cache-status']], ['body 2', 'redwright; fwd=stale; fwd-status=200; stored'])
  })

  test('is given stale while its handler is asked behind that, which all handlers before it see as a request', async () => {
    let version = 0
    const answered: (() => void)[] = []
    await using site = await Site.start(http(), (_req, res) => {
      const answer = () => res.set({ 'Cache-Control': 'max-age=0, stale-while-revalidate=60', ETag: `"${++version}"` }).send(`body ${version}`)
      if (version === 0) answer()
      else answered.push(answer)
    })
    await site.get()
    for (let i = 0; i < 3; i++) {
      const stale = await site.get()
      assert.equal(stale.body.toString(), 'body 1')
      assert.match(String(stale.headers['cache-status']), /^redwright; hit; ttl=-?\d+$/)
    }
    await until('it was asked', () => answered.length > 0)
    assert.equal(answered.length, 1)
    answered[0]!()
    await until('the new one is there', async () => (await site.get()).body.toString() === 'body 2')
  })

  test('stands in for an error, where it says so', async () => {
    let isWell = true
    await using site = await Site.start(http(), (_req, res, next) => {
      if (!isWell) return next(new Error('down'))
      res.set('Cache-Control', 'max-age=0, stale-if-error=60').set('ETag', '"1"').send('body')
    })
    await site.get()
    isWell = false
    const stale = await site.get()
    assert.deepEqual([stale.status, stale.body.toString(), stale.headers['cache-status']], [200, 'body', 'redwright; fwd=stale; fwd-status=500'])
    assert.equal(site.asked, 2)
  })

  test('is not given stale where it must not be', async () => {
    let isWell = true
    await using site = await Site.start(http({ staleIfError: 60, staleWhileRevalidate: 60 }), (_req, res) => {
      if (!isWell) return res.status(503).send('down')
      res.set('Cache-Control', 'max-age=0, must-revalidate').set('ETag', '"1"').send('body')
    })
    await site.get()
    isWell = false
    assert.equal((await site.get()).status, 503)
  })

  test('is what a client asks for: fresher, or whatever is there, or nothing but that', async () => {
    let version = 0
    await using site = await Site.start(http(), (_req, res) => res.set('Cache-Control', 'max-age=60').send(`body ${++version}`))
    const ask = async (cacheControl: string) => (await site.get('/', { 'Cache-Control': cacheControl })).body.toString()
    assert.equal((await site.get('/', { 'Cache-Control': 'only-if-cached' })).status, 504)
    assert.equal(site.asked, 0)
    assert.equal(await ask('max-age=60'), 'body 1')
    assert.equal(await ask('only-if-cached'), 'body 1')
    assert.equal(await ask('no-cache'), 'body 2')
    assert.equal(await ask('min-fresh=61'), 'body 3')
    assert.equal(await ask('no-store'), 'body 3')
    assert.equal((await site.get()).body.toString(), 'body 3')
  })

  test('is as old as it says', async () => {
    await using site = await Site.start(http(), (_req, res) => res.set({ 'Cache-Control': 'max-age=60', Age: '30' }).send('body'))
    await site.get()
    const { headers } = await site.get()
    assert.ok(Number(headers.age) >= 30 && Number(headers.age) <= 60)
    // At most what is left of 60 s; all of it where both come within one ms.
    assert.match(String(headers['cache-status']), /^redwright; hit; ttl=([012]?\d|30)$/)
  })
})
