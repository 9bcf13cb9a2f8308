import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { onEveryBackend } from './support/backends'
import { pages, Site } from './support/pages'

onEveryBackend('a page that varies', (backend) => {
  for (const near of [false, true]) {
    const memory = near ? ', from memory' : ''

    test(`is given to those who sent the same${memory}`, async () => {
      await using site = await Site.start(pages(backend.redis, { near }), (req, res) => res.vary('X-Who').send(`for ${req.get('x-who')}`))
      for (let round = 0; round < 3; round++) {
        for (const who of ['a', 'b', undefined]) {
          assert.equal((await site.get('/', who === undefined ? {} : { 'X-Who': who })).body.toString(), `for ${who}`)
        }
      }
      assert.equal(site.asked, 3)
    })
  }

  test('has no more variants than there may be', async () => {
    const cache = pages(backend.redis, { maxVariants: 4 })
    await using site = await Site.start(cache, (req, res) => res.vary('X-Who').send(`for ${req.get('x-who')}`))
    for (let i = 0; i < 40; i++) assert.equal((await site.get('/', { 'X-Who': `w${i}` })).body.toString(), `for w${i}`)
    const taken = await cache.purge({ prefix: '/' })
    assert.ok(taken > 1 && taken <= 5, `${taken} entries`)
  })

  test('by what was not known before is not given to whom it is not for', async () => {
    let isNew = false
    await using site = await Site.start(pages(backend.redis), (req, res) => {
      res.vary('X-Who')
      if (isNew) res.vary('X-Where')
      res.send(`${req.get('x-who')} ${req.get('x-where')}`)
    })
    const ask = async (who: string, where: string) => (await site.get('/', { 'X-Who': who, 'X-Where': where })).body.toString()
    assert.equal(await ask('a', '1'), 'a 1')
    isNew = true
    assert.equal(await ask('b', '1'), 'b 1')
    for (const where of ['1', '2', '1', '2']) assert.equal(await ask('b', where), `b ${where}`)
  })

  test('now by this and now by that is stored by both', async () => {
    await using site = await Site.start(pages(backend.redis), (req, res) => {
      const name = req.get('x-flag') === '1' ? 'X-Where' : 'X-Who'
      res.vary('X-Flag').vary(name).send(`${name} ${req.get(name)}`)
    })
    const ask = async (flag: string) => (await site.get('/', { 'X-Flag': flag, 'X-Who': 'w', 'X-Where': 'p' })).body.toString()
    for (let round = 0; round < 8; round++) {
      assert.equal(await ask('0'), 'X-Who w')
      assert.equal(await ask('1'), 'X-Where p')
    }
    assert.ok(site.asked <= 5, `asked ${site.asked} times`)
  })

  test('by coding is one for all who take the same codings, however they write it', async () => {
    await using site = await Site.start(pages(backend.redis), (req, res) => {
      res.vary('Accept-Encoding')
      if (/gzip/.test(req.get('accept-encoding') ?? '')) res.set('Content-Encoding', 'gzip').end(gzipSync('text'))
      else res.end('text')
    })
    for (const accept of ['gzip, deflate', 'deflate,gzip', 'GZIP;q=1.0, deflate']) assert.equal((await site.get('/', { 'Accept-Encoding': accept })).headers['content-encoding'], 'gzip')
    assert.equal((await site.get('/')).body.toString(), 'text')
    assert.equal(site.asked, 2)
  })

  test('is gone in all variants when it is purged', async () => {
    const cache = pages(backend.redis)
    let version = 0
    await using site = await Site.start(cache, (req, res) => res.vary('X-Who').send(`${req.get('x-who')} ${++version}`))
    const ask = async (who: string) => (await site.get('/page', { 'X-Who': who })).body.toString()
    assert.deepEqual([await ask('a'), await ask('b'), await ask('a')], ['a 1', 'b 2', 'a 1'])
    await cache.purge(`${site.server.url}/page`)
    assert.deepEqual([await ask('a'), await ask('b')], ['a 3', 'b 4'])
  })
})
