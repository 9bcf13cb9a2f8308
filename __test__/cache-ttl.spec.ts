import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TypeSafeCache, type CacheOptions, type Duration } from '../index.js'
import { onEveryBackend } from './support/backends'
import { fresh } from './support/cache-tools'
import { until } from './support/until'

onEveryBackend('the life of an entry', (backend) => {
  const newCache = (options?: CacheOptions) => new TypeSafeCache(backend.redis, { namespace: fresh(), ...options })
  const pttl = (cache: TypeSafeCache, key: string) => backend.redis.command<number>('PTTL', `cache:${cache.namespace}:${key}`)

  /** Stores, asks the server how long the entry still lives, and gives the bounds of the life that it got. */
  async function life(cache: TypeSafeCache, set: () => Promise<unknown>, key = '1'): Promise<[least: number, most: number]> {
    const begun = performance.now()
    await set()
    const left = await pttl(cache, key)
    // The server counts in whole milliseconds, by a clock of its own.
    return [left, left + (performance.now() - begun) + 2]
  }

  async function assertLife(cache: TypeSafeCache, set: () => Promise<unknown>, ms: number): Promise<void> {
    const [least, most] = await life(cache, set)
    assert.ok(least <= ms && ms <= most, `${ms} ms is not from ${least} to ${most}`)
  }

  const durations: [Duration, ms: number][] = [
    [60, 60_000],
    [0.5, 500],
    [29.9995, 30_000],
    ['900ms', 900],
    ['10s', 10_000],
    ['1.5m', 90_000],
    ['2h', 7_200_000],
    ['7d', 604_800_000],
    // More than a timer of JavaScript can wait.
    ['90d', 7_776_000_000],
  ]
  for (const [ttl, ms] of durations) {
    test(`a ttl of ${ttl} is ${ms} ms, by default and for one call`, async () => {
      const [byDefault, perCall] = [newCache({ ttl }), newCache()]
      await assertLife(byDefault, () => byDefault.set('1', 1), ms)
      await assertLife(byDefault, () => byDefault.setMany([['1', 1]]), ms)
      await assertLife(perCall, () => perCall.set('1', 1, { ttl }), ms)
      await assertLife(perCall, () => perCall.setMany([['1', 1]], { ttl }), ms)
      await assertLife(perCall, () => perCall.getOrSet('1', () => 1, { ttl, forceFresh: true }), ms)
      await perCall.clear()
      await assertLife(perCall, () => perCall.getOrSet('1', () => 1, ttl), ms)
    })
  }

  test('is an hour where nothing is said, for whatever is stored by whatever call', async () => {
    const cache = newCache()
    await cache.set('set', 1)
    await cache.set('bytes', new Uint8Array(3))
    await cache.setMany<unknown>([['many', 1], ['many bytes', Buffer.from('x')]])
    await cache.getOrSet('loaded', () => 1)
    await cache.wrap(() => 1, { key: () => 'wrapped' })()
    for (const key of ['set', 'bytes', 'many', 'many bytes', 'loaded', 'wrapped']) {
      const left = await pttl(cache, key)
      assert.ok(left > 3_500_000 && left <= 3_600_000, `${key} lives ${left} ms`)
    }
  })

  test('Infinity has no end, and setting anew gives it one', async () => {
    const cache = newCache({ ttl: Infinity })
    await cache.setMany([['1', 1]])
    assert.equal(await pttl(cache, '1'), -1)
    await cache.set('1', 1, { ttl: 5 })
    assert.ok((await pttl(cache, '1')) > 0)
    await cache.set('1', 1)
    assert.equal(await pttl(cache, '1'), -1)
  })

  test('0 stores nothing and leaves no older value behind', async () => {
    const cache = newCache()
    await cache.setMany([['a', 'old'], ['b', 'old'], ['c', 'old']])
    await cache.set('a', 'new', { ttl: 0 })
    await cache.setMany([['b', 'new']], { ttl: 0 })
    assert.deepEqual(await cache.getMany(['a', 'b', 'c']), [null, null, 'old'])
    assert.equal(await cache.getOrSet('a', () => 'loaded', 0), 'loaded')
    assert.equal(await cache.getOrSet('b', () => 'loaded', { ttl: 0 }), 'loaded')
    assert.deepEqual(await cache.getMany(['a', 'b']), [null, null])
    assert.equal(await newCache({ ttl: 0 }).getOrSet('a', () => 1), 1)
  })

  test('an entry is gone at its end', async () => {
    const cache = newCache()
    await cache.setMany([['a', 1], ['b', 2]], { ttl: '30ms' })
    await cache.set('kept', 1)
    await until('the entries have expired', async () => (await cache.getMany(['a', 'b'])).every((value) => value === null))
    assert.equal((await cache.lookup('a')).hit, false)
    assert.equal(await cache.exists('a'), false)
    assert.equal(await cache.get('kept'), 1)
  })

  test('jitter shortens each life by a share of its own, within its bound, and never lengthens one', async () => {
    const cache = newCache({ ttl: 1000, jitter: 0.2 })
    const keys = Array.from({ length: 100 }, (_, i) => String(i))
    const begun = performance.now()
    await cache.setMany(keys.map((key) => [key, 1]))
    const lives = await Promise.all(keys.map((key) => pttl(cache, key)))
    const elapsed = performance.now() - begun + 2
    for (const left of lives) assert.ok(left <= 1_000_000 && left + elapsed >= 800_000, `${left} ms`)
    // 100 draws from 200 000 ms that all fall within a quarter of it would be one chance in 10^58.
    assert.ok(Math.max(...lives) - Math.min(...lives) > 50_000)
  })

  test('the widest jitter leaves at least a millisecond, and does not touch Infinity', async (t) => {
    const cache = newCache({ ttl: 60, jitter: 1 })
    let draw = 1 - Number.EPSILON
    t.mock.method(Math, 'random', () => draw)
    await cache.set('short', 1)
    await until('it has expired', async () => !(await cache.exists('short')))
    draw = 0
    await assertLife(cache, () => cache.set('1', 1), 60_000)
    await cache.set('endless', 1, { ttl: Infinity })
    assert.equal(await pttl(cache, 'endless'), -1)
  })

  // js-redis-server has no such lives.
  if (backend.real) test('that another program gave millions of years can be looked up', async () => {
    const cache = newCache()
    await cache.set('1', 1)
    await backend.redis.command('PEXPIREAT', `cache:${cache.namespace}:1`, 2n ** 60n)
    const { hit, ttlMs } = await cache.lookup('1')
    assert.equal(hit, true)
    assert.ok(Math.abs(ttlMs - 2 ** 60) < 1e13, String(ttlMs))
  })
})
