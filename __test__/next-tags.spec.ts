import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { onEveryBackend } from './support/backends'
import { isStale, newApp, PAGE, page, pagesOf, untilGone } from './support/next-tools'
import { until } from './support/until'

const { TagStates } = createRequire(import.meta.url)('../lib/next/tag-states.js')
const FOREVER = { cacheControl: { revalidate: false, expire: undefined } } as const

test('an entry stands as the last invalidation behind it says', () => {
  const states = new TagStates(1000)
  states.set('gone', '10 0 0 0')
  states.set('stale', '0 10 10 5000')
  states.set('both', '5 10 0 0')
  const cases: [tags: string[], number: number, now: number, expected: string][] = [
    [['gone'], 9, 0, 'expired'],
    [['gone'], 10, 0, 'fresh'],
    [['stale'], 9, 4999, 'stale'],
    [['stale'], 9, 5000, 'expired'],
    [['stale'], 10, 5000, 'fresh'],
    [['both'], 4, 0, 'expired'],
    [['both'], 5, 0, 'stale'],
    [['unknown', 'stale'], 9, 0, 'stale'],
    [['stale', 'gone'], 9, 0, 'expired'],
    [[], 0, 0, 'fresh'],
  ]
  for (const [tags, number, now, expected] of cases) assert.equal(states.standing(tags, number, now), expected, `${tags} ${number} ${now}`)
  for (const garbage of ['', '1', 'a b c d', '1 2 3 x']) states.set('gone', garbage)
  assert.equal(states.standing(['gone'], 9, 0), 'expired')
})

test('what no entry can be older than is forgotten', () => {
  const states = new TagStates(1000)
  for (let i = 0; i < 50_000; i++) states.set(`tag ${i}`, `${1e15 + i * 1000} 0 0 0`)
  assert.ok(states.size <= 1001, `${states.size} tags`)
  assert.equal(states.standing(['tag 49999'], 1e15, 0), 'expired')
  states.first = 2e15
  assert.equal(states.size, 0)
  assert.equal(states.standing([], 1e15, 0), 'expired')
})

onEveryBackend('tags of Next.js', (backend) => {
  test('whatever is invalidated by whom, each process comes to the same', async () => {
    const app = newApp()
    const handlers = [pagesOf(backend.redis, app), pagesOf(await backend.connect(), app), pagesOf(await backend.connect(), app)]
    const step = fc.record({ who: fc.nat(2), tag: fc.constantFrom('a', 'b', 'c'), durations: fc.constantFrom(undefined, { expire: 0 }, { expire: 3600 }, {}), stores: fc.boolean() })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 6 }), async (steps) => {
        /** By tag: what has become of the page since it was stored. */
        const model = new Map<string, 'fresh' | 'stale' | 'over'>()
        const store = async (tag: string, who = 0) => {
          // Whoever makes it has asked for it; and where it was being made since before the last invalidation, it is made again.
          for (let times = 0; times < 2; times++) {
            await handlers[who]!.get(`/${tag}`, PAGE)
            await handlers[who]!.set(`/${tag}`, page(tag, [tag]), FOREVER)
          }
          model.set(tag, 'fresh')
        }
        for (const tag of ['a', 'b', 'c']) await store(tag)
        for (const { who, tag, durations, stores } of steps) {
          await handlers[who]!.revalidateTag(tag, durations)
          const isOver = durations === undefined || durations.expire === 0
          if (model.get(tag) !== 'over') model.set(tag, isOver ? 'over' : 'stale')
          if (stores) await store(tag, who)
        }
        for (const handler of handlers) {
          for (const [tag, expected] of model) {
            await until(`${tag} is ${expected}`, async () => {
              const got = await handler.get(`/${tag}`, PAGE)
              return (got === null ? 'over' : isStale(got) ? 'stale' : 'fresh') === expected
            })
          }
        }
      }),
      { seed: 1, numRuns: backend.real ? 20 : 2 },
    )
  })

  test('the last profile says when what is stale is over', async () => {
    const handler = pagesOf(backend.redis, newApp())
    await handler.set('/a', page('a', ['t']), FOREVER)
    await handler.revalidateTag('t', { expire: 31_536_000 })
    assert.equal(isStale(await handler.get('/a', PAGE)), true)
    await handler.revalidateTag('t', { expire: 1 })
    await untilGone(handler, '/a')
    // What has passed stays so.
    await handler.revalidateTag('t', { expire: 31_536_000 })
    assert.equal(await handler.get('/a', PAGE), null)
    for (const expire of [Infinity, NaN, -1]) {
      await handler.set('/a', page('a', ['t']), FOREVER)
      await handler.revalidateTag('t', { expire })
      const got = await handler.get('/a', PAGE)
      assert.equal(expire === -1 ? got : isStale(got), expire === -1 ? null : true, String(expire))
    }
  })

  test('live as long as the last entry that is stored', async () => {
    const app = newApp()
    await pagesOf(backend.redis, app).set('/a', page('a', ['t']), FOREVER)
    const keys = ['last', 'states', 'order'].map((name) => `${app}:tags:{tags}${name}`)
    await pagesOf(backend.redis, app).revalidateTag('t')
    for (const key of keys) await backend.redis.command('PEXPIRE', key, 600_000)
    // Another process.
    await pagesOf(await backend.connect(), app).set('/b', page('b', ['t']), FOREVER)
    for (const key of keys) assert.ok((await backend.redis.command<number>('PTTL', key)) > 14 * 86_400_000, key)
  })

  for (const lost of [['last'], ['states'], ['order'], ['last', 'order'], ['states', 'order']]) {
    test(`that are lost in part (${lost.join(' and ')}) bring nothing back`, async () => {
      const app = newApp()
      const one = pagesOf(backend.redis, app)
      await one.set('/a', page('a', ['t']), FOREVER)
      await one.revalidateTag('t')
      for (const name of lost) await backend.redis.command('UNLINK', `${app}:tags:{tags}${name}`)
      const fresh = pagesOf(await backend.connect(), app)
      assert.equal(await fresh.get('/a', PAGE), null)
      await fresh.set('/b', page('b', ['t']), FOREVER)
      assert.equal((await fresh.get('/b', PAGE)).value.html, 'b')
    })
  }

  test('that are lost take what carries them along', async () => {
    const app = newApp()
    const [one, other] = [pagesOf(backend.redis, app), pagesOf(await backend.connect(), app)]
    await one.set('/a', page('a', ['t']), FOREVER)
    await one.revalidateTag('t')
    await one.set('/untouched', page('u'), FOREVER)
    for (const name of ['last', 'states', 'order']) await backend.redis.command('UNLINK', `${app}:tags:{tags}${name}`)
    // A process that starts now must not take it for fresh.
    const fresh = pagesOf(await backend.connect(), app)
    assert.equal(await fresh.get('/a', PAGE), null)
    await fresh.set('/new', page('new', ['t']), FOREVER)
    assert.equal((await fresh.get('/new', PAGE)).value.html, 'new')
    await fresh.revalidateTag('t')
    for (const handler of [one, other, fresh]) for (const key of ['/a', '/new']) await untilGone(handler, key)
  })
})
