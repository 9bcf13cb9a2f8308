import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Redis } from '../index.js'
import type { NextCacheOptions } from '../next.js'
import { MortalServer } from './support/client-server'
import { FaultProxy } from './support/fault-proxy'
import { entry, isStale, newApp, PAGE, page, pagesOf, textOf, usesOf } from './support/next-tools'
import { freePort } from './support/ports'
import { realServer } from './support/servers'
import { until } from './support/until'

const FOREVER = { cacheControl: { revalidate: false, expire: undefined } } as const
/** Next.js renders by itself behind this. */
const BRISK: NextCacheOptions = { timeoutMs: 200 }
/** Generous: many calls of a machine that is busy, and none of which may hang. */
const CEILING_MS = 20_000

const connect = (url: string) => new Redis({ url, commandTimeout: 200, watchdogMs: 500, reconnect: { minMs: 5, maxMs: 50 } })

async function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => (timer = setTimeout(() => reject(new Error('it hangs')), CEILING_MS)))
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}

/** Everything that Next.js calls, while nobody answers: none rejects, none hangs. */
async function goesOn(pages: ReturnType<typeof pagesOf>, uses: ReturnType<typeof usesOf>): Promise<void> {
  for (let i = 0; i < 10; i++) {
    assert.equal(await inTime(pages.get(`/missing ${i}`, PAGE)), null)
    await inTime(pages.set(`/other ${i}`, page('x'), FOREVER))
    assert.equal(await inTime(uses.get(`missing ${i}`, [])), undefined)
    await inTime(uses.set(`other ${i}`, Promise.resolve(entry('x'))))
    await inTime(uses.refreshTags())
  }
}

describe('Next.js while Redis', () => {
  test('was never there renders, and stores as soon as it is', async () => {
    await using server = MortalServer.prepare()
    await using redis = connect(server.url)
    const app = newApp()
    const [pages, uses] = [pagesOf(redis, app, BRISK), usesOf(redis, app, BRISK)]
    await goesOn(pages, uses)
    await server.start()
    await until('it stores', async () => {
      await pages.set('/a', page('a'), FOREVER)
      return (await pages.get('/a', PAGE)) !== null
    })
  })

  test('cannot be reached at all renders', async () => {
    await using redis = connect(`redis://127.0.0.1:${await freePort()}`)
    const app = newApp()
    await goesOn(pagesOf(redis, app, BRISK), usesOf(redis, app, BRISK))
  })

  test('hangs renders within its time, and goes on by itself', async () => {
    await using server = await realServer({ tcp: true })
    await using proxy = await FaultProxy.start(server)
    await using redis = connect(proxy.url)
    const app = newApp()
    const [pages, uses] = [pagesOf(redis, app, BRISK), usesOf(redis, app, BRISK)]
    await until('it stores', async () => (await pages.set('/a', page('a', ['t']), FOREVER), (await pages.get('/a', PAGE)) !== null))
    proxy.freeze()
    await goesOn(pages, uses)
    proxy.thaw()
    await until('it is there again', async () => (await pages.get('/a', PAGE))?.value.html === 'a')
  })

  test('is away keeps what was invalidated in mind: it is over here at once, and everywhere when Redis is back', async () => {
    await using server = await realServer({ tcp: true })
    await using proxy = await FaultProxy.start(server)
    await using near = connect(proxy.url)
    await using far = connect(server.url)
    const app = newApp()
    const [one, other] = [pagesOf(near, app, { ...BRISK, onUnavailable: 'stale' }), pagesOf(far, app)]
    const put = async (key: string) => until('it stores', async () => (await one.set(key, page(key, [key]), FOREVER), (await other.get(key, PAGE)) !== null))
    await put('over')
    await put('stale')
    for (const key of ['over', 'stale']) assert.ok(await one.get(key, PAGE))
    proxy.freeze()
    await inTime(one.revalidateTag('over'))
    await inTime(one.revalidateTag('stale', { expire: 3600 }))
    assert.equal(await inTime(one.get('over', PAGE)), null)
    assert.equal(isStale((await inTime(one.get('stale', PAGE)))!), true)
    proxy.thaw()
    await until('others know', async () => (await other.get('over', PAGE)) === null && isStale(await other.get('stale', PAGE)))
  })

  test('is away takes any number of invalidations, none of which rejects, and tells it of all of them', async () => {
    await using server = await realServer({ tcp: true })
    await using proxy = await FaultProxy.start(server)
    await using near = connect(proxy.url)
    await using far = connect(server.url)
    const app = newApp()
    const [one, other] = [pagesOf(near, app, BRISK), pagesOf(far, app)]
    await until('it stores', async () => (await other.set('/a', page('a', ['t']), FOREVER), (await one.get('/a', PAGE)) !== null))
    proxy.freeze()
    const unhandled: unknown[] = []
    const listener = (reason: unknown) => void unhandled.push(reason)
    process.on('unhandledRejection', listener)
    await inTime(Promise.all(Array.from({ length: 12 }, (_, i) => one.revalidateTag(Array.from({ length: 1000 }, (_, j) => `tag ${i} ${j}`)))))
    assert.equal(await inTime(one.get('/a', PAGE)), null)
    await new Promise(setImmediate)
    process.off('unhandledRejection', listener)
    assert.deepEqual(unhandled, [])
    proxy.thaw()
    await until('others know', async () => (await other.get('/a', PAGE)) === null)
    await until('it stores again', async () => (await one.set('/a', page('new', ['t']), FOREVER), (await other.get('/a', PAGE))?.value.html === 'new'))
  })

  test('is away gives what it had, where that is wanted', async () => {
    await using server = await realServer({ tcp: true })
    await using proxy = await FaultProxy.start(server)
    for (const onUnavailable of ['stale', 'render'] as const) {
      await using redis = connect(proxy.url)
      const app = newApp()
      const [pages, uses] = [pagesOf(redis, app, { ...BRISK, onUnavailable, near: false }), usesOf(redis, app, { ...BRISK, onUnavailable, near: false })]
      await until('it stores', async () => {
        await pages.set('/a', page('a'), FOREVER)
        await uses.set('u', Promise.resolve(entry('u')))
        return (await pages.get('/a', PAGE)) !== null && (await uses.get('u', [])) !== undefined
      })
      proxy.freeze()
      const [got, used] = [await inTime(pages.get('/a', PAGE)), await inTime(uses.get('u', []))]
      if (onUnavailable === 'stale') assert.deepEqual([got.value.html, await textOf(used!.value)], ['a', 'u'])
      else assert.deepEqual([got, used], [null, undefined])
      proxy.thaw()
    }
  })

  test('is flushed, restarted or killed serves nothing that was invalidated, and goes on', async () => {
    await using server = await MortalServer.start()
    await using redis = connect(server.url)
    const app = newApp()
    const [one, other] = [pagesOf(redis, app, BRISK), pagesOf(redis.duplicate(), app, BRISK)]
    const faults: Record<string, () => Promise<unknown>> = {
      flushed: () => server.ask('FLUSHALL'),
      killed: async () => {
        await server.crash()
        await server.start()
      },
    }
    for (const [fault, act] of Object.entries(faults)) {
      await until('it stores', async () => (await one.set('/a', page('old', ['t']), FOREVER), (await one.get('/a', PAGE)) !== null))
      await one.revalidateTag('t')
      await act()
      for (const handler of [one, other]) assert.notEqual((await inTime(handler.get('/a', PAGE)))?.value.html, 'old', fault)
      await until('it stores again', async () => (await other.set('/a', page('new', ['t']), FOREVER), (await one.get('/a', PAGE))?.value.html === 'new'))
    }
  })
})
