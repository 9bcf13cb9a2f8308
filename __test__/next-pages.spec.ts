import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createCacheHandler, nextCacheMetrics } from '../next.js'
import { onEveryBackend } from './support/backends'
import { sentBy } from './support/cache-tools'
import { askAllBehind } from './support/servers-behind'
import { isStale, newApp, PAGE, page, pagesOf, untilGone } from './support/next-tools'
import { until } from './support/until'

const FOREVER = { cacheControl: { revalidate: false, expire: undefined } } as const
const MINUTE = { cacheControl: { revalidate: 60, expire: 3600 } } as const

onEveryBackend('the pages of Next.js', (backend) => {
  test('come back in every process as they were, with their life', async () => {
    const app = newApp()
    const [one, other] = [pagesOf(backend.redis, app), pagesOf(await backend.connect(), app)]
    assert.equal(await one.get('/a', PAGE), null)
    const before = Date.now()
    await one.set('/a', page('<p>ä', ['posts']), MINUTE)
    assert.equal(await other.get('/b', PAGE), null)
    for (const handler of [one, other]) {
      const { lastModified, value, cacheControl } = await handler.get('/a', PAGE)
      assert.ok(lastModified >= before && lastModified <= Date.now())
      assert.deepEqual(cacheControl, MINUTE.cacheControl)
      assert.deepEqual(value, page('<p>ä', ['posts']))
      assert.ok(Buffer.isBuffer(value.rscData) && value.segmentData instanceof Map)
    }
  })

  test('of every kind come back as they were', async () => {
    const handler = pagesOf(backend.redis, newApp())
    const kinds: [kind: string, value: object | null][] = [
      ['APP_ROUTE', { kind: 'APP_ROUTE', body: Buffer.from([0, 255]), status: 201, headers: { 'content-type': 'x/y' } }],
      ['PAGES', { kind: 'PAGES', html: '<p>', pageData: { props: { a: [1] } }, headers: {}, status: 200 }],
      ['PAGES', { kind: 'REDIRECT', props: { pageProps: { __N_REDIRECT: '/b' } } }],
      ['APP_PAGE', null],
    ]
    for (const [kind, value] of kinds) {
      await handler.set('/a', value, MINUTE)
      const { value: got, cacheControl } = await handler.get('/a', { kind, isFallback: false })
      assert.deepEqual(JSON.parse(JSON.stringify(got)), JSON.parse(JSON.stringify(value)), kind)
      assert.deepEqual(cacheControl, MINUTE.cacheControl)
    }
    const image = { kind: 'IMAGE', etag: 'e', upstreamEtag: 'u', buffer: Buffer.from('png'), extension: 'webp', revalidate: 60 }
    await handler.set('hash', image, { kind: 'IMAGE', cacheControl: { revalidate: 60, expire: undefined } })
    assert.deepEqual((await handler.get('hash', { kind: 'IMAGE', isFallback: false })).value, image)
    const fetched = { kind: 'FETCH', data: { headers: { a: 'b' }, body: 'aGk=', url: 'http://x', status: 200 }, tags: ['t'], revalidate: 60 }
    await handler.set('key', fetched, { fetchCache: true, tags: ['t'] })
    assert.deepEqual((await handler.get('key', { kind: 'FETCH', tags: ['t'], softTags: [] })).value, fetched)
    // What `unstable_cache` has of a function that gives undefined.
    await handler.set('none', { kind: 'FETCH', data: { headers: {}, body: undefined, status: 200, url: '' }, revalidate: 60 }, { fetchCache: true, tags: [] })
    assert.equal((await handler.get('none', { kind: 'FETCH' })).value.data.body, undefined)
    let deep: unknown = 'deep'
    for (let i = 0; i < 300; i++) deep = { replies: [deep] }
    await handler.set('/deep', { kind: 'PAGES', html: '', pageData: { deep }, headers: {}, status: 200 }, MINUTE)
    assert.deepEqual((await handler.get('/deep', { kind: 'PAGES' })).value.pageData, { deep })
    await handler.set('key', null, { fetchCache: true })
  })

  test('have no data of their own where each request finishes them, and for a fallback', async () => {
    const handler = pagesOf(backend.redis, newApp())
    await handler.set('/ppr', page('shell', [], { postponed: 'state' }), MINUTE)
    assert.equal((await handler.get('/ppr', { ...PAGE, isRoutePPREnabled: true })).value.rscData, undefined)
    assert.equal((await handler.get('/ppr', { ...PAGE, isFallback: true })).value.rscData, undefined)
    assert.equal((await handler.get('/ppr', { ...PAGE, isRoutePPREnabled: true })).value.postponed, 'state')
    await handler.set('/whole', page('whole'), MINUTE)
    assert.equal(String((await handler.get('/whole', { ...PAGE, isRoutePPREnabled: true })).value.rscData), 'rsc of whole')
    await handler.set('/pages', { kind: 'PAGES', html: '', pageData: { a: 1 }, headers: {}, status: 200 }, MINUTE)
    assert.deepEqual((await handler.get('/pages', { kind: 'PAGES', isFallback: true })).value.pageData, {})
  })

  test('are over at once when a tag is: in this process, and in others as soon as they hear of it', async () => {
    const app = newApp()
    const [one, other] = [pagesOf(backend.redis, app), pagesOf(await backend.connect(), app)]
    const ways: [tags: string | string[], durations?: { expire?: number }][] = [['posts'], [['x', 'posts']], ['_N_T_/a'], ['posts', { expire: 0 }]]
    // Where nobody tells of changes each takes a second.
    for (const [tags, durations] of backend.real ? ways : ways.slice(0, 1)) {
      await one.set('/a', page('a', ['posts', '_N_T_/a']), FOREVER)
      await until('it is there', async () => (await other.get('/a', PAGE)) !== null)
      await one.revalidateTag(tags, durations)
      assert.equal(await one.get('/a', PAGE), null)
      await untilGone(other, '/a')
    }
    await one.set('/a', page('new', ['posts']), FOREVER)
    assert.equal((await one.get('/a', PAGE)).value.html, 'new')
    await until('it is new there', async () => (await other.get('/a', PAGE))?.value.html === 'new')
  })

  test('are given stale once a tag is, also those that are kept for ever, and fresh when they were made anew', async () => {
    const app = newApp()
    const [one, other] = [pagesOf(backend.redis, app), pagesOf(await backend.connect(), app)]
    for (const context of backend.real ? [FOREVER, MINUTE] : [FOREVER]) {
      await one.set('/a', page('old', ['posts']), context)
      assert.equal(isStale(await one.get('/a', PAGE)), false)
      await one.revalidateTag('posts', { expire: 31_536_000 })
      for (const handler of [one, other]) {
        await until('it is stale', async () => isStale(await handler.get('/a', PAGE)))
        assert.equal((await handler.get('/a', PAGE)).value.html, 'old')
      }
      await one.set('/a', page('new', ['posts']), context)
      assert.equal(isStale(await one.get('/a', PAGE)), false)
      await until('it is fresh there', async () => !isStale(await other.get('/a', PAGE)))
    }
  })

  test('are stale and then over, where the profile says when', async () => {
    const handler = pagesOf(backend.redis, newApp())
    await handler.set('/a', page('a', ['posts']), FOREVER)
    await handler.revalidateTag('posts', { expire: 1 })
    assert.equal(isStale(await handler.get('/a', PAGE)), true)
    await until('it is over', async () => (await handler.get('/a', PAGE)) === null)
  })

  test('that were being made when a tag was invalidated are not taken for new', async () => {
    const app = newApp()
    const [one, other] = [pagesOf(backend.redis, app), pagesOf(await backend.connect(), app)]
    for (const invalidator of [one, other]) {
      // Asked for in vain: from here on it is made.
      assert.equal(await one.get('/slow', PAGE), null)
      await invalidator.revalidateTag('posts')
      await one.set('/slow', page('of old data', ['posts']), FOREVER)
      await untilGone(one, '/slow')
    }
  })

  test('that were made anew for their age, or asked to be, while a tag was invalidated are not taken for new', async () => {
    const app = newApp()
    const redis = backend.redis
    const Handler = createCacheHandler({ redis, prefix: app, buildId: 'build', timeoutMs: '20s' })
    const other = pagesOf(await backend.connect(), app)
    const OLD = { cacheControl: { revalidate: 1, expire: undefined } } as const
    // One object a request, as Next.js has it. The first learns, the second asks and gets what is old, the third does not ask at all.
    const first = new Handler({})
    assert.equal(await first.get('/a', PAGE), null)
    await first.set('/a', page('a', ['t']), OLD)
    for (const asks of [true, false]) {
      const request = new Handler({})
      if (asks) assert.ok(await request.get('/a', PAGE))
      await other.revalidateTag('t')
      // This process has heard of it meanwhile.
      await until('it is over here', async () => (await new Handler({}).get('/a', PAGE)) === null)
      await request.set('/a', page('of old data', ['t']), OLD)
      assert.equal(await new Handler({}).get('/a', PAGE), null)
      const next = new Handler({})
      assert.equal(await next.get('/a', PAGE), null)
      await next.set('/a', page('new', ['t']), OLD)
      assert.equal((await new Handler({}).get('/a', PAGE)).value.html, 'new')
    }
  })

  test('an invalidation behind one that is on its way counts by itself', async () => {
    if (!backend.real) return
    const one = pagesOf(backend.redis, newApp())
    await one.set('/a', page('a', ['t']), FOREVER)
    await one.revalidateTag('t')
    const sent = await sentBy(backend.redis, async () => {
      const first = one.revalidateTag('t')
      // It has left by now.
      await new Promise(setImmediate)
      await Promise.all([first, one.revalidateTag('t')])
    })
    assert.ok(sent.evalsha! >= 2, JSON.stringify(sent))
  })

  test('of one build are none of another', async () => {
    const app = newApp()
    await pagesOf(backend.redis, app, { buildId: 'one' }).set('/a', page('one'), FOREVER)
    assert.equal(await pagesOf(backend.redis, app, { buildId: 'two' }).get('/a', PAGE), null)
    assert.equal(await pagesOf(backend.redis, newApp(), { buildId: 'one' }).get('/a', PAGE), null)
  })

  test('and all else end by themselves', async () => {
    const app = newApp()
    const handler = pagesOf(backend.redis, app, { maxTtl: 1000 })
    await handler.set('/short', page('a'), { cacheControl: { revalidate: 1, expire: 10 } })
    await handler.set('/long', page('a'), { cacheControl: { revalidate: 1, expire: 31_536_000 } })
    await handler.set('/ever', page('a'), FOREVER)
    await handler.set('/none', page('a'), { cacheControl: { revalidate: 0, expire: 0 } })
    await handler.revalidateTag(['a', 'b'])
    const ttls = new Map<string, number>()
    for (const keys of await askAllBehind(backend.redis, 'KEYS', `${app}:*`)) {
      for (const key of keys as unknown as string[]) ttls.set(key, await backend.redis.command('PTTL', key))
    }
    const of = (name: string) => [...ttls].find(([key]) => key.includes(name))?.[1]
    assert.ok(of('/short')! > 0 && of('/short')! <= 10_000)
    for (const name of ['/long', '/ever']) assert.ok(of(name)! > 0 && of(name)! <= 1_000_000)
    assert.equal(of('/none'), undefined)
    // Entries live no longer than what is known of their tags.
    for (const [key, ttl] of ttls) assert.ok(key.includes(':entries:') ? ttl <= 1_000_000 : ttl > 1_000_000, `${key} ${ttl}`)
    assert.equal([...ttls].filter(([key]) => key.includes('{tags}')).length, 3)
  })

  test('a fetch is stale or over by the tags that it was stored with, is asked with, or has by its path', async () => {
    const handler = pagesOf(backend.redis, newApp())
    const value = { kind: 'FETCH', data: { headers: {}, body: '', url: '', status: 200 }, revalidate: 60 }
    const ask = (tags: string[] = [], softTags: string[] = []) => handler.get('f', { kind: 'FETCH', revalidate: 60, tags, softTags })
    const store = () => handler.set('f', value, { fetchCache: true, tags: ['stored'] })
    const ways: [tag: string, asked: Parameters<typeof ask>][] = [['stored', []], ['asked', [['asked']]], ['_N_T_/a', [[], ['_N_T_/a']]]]
    for (const [tag, asked] of ways) {
      await store()
      assert.ok((await ask(...asked)) !== null)
      await handler.revalidateTag(tag, { expire: 3600 })
      const stale = await ask(...asked)
      assert.ok(Date.now() - stale.lastModified > 60_000, tag)
      // As Next.js does behind that.
      await store()
      assert.ok(Date.now() - (await ask(...asked)).lastModified < 60_000, tag)
      await handler.revalidateTag(tag)
      assert.equal(await ask(...asked), null, tag)
    }
  })

  test('damaged entries, those of others and of another kind are none, and are counted', async () => {
    const app = newApp()
    const handler = pagesOf(backend.redis, app)
    const key = `${app}:entries:page%3Abuild%3A/a`
    await handler.set('/a', page('a'), FOREVER)
    const [found] = (await askAllBehind(backend.redis, 'KEYS', `${app}:entries:*`)).flat() as unknown as string[]
    const reader = pagesOf(await backend.connect(), app, { near: false })
    const { unreadable } = nextCacheMetrics()
    const garbage = ['', 'text', '{"value":null}', 'null', '[1]', '\u0000\u0001', 'N\u0001\u0000\u0000\u0000\u0002{}']
    for (const text of garbage) {
      await backend.redis.command('SET', found ?? key, text, 'PX', 60_000)
      assert.equal(await reader.get('/a', PAGE), null, text)
    }
    await backend.redis.command('UNLINK', found ?? key)
    await backend.redis.command('RPUSH', found ?? key, 'x')
    assert.equal(await reader.get('/a', PAGE), null)
    await backend.redis.command('UNLINK', found ?? key)
    for (const value of [{ kind: 'FETCH', data: {} }, { kind: 'APP_PAGE', html: 1 }, { kind: 'APP_ROUTE' }, { kind: 'constructor' }, [], 'x', 1]) {
      await handler.set('/a', value, FOREVER)
      assert.equal(await reader.get('/a', PAGE), null, JSON.stringify(value))
    }
    assert.ok(nextCacheMetrics().unreadable - unreadable >= garbage.length)
  })

  test('above the bound are not stored, and counted, and what was there is gone', async () => {
    const handler = pagesOf(backend.redis, newApp(), { maxEntryBytes: 10_000 })
    await handler.set('/a', page('small'), FOREVER)
    const { tooLarge } = nextCacheMetrics()
    await handler.set('/a', page('x'.repeat(10_000)), FOREVER)
    assert.equal(nextCacheMetrics().tooLarge, tooLarge + 1)
    assert.equal(await handler.get('/a', PAGE), null)
    const large = pagesOf(backend.redis, newApp())
    await large.set('/a', page('y'.repeat(3_000_000)), FOREVER)
    assert.equal((await large.get('/a', PAGE)).value.html.length, 3_000_000)
  })

  test('keys and tags may be anything', async () => {
    const handler = pagesOf(backend.redis, newApp())
    for (const key of ['/ä/😀', '/a b*?[x]', `/${'long'.repeat(5000)}`, '/{brace}', '/%2F..', '/nul\0']) {
      await handler.set(key, page(key.slice(0, 20), ['täg 😀', '{x}', '*']), FOREVER)
      assert.equal((await handler.get(key, PAGE)).value.html, key.slice(0, 20))
    }
    await handler.revalidateTag('*')
    assert.equal(await handler.get('/ä/😀', PAGE), null)
    for (const tag of ['', ' ', 'a,b', 'x'.repeat(10_000), '\0', '__proto__', 'toString']) await handler.revalidateTag(tag)
    await handler.revalidateTag([])
  })

  test('thousands of tags in one call, and of one entry', async () => {
    const app = newApp()
    const [one, other] = [pagesOf(backend.redis, app), pagesOf(await backend.connect(), app)]
    const tags = Array.from({ length: backend.real ? 10_000 : 600 }, (_, i) => `tag ${i}`)
    await one.set('/last', page('a', tags), FOREVER)
    await until('it is there', async () => (await other.get('/last', PAGE)) !== null)
    await one.revalidateTag(tags)
    assert.equal(await one.get('/last', PAGE), null)
    await untilGone(other, '/last')
    await other.set('/last', page('b', tags), FOREVER)
    await until('it is fresh in both', async () => (await one.get('/last', PAGE))?.value.html === 'b')
  })
})
