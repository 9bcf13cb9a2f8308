import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { deserialize, serialize } from 'node:v8'
import { type CacheOptions, CacheManager, TypeSafeCache } from '../index.js'
import { onEveryBackend } from './support/backends'
import { fresh, warm } from './support/cache-tools'
import { copied } from './support/near-tools'

const v8 = { id: 64, encode: serialize, decode: deserialize }
const text = { id: 95, encode: (value: unknown) => `text:${JSON.stringify(value)}`, decode: (payload: any) => JSON.parse(payload.slice(5)) }
const json = { plain: { a: [1, 'ä😀', null] }, text: 'text', '': '', zero: 0, no: false, nothing: null, list: [], dollar: { $: 1, $$: ['$'] } }
const typed = { ...json, date: new Date(5), map: new Map([[1, new Set(['a'])]]), big: 10n ** 30n, url: new URL('https://example.org'), bytes: [Uint8Array.of(0, 255)], nan: NaN }
const bytes = { bytes: Uint8Array.of(0, 193, 2, 255), empty: new Uint8Array(), buffer: Buffer.from('{"a":1}') }

const codecs: Record<string, [codec: CacheOptions['codec'], values: Record<string, unknown>]> = {
  json: ['json', { ...json, ...bytes }],
  typed: ['typed', { ...typed, ...bytes }],
  'own codec of bytes': [v8, { ...json, date: new Date(5), map: new Map([[1, 2]]), big: 5n, bytes: Uint8Array.of(1) }],
  'own codec of text': [text, json],
}

