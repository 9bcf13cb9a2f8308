import assert from 'node:assert/strict'
import { test } from 'node:test'
import { onEveryBackend } from './support/backends'
import { type Page, pages, Site } from './support/pages'

/** As `on-headers` does, for sessions that set their cookie when the head leaves. */
function whenHeadLeaves(res: any, act: () => void) {
  const { writeHead } = res
  res.writeHead = function (...args: any[]) {
    act()
    return writeHead.apply(this, args)
  }
}

onEveryBackend('what is said of a response when its head leaves', (backend) => {
  const SAID: Record<string, (res: any) => void> = {
    'that it sets a cookie': (res) => res.setHeader('Set-Cookie', 'sid=of-one'),
    'that it is private': (res) => res.setHeader('Cache-Control', 'private'),
  }
  for (const [what, say] of Object.entries(SAID)) {
    for (const place of ['before', 'behind']) {
      test(`${what}, by who stands ${place} the cache, keeps it from others`, async () => {
        const cache = pages(backend.redis)
        let visits = 0
        const page: Page = (_req, res) => {
          const visit = ++visits
          if (place === 'behind' && visit === 1) whenHeadLeaves(res, () => say(res))
          res.send(`visit ${visit}`)
        }
        const outer: typeof cache = Object.assign((req: any, res: any, next: any) => {
          if (place === 'before' && visits === 0) whenHeadLeaves(res, () => say(res))
          cache(req, res, next)
        }, cache)
        await using site = await Site.start(outer, page)
        assert.equal((await site.get()).body.toString(), 'visit 1')
        assert.equal((await site.get()).body.toString(), 'visit 2')
      })
    }
  }

  test('is what counts, not what was begun before an error', async () => {
    let isWell = false
    const page: Page = (_req, res, next) => {
      if (isWell) return res.send('well')
      try {
        res.write(1)
      } catch (error) {
        next(Object.assign(error as Error, { expose: false }))
      }
    }
    await using site = await Site.start(pages(backend.redis), page)
    assert.equal((await site.get()).status, 500)
    isWell = true
    assert.equal((await site.get()).body.toString(), 'well')
    assert.equal((await site.get()).body.toString(), 'well')
    assert.equal(site.asked, 2)
  })

  test('of a user who is found out behind the cache keeps his page from others', async () => {
    const page: Page = (req, res) => {
      req.user = req.headers['x-api-key'] === undefined ? null : { id: req.headers['x-api-key'] }
      res.send(`for ${req.user?.id}`)
    }
    await using site = await Site.start(pages(backend.redis), page)
    for (const who of ['alice', 'bob']) assert.equal((await site.get('/', { 'X-Api-Key': who })).body.toString(), `for ${who}`)
    assert.equal((await site.get()).body.toString(), 'for undefined')
  })
})

onEveryBackend('what a request says', (backend) => {
  test('of its cookie counts in mode http, too, where the route says how long its pages are fresh', async () => {
    let visits = 0
    await using site = await Site.start(pages(backend.redis, { mode: 'http', ttl: 60 }), (_req, res) => res.send(`visit ${++visits}`))
    for (const visit of [1, 2]) assert.equal((await site.get('/', { Cookie: `sid=${visit}` })).body.toString(), `visit ${visit}`)
    for (const _ of [1, 2]) assert.equal((await site.get()).body.toString(), 'visit 3')
  })

  test('about storing makes no difference to others, in either mode', async () => {
    for (const options of [{}, { mode: 'http' as const }]) {
      let visits = 0
      await using site = await Site.start(pages(backend.redis, options), (_req, res) => res.send(`visit ${++visits}`))
      await site.get('/', { 'Cache-Control': 'no-store' })
      const first = (await site.get()).body.toString()
      assert.equal((await site.get()).body.toString(), first)
      assert.equal((await site.get('/', { 'Cache-Control': 'no-store' })).body.toString(), first)
    }
  })

  test('in its body is not answered from the store', async () => {
    let visits = 0
    await using site = await Site.start(pages(backend.redis), (_req, res) => res.send(`visit ${++visits}`))
    await site.get()
    assert.equal((await site.get('/', { 'Content-Length': 2 }, 'GET', '{}')).body.toString(), 'visit 2')
    assert.equal((await site.get()).body.toString(), 'visit 1')
  })
})
