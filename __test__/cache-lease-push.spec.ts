import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Redis, TypeSafeCache } from '../index.js'
import type { TestServer } from '../testing.js'
import { heldSource } from './support/cache-fleet'
import { fresh, sentBy, warm } from './support/cache-tools'
import { realServer } from './support/servers'
import { until } from './support/until'

for (const protocol of [3, 2] as const) {
  describe(`whoever waits for another's load, with RESP${protocol}`, () => {
    let server: TestServer
    let one: Redis
    let other: Redis
    before(async () => {
      server = await realServer({ tcp: true })
      one = await Redis.connect({ url: server.url, protocol })
      other = await Redis.connect({ url: server.url, protocol })
      await Promise.all([warm(one), warm(other)])
    })
    after(async () => {
      await Promise.all([one.close(), other.close()])
      await server.stop()
    })

    /** Loads under way in one client, and callers of the other that wait for them. */
    async function waiting(count: number) {
      const namespace = fresh()
      const [loader, waiter] = [new TypeSafeCache(one, { namespace }), new TypeSafeCache(other, { namespace, waitMs: 60_000 })]
      const sources = Array.from({ length: count }, () => heldSource())
      const loads = sources.map((source, i) => loader.getOrSet(String(i), source.fetch))
      await Promise.all(sources.map((source) => source.begun))
      const waits = sources.map((source, i) => waiter.getOrSet(String(i), source.fetch))
      await until('all have looked', () => waiter.metrics().misses === count)
      return { sources, loads, waits }
    }
    const passed = (ms: number) => {
      const begun = performance.now()
      return until(`${ms} ms have passed`, () => performance.now() - begun > ms)
    }

    test('asks a few times in seconds', async () => {
      const { sources, loads, waits } = await waiting(1)
      // Asking each 25 ms alone it would have been 100 times and more.
      const sent = await sentBy(other, () => passed(2500))
      assert.ok((sent.evalsha ?? 0) <= 20 && (sent.get ?? 0) <= 40, JSON.stringify(sent))
      sources[0]!.finish('loaded')
      assert.deepEqual(await Promise.all([...loads, ...waits]), ['loaded', 'loaded'])
    })

    test('also where the value is there and stale', async () => {
      const namespace = fresh()
      const [loader, waiter] = [new TypeSafeCache(one, { namespace, staleTtl: 600 }), new TypeSafeCache(other, { namespace, waitMs: 60_000 })]
      await loader.set('1', 'old', { ttl: '1ms' })
      await until('it is stale', async () => (await loader.lookup('1')).stale)
      const source = heldSource()
      assert.equal(await loader.getOrSet('1', source.fetch), 'old')
      await source.begun
      const wait = waiter.getOrSet('1', source.fetch)
      await until('it has looked', () => waiter.metrics().misses === 1)
      const sent = await sentBy(other, () => passed(1000))
      assert.ok((sent.evalsha ?? 0) <= 20 && (sent.get ?? 0) <= 40, JSON.stringify(sent))
      source.finish('new')
      assert.equal(await wait, 'new')
      assert.equal(source.loads, 1)
    })

    test('is told when the value is there: 20 of them sooner than any timer would wake them all', async () => {
      // On a machine that is busy it takes a few times until all are in time.
      await until('all are told at once', async () => {
        const { sources, loads, waits } = await waiting(20)
        // From here on each timer goes off once in 375 to 625 ms: that all do within 150 ms is one chance in millions.
        await passed(600)
        const begun = performance.now()
        for (const source of sources) source.finish('loaded')
        const values = await Promise.all(waits)
        const took = performance.now() - begun
        assert.deepEqual(new Set([...values, ...(await Promise.all(loads))]), new Set(['loaded']))
        assert.ok(sources.every((source) => source.loads === 1))
        return took < 150
      })
    })

    test('is told when the lease is given back, or broken', async () => {
      const ends: ((source: ReturnType<typeof heldSource>, cache: TypeSafeCache) => unknown)[] = [
        (source) => source.fail(new Error('no database')),
        (_, cache) => cache.del('1'),
      ]
      for (const end of ends) {
        const namespace = fresh()
        const [loader, waiter] = [one, other].map((redis) => new TypeSafeCache(redis, { namespace, waitMs: 60_000 })) as [TypeSafeCache, TypeSafeCache]
        const source = heldSource()
        const load = loader.getOrSet('1', source.fetch).catch((error) => error.message)
        await source.begun
        const wait = waiter.getOrSet('1', () => 'own')
        await until('it has looked', () => waiter.metrics().misses === 1)
        await end(source, loader)
        assert.equal(await wait, 'own')
        source.finish('too late')
        await load
        assert.equal(await loader.get('1'), 'own')
      }
    })
  })
}