onEveryBackend('codecs', (backend) => {
  const newCache = (options: CacheOptions = {}) => new TypeSafeCache(backend.redis, { namespace: fresh(), ...options })
  before(() => warm(backend.redis))

  for (const [what, [codec, values]] of Object.entries(codecs)) {
    for (const compress of [false, { fromBytes: 1 }]) {
      test(`${what}${compress ? ', compressed' : ''}: what is stored on every way comes back on every way`, async () => {
        const entries = Object.entries(values)
        const keys = entries.map(([key]) => `k${key}`)
        const tag = fresh('tag')
        const ways: Record<string, (cache: TypeSafeCache) => Promise<unknown>> = {
          set: (cache) => Promise.all(entries.map(([, value], i) => cache.set(keys[i]!, value))),
          'set with all': (cache) => Promise.all(entries.map(([, value], i) => cache.set(keys[i]!, value, { tags: [tag], staleTtl: 60 }))),
          setMany: (cache) => cache.setMany(entries.map(([, value], i) => [keys[i]!, value] as const)),
          'setMany with all': (cache) => cache.setMany(entries.map(([, value], i) => [keys[i]!, value] as const), { tags: [tag], staleTtl: 60 }),
          getOrSet: (cache) => Promise.all(entries.map(([, value], i) => cache.getOrSet(keys[i]!, () => value))),
          'getOrSet with all': (cache) => Promise.all(entries.map(([, value], i) => cache.getOrSet(keys[i]!, () => value, { tags: [tag], staleTtl: 60, earlyRefresh: 0.01 }))),
          getOrSetMany: (cache) => cache.getOrSetMany(keys, () => new Map(entries.map(([, value], i) => [keys[i]!, value])), { tags: [fresh('tag')] }),
        }
        for (const [way, store] of Object.entries(ways)) {
          const cache = newCache({ codec, compress })
          const near = newCache({ codec, namespace: cache.namespace, near: true })
          await store(cache)
          const many = await cache.getMany(keys)
          const all = await near.getOrSetMany<unknown>(keys, () => assert.fail('all is there'))
          for (const [i, [, value]] of entries.entries()) {
            const key = keys[i]!
            const back = [many[i], all.get(key), await cache.get(key), (await cache.lookup(key)).value, await near.getOrSet(key, () => 'no')]
            back.push(await near.get(key), await near.get(key))
            for (const one of back) {
              assert.deepEqual(one, value, `${way} of ${key}`)
              assert.equal(Buffer.isBuffer(one), Buffer.isBuffer(value))
            }
          }
          assert.equal(cache.metrics().unreadable + near.metrics().unreadable, 0)
          if (way.includes('all')) assert.equal(await new CacheManager(backend.redis, { namespace: cache.namespace }).invalidateByTag(tag), keys.length)
        }
      })
    }
  }

  test('of every cache read what every other writes, but that of a codec which only one has', async () => {
    const namespace = fresh()
    const caches = { json: newCache({ namespace }), typed: newCache({ namespace, codec: 'typed' }), v8: newCache({ namespace, codec: v8 }) }
    for (const [writer, cache] of Object.entries(caches)) {
      await cache.set('k', { a: [1] })
      for (const reader of Object.values(caches)) {
        const isRead = writer !== 'v8' || reader === cache
        assert.deepEqual(await reader.get('k'), isRead ? { a: [1] } : null)
        assert.deepEqual(await reader.getMany(['k']), [isRead ? { a: [1] } : null])
        assert.equal((await reader.lookup('k')).hit, isRead)
      }
    }
    assert.deepEqual([caches.json.metrics().unreadable, caches.typed.metrics().unreadable, caches.v8.metrics().unreadable], [3, 3, 0])
    await caches.typed.set('date', new Date(1))
    assert.deepEqual(await caches.json.get('date'), new Date(1))
    await caches.json.set('bytes', Buffer.from('b'))
    assert.deepEqual(await caches.v8.get('bytes'), Buffer.from('b'))
  })

  test('that throw make a miss of what is stored, counted and not deleted', async () => {
    const cache = newCache({ codec: { ...v8, decode: () => { throw new Error('no') } }, near: true })
    await cache.set('k', 1)
    for (let i = 1; i <= 3; i++) {
      assert.equal(await cache.get('k'), null)
      assert.equal(cache.peek('k'), undefined)
      assert.deepEqual([cache.metrics().unreadable, cache.metrics().misses], [i, i])
    }
    assert.equal(await cache.exists('k'), true)
    await assert.rejects(newCache({ codec: { ...v8, encode: () => { throw new Error('no') } } }).set('k', 1), { name: 'TypeError', code: 'ERR_INVALID_ARG' })
  })

  const raw = (cache: TypeSafeCache, key: string) => backend.redis.command<Uint8Array>('GET', `cache:${cache.namespace}:${key}`)

  test('what a later version has written is left alone: getOrSet gives the value and does not store it', async () => {
    const cache = newCache({ near: true })
    // A codec that is none yet, too, behind a short header and in a head.
    const [short, head] = [Uint8Array.of(0xc1, 1, 99, 65), Uint8Array.from({ length: 40 }, (_, i) => [0xc1, 2, 5][i] ?? 0)]
    for (const later of [Uint8Array.of(0xc1, 3, 1, 2), Uint8Array.of(0xc1, 200), Uint8Array.of(0xc1, 0), short, head]) {
      await backend.redis.command('SET', `cache:${cache.namespace}:k`, later)
      assert.equal(await cache.getOrSet('k', () => 'loaded'), 'loaded')
      assert.deepEqual([...(await cache.getOrSetMany(['k'], () => new Map([['k', 'loaded']])))], [['k', 'loaded']])
      assert.equal(await cache.get('k'), null)
      assert.equal(cache.peek('k'), undefined)
      assert.deepEqual(Uint8Array.from(Buffer.from(await raw(cache, 'k'))), later)
    }
    await cache.set('k', 'set')
    assert.equal(await cache.get('k'), 'set')
  })

  test('what cannot be read for another reason is replaced by getOrSet, with one load', async () => {
    const unreadable: [what: string, bytes: Uint8Array][] = [
      ['bytes that are no text', Uint8Array.of(0xff, 0xfe)],
      ['text that is cut off', Uint8Array.of(65, 0xc3)],
    ]
    const own = newCache({ codec: v8 })
    await own.set('k', 1)
    unreadable.push(["an entry of a user's codec that is not known here", await raw(own, 'k')])
    for (const [what, bytes] of unreadable) {
      const cache = newCache()
      await backend.redis.command('SET', `cache:${cache.namespace}:k`, bytes)
      let loads = 0
      const load = async () => {
        loads++
        return 'loaded'
      }
      assert.deepEqual(await Promise.all(Array.from({ length: 5 }, () => cache.getOrSet('k', load))), Array(5).fill('loaded'), what)
      assert.equal(loads, 1, what)
      assert.equal(await cache.get('k'), 'loaded', what)
      await backend.redis.command('SET', `cache:${cache.namespace}:k`, bytes)
      const many = await cache.getOrSetMany(['k', 'beside'], (missing) => new Map(missing.map((key) => [key, 'many'])))
      assert.deepEqual([...many.values()], ['many', 'many'], what)
      assert.equal(await cache.get('k'), 'many', what)
    }
  })

  test('a copy in memory is made of each, with tags and a stale life', async () => {
    for (const [codec, values] of Object.values(codecs)) {
      const cache = newCache({ codec, near: true, compress: true })
      for (const [key, value] of Object.entries(values)) {
        await cache.set(`k${key}`, value, { tags: ['t'], staleTtl: 60 })
        assert.deepEqual(await copied(cache, `k${key}`), value)
      }
    }
  })
})
