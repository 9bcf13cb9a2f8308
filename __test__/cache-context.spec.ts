import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { test } from 'node:test'
import { Redis, TypeSafeCache, type GetOrSetOptions } from '../index.js'
import { onEveryBackend } from './support/backends'
import { fresh } from './support/cache-tools'
import { until } from './support/until'

// Request ids, traces and transactions travel by AsyncLocalStorage: a fetcher is called in the context of whoever asked, however the answer came.

const request = new AsyncLocalStorage<string>()
const whose = () => request.getStore() ?? 'nobody'

onEveryBackend('a fetcher', (backend) => {
  const newCache = (options = {}) => new TypeSafeCache(backend.redis, { namespace: fresh(), ...options })
  const as = (name: string, cache: TypeSafeCache, key: string, options?: GetOrSetOptions) => request.run(name, () => cache.getOrSet(key, whose, options))

  test('is called in the context of its caller, alone and among others', async () => {
    const cache = newCache()
    assert.equal(await as('alone', cache, 'alone'), 'alone')
    const names = Array.from({ length: 100 }, (_, i) => `request ${i}`)
    for (const options of [{}, { forceFresh: true }, { ttl: 0 }, { lease: false }, { tags: ['t'] }] as GetOrSetOptions[]) {
      const space = newCache()
      assert.deepEqual(await Promise.all(names.map((name) => as(name, space, name, options))), names)
    }
    // Most reads missed, so the lease is asked for at once.
    for (const name of names) assert.equal(await as(name, cache, name), name)
    assert.deepEqual([...(await request.run('many', () => cache.getOrSetMany(['a', 'b'], (missing) => new Map(missing.map((key) => [key, whose()])))))], [['a', 'many'], ['b', 'many']])
  })

  test('is called so behind a stale value', async () => {
    const cache = newCache()
    await cache.set('key', 'old', { ttl: '1ms', staleTtl: '1h' })
    await until('it is stale', async () => (await cache.lookup('key')).stale)
    assert.equal(await as('refreshes', cache, 'key', { ttl: '1h', staleTtl: '1h' }), 'old')
    await until('it is refreshed', async () => (await cache.get('key')) === 'refreshes')
  })

  test('of one who is answered by another is not called; the caller goes on in a context of its own', async () => {
    const cache = newCache()
    const told = await Promise.all(['first', 'second'].map((name) => request.run(name, async () => [await cache.getOrSet('key', whose), whose()])))
    assert.deepEqual(told, [['first', 'first'], ['first', 'second']])
  })
})

test('a fetcher is called in the context of its caller where Redis is away', async () => {
  await using redis = new Redis({ host: '127.0.0.1', port: 1, commandTimeout: 50 })
  const cache = new TypeSafeCache(redis)
  const names = ['a', 'b', 'c']
  // The last rounds find the circuit open.
  for (let round = 0; round < 8; round++) {
    assert.deepEqual(await Promise.all(names.map((name) => request.run(name, () => cache.getOrSet(name, whose)))), names)
  }
})
