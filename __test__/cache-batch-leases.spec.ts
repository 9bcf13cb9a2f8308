import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { TypeSafeCache, type CacheOptions } from '../index.js'
import { onEveryBackend } from './support/backends'
import { Fleet, heldSource, stored, storeStale } from './support/cache-fleet'
import { fresh } from './support/cache-tools'
import { until } from './support/until'

onEveryBackend('getOrSetMany in a fleet', (backend) => {
  const fleet = new Fleet(backend, 3)
  before(() => fleet.connect())
  const caches = (options?: CacheOptions) => fleet.caches({ waitMs: 60_000, ...options }) as [TypeSafeCache, TypeSafeCache, TypeSafeCache]
  const hasMissed = (cache: TypeSafeCache, keys: number) => until('it has looked', () => cache.metrics().misses >= keys)
  const numbers = (count: number) => Array.from({ length: count }, (_, i) => String(i))
  const [all, named] = [fresh('tag'), fresh('tag')]
  const each = (keys: string[], value: string) => new Map(keys.map((key) => [key, `${value} ${key}`]))

  test('loads each key once, whoever asks for which', async () => {
    const all = caches()
    const loads = new Map<string, number>()
    const load = (keys: string[]) => {
      for (const key of keys) loads.set(key, (loads.get(key) ?? 0) + 1)
      return each(keys, 'loaded')
    }
    const keys = numbers(300)
    const lists = [keys, keys.toReversed(), keys.filter((_, i) => i % 3 === 0), keys.filter((_, i) => i > 100)]
    const single = keys.slice(0, 50).map((key) => all[2].getOrSet(key, () => load([key]).get(key)))
    const given = await Promise.all(lists.map((list, i) => all[i % 3]!.getOrSetMany(list, load)))
    await Promise.all(single)
    for (const [i, list] of lists.entries()) assert.deepEqual([...given[i]!], [...each(list, 'loaded')])
    assert.deepEqual([...loads.entries()].filter(([, count]) => count !== 1), [])
    assert.equal(loads.size, 300)
  })

  test('its leases hold against single calls of another client, and theirs against it', async () => {
    const [one, other] = caches()
    const many = heldSource<Map<string, string>>()
    const single = heldSource()
    const singly = other.getOrSet('b', single.fetch)
    await single.begun
    const batch = one.getOrSetMany(['a', 'b', 'c'], (keys) => {
      assert.deepEqual(keys, ['a', 'c'])
      return many.fetch()
    })
    await many.begun
    const waiting = other.getOrSet('a', () => assert.fail('the batch loads it'))
    await hasMissed(other, 2)
    single.finish('single b')
    assert.equal(await singly, 'single b')
    many.finish(each(['a', 'c'], 'batch'))
    assert.deepEqual([...(await batch)], [['a', 'batch a'], ['b', 'single b'], ['c', 'batch c']])
    assert.equal(await waiting, 'batch a')
    assert.equal(one.metrics().leaseWaits, 1)
  })

  test('a key whose load elsewhere fails is loaded by it', async () => {
    const [one, other] = caches()
    const single = heldSource()
    const singly = other.getOrSet('b', single.fetch)
    await single.begun
    const asked: string[][] = []
    const batch = one.getOrSetMany(['a', 'b'], (keys) => (asked.push(keys), each(keys, 'batch')))
    await until('it has loaded its own', () => asked.length === 1)
    single.fail(new Error('no database'))
    await assert.rejects(singly, /no database/)
    assert.deepEqual(await batch, each(['a', 'b'], 'batch'))
    assert.deepEqual(asked, [['a'], ['b']])
    assert.deepEqual(await other.getMany(['a', 'b']), ['batch a', 'batch b'])
  })

  test('a key that is waited for in vain is loaded and not stored', async () => {
    const [one, other] = caches()
    const single = heldSource()
    const singly = other.getOrSet('b', single.fetch)
    await single.begun
    assert.deepEqual(await one.getOrSetMany(['a', 'b'], (keys) => each(keys, 'batch'), { waitMs: 20 }), each(['a', 'b'], 'batch'))
    assert.deepEqual(await one.getMany(['a', 'b']), ['batch a', null])
    single.finish('single b')
    assert.equal(await singly, 'single b')
    assert.equal(await one.get('b'), 'single b')
  })

  test('with `lease: false` it waits for nobody, and what it loads is stored', async () => {
    const [one, other] = caches()
    const single = heldSource()
    const singly = other.getOrSet('b', single.fetch)
    await single.begun
    assert.deepEqual(await one.getOrSetMany(['a', 'b'], (keys) => each(keys, 'batch'), { lease: false }), each(['a', 'b'], 'batch'))
    single.finish('single b')
    await singly
    assert.deepEqual(await one.getMany(['a', 'b']), ['batch a', 'batch b'])
  })

  test('that fails leaves no lease behind, also of keys that it waited for', async () => {
    const [one, other, third] = caches()
    const single = heldSource()
    const singly = other.getOrSet('b', single.fetch)
    await single.begun
    const failing = heldSource<Map<string, string>>()
    const batch = one.getOrSetMany(['a', 'b'], failing.fetch)
    await failing.begun
    failing.fail(new Error('no database'))
    await assert.rejects(batch, /no database/)
    assert.equal(await third.getOrSet('a', () => 'third a'), 'third a')
    single.fail(new Error('nor this one'))
    await assert.rejects(singly, /nor this one/)
    const held = () => backend.redis.command('EXISTS', stored(one, 'b'))
    await until('what was granted to the failed call is given back', async () => (await held()) === 0 && one.metrics().leaseWaits === 1)
    assert.equal(await third.getOrSet('b', () => 'third b'), 'third b')
  })

  test('its tags are those of all, or of each by a function', async () => {
    const [one, other] = caches()
    const manager = fleet.manager(other)
    await one.getOrSetMany(['a', 'b'], (keys) => each(keys, 'x'), { tags: [all] })
    assert.equal(await manager.invalidateByTag(all), 2)
    const tags = (value: string) => [value, all]
    await one.getOrSetMany(['a', 'b', 'c'], (keys) => each(keys, 'x'), { tags })
    assert.equal(await manager.invalidateByTag('x b'), 1)
    assert.deepEqual(await one.getMany(['a', 'b', 'c']), ['x a', null, 'x c'])
    assert.equal(await manager.invalidateByTag(all), 2)
    await one.getOrSetMany(['a'], (keys, { setTags }) => (setTags([named]), each(keys, 'x')), { tags: [] })
    assert.equal(await manager.invalidateByTag(named), 1)
  })

  test('stale values are loaded by one, and given to nobody meanwhile', async () => {
    const [one, other] = caches({ staleTtl: 600 })
    await storeStale(one, 'a', 'old')
    const source = heldSource<Map<string, string>>()
    const first = one.getOrSetMany(['a'], source.fetch)
    await source.begun
    const second = other.getOrSetMany(['a'], () => assert.fail('it is being loaded'))
    await hasMissed(other, 1)
    source.finish(each(['a'], 'new'))
    assert.deepEqual(await Promise.all([first, second]), [each(['a'], 'new'), each(['a'], 'new')])
  })

  test('20 000 keys that fail may be loaded at once by another', async () => {
    const [one, other] = caches({ leaseMs: 600_000, timeoutMs: 60_000 })
    const keys = numbers(20_000)
    await assert.rejects(one.getOrSetMany(keys, () => Promise.reject(new Error('no database'))), /no database/)
    assert.equal((await other.getOrSetMany(keys, (missing) => each(missing, 'x'))).size, 20_000)
    assert.equal(await other.deleteMany(keys), 20_000)
  })
})
