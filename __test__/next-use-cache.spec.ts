import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nextCacheMetrics } from '../next.js'
import { onEveryBackend } from './support/backends'
import { deferred } from './support/cache-tools'
import { entry, newApp, streamOf, textOf, usedOf } from './support/next-tools'
import { askAllBehind } from './support/servers-behind'
import { until } from './support/until'

/** As Next.js makes them. */
const KEY = JSON.stringify(['80f1', [{ a: 'ä' }], ['build']])

onEveryBackend("what 'use cache' has made", (backend) => {
  test('comes back in every process, as a new stream each time, with its life to the fraction of a ms', async () => {
    const app = newApp()
    const [one, other] = [await usedOf(backend.redis, app), await usedOf(await backend.connect(), app)]
    assert.equal(await one.get(KEY, []), undefined)
    const lives = { stale: 1, timestamp: Date.now() + 0.25, expire: 3600, revalidate: 60 }
    await one.set(KEY, Promise.resolve(entry('text ä', ['t', 'ü,v'], lives)))
    await one.set('for ever', Promise.resolve(entry('', [], { expire: Infinity, revalidate: Infinity })))
    for (const handler of [one, other, one]) {
      const { value, tags, ...rest } = (await handler.get(KEY, []))!
      assert.deepEqual([await textOf(value), tags, rest], ['text ä', ['t', 'ü,v'], lives])
      const ever = (await handler.get('for ever', []))!
      assert.deepEqual([await textOf(ever.value), ever.expire, ever.revalidate], ['', Infinity, Infinity])
    }
  })

  test('is as long as it was, however it came', async () => {
    const handler = await usedOf(backend.redis, newApp())
    const text = 'x'.repeat(1_000_000)
    await handler.set(KEY, Promise.resolve(entry('', [], { value: streamOf('', text, 'y', '') })))
    const { value } = (await handler.get(KEY, []))!
    assert.equal(await textOf(value), `${text}y`)
  })

  test('is not there when it must not be stored, or breaks off, or is too long', async () => {
    const handler = await usedOf(backend.redis, newApp(), { maxEntryBytes: 1000 })
    const broken = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(Buffer.from('a part'))
        controller.error(new Error('half-way'))
      },
    })
    const before = nextCacheMetrics()
    await handler.set('expired', Promise.resolve(entry('x', [], { expire: 0 })))
    await handler.set('broken', Promise.resolve(entry('', [], { value: broken })))
    await handler.set('long', Promise.resolve(entry('x'.repeat(1001))))
    await handler.set('rejected', Promise.reject(new Error('no entry')))
    const locked = entry('x')
    locked.value.getReader()
    await handler.set('locked', Promise.resolve(locked))
    for (const key of ['expired', 'broken', 'long', 'rejected', 'locked']) assert.equal(await handler.get(key, []), undefined, key)
    const { broken: breaks, tooLarge } = nextCacheMetrics()
    assert.deepEqual([breaks - before.broken, tooLarge - before.tooLarge], [1, 1])
  })

  test('that is too long is given up, also where another reads the same source', async () => {
    const handler = await usedOf(backend.redis, newApp(), { maxEntryBytes: 1000 })
    const source = new ReadableStream<Uint8Array>({ pull: (controller) => controller.enqueue(Buffer.alloc(600)) })
    const [own] = source.tee()
    await handler.set(KEY, Promise.resolve(entry('', [], { value: own })))
    assert.equal(await handler.get(KEY, []), undefined)
  })

  test('is waited for while it is being stored', async () => {
    const handler = await usedOf(backend.redis, newApp())
    const { promise, resolve } = deferred<ReturnType<typeof entry>>()
    const storing = handler.set(KEY, promise)
    let got: string | undefined
    const getting = handler.get(KEY, []).then(async (found) => (got = await textOf(found!.value)))
    await new Promise(setImmediate)
    assert.equal(got, undefined)
    resolve(entry('text'))
    await Promise.all([storing, getting])
    assert.equal(got, 'text')
  })

  test('is over by its tags and by those of the path that asks, and stale where they are', async () => {
    const app = newApp()
    const [one, other] = [await usedOf(backend.redis, app), await usedOf(await backend.connect(), app)]
    for (const [tag, soft] of [['own', []], ['_N_T_/a', ['_N_T_/layout', '_N_T_/a']]] as const) {
      const get = (handler: typeof one) => handler.get(KEY, [...soft])
      await one.set(KEY, Promise.resolve(entry('text', ['own'])))
      await one.updateTags([tag], { expire: 3600 })
      assert.equal((await get(one))!.revalidate, -1)
      await until('it is stale there', async () => (await get(other))?.revalidate === -1)
      // As Next.js does behind that.
      await one.set(KEY, Promise.resolve(entry('text', ['own'])))
      assert.equal((await get(one))!.revalidate, 900)
      await one.updateTags([tag])
      assert.equal(await get(one), undefined)
      await other.refreshTags()
      await until('it is over there', async () => (await get(other)) === undefined)
    }
    assert.equal(await one.getExpiration(['own']), Infinity)
  })

  test('is not taken for new where a tag was invalidated while it was made', async () => {
    const app = newApp()
    const [one, other] = [await usedOf(backend.redis, app), await usedOf(await backend.connect(), app)]
    for (const invalidator of [one, other]) {
      await one.refreshTags()
      const old = entry('of old data', ['t'])
      await invalidator.updateTags(['t'])
      // Learned by another request of this process meanwhile.
      await until('it is known', async () => (await one.refreshTags(), await one.get('other', []), true))
      await one.set(KEY, Promise.resolve(old))
      await until('it is over', async () => (await one.get(KEY, [])) === undefined)
      await new Promise((resolve) => setTimeout(resolve, 2))
      await one.set(KEY, Promise.resolve(entry('of new data', ['t'])))
      assert.equal(await textOf((await one.get(KEY, []))!.value), 'of new data')
    }
  })

  test('costs no round trip as long as nobody writes or invalidates', async () => {
    if (!backend.real) return
    const redis = await backend.connect()
    const handler = await usedOf(redis, newApp())
    await handler.set(KEY, Promise.resolve(entry('text', ['t'])))
    const operations = () => redis.metrics().operations
    await until('copies are in memory', async () => {
      const before = operations()
      await handler.refreshTags()
      await handler.get(KEY, ['_N_T_/a'])
      return operations() === before
    })
  })

  test('damaged entries are none', async () => {
    const app = newApp()
    const handler = await usedOf(backend.redis, app)
    await handler.set(KEY, Promise.resolve(entry('text')))
    const [key] = (await askAllBehind(backend.redis, 'KEYS', `${app}:entries:*`)).flat() as unknown as string[]
    const reader = await usedOf(await backend.connect(), app, { near: false })
    for (const garbage of ['', '1', '{}', 'N\u0001\u0000\u0000\u0000\u0000']) {
      await backend.redis.command('SET', key!, garbage, 'PX', 60_000)
      assert.equal(await reader.get(KEY, []), undefined)
    }
  })
})
