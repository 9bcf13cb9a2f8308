import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Redis, TypeSafeCache } from '../index.js'
import { onEveryBackend } from './support/backends'
import { fresh, sentBy } from './support/cache-tools'

onEveryBackend('callers who read the same key together', (backend) => {
  const newCache = () => new TypeSafeCache(backend.redis, { namespace: fresh() })

  test('share one read, and each gets an object of their own', async () => {
    const cache = newCache()
    await cache.set('1', { a: [1] })
    const read = () => Promise.all(Array.from({ length: 100 }, () => cache.get<{ a: number[] }>('1')))
    let got: (({ a: number[] } | null))[] = []
    const work = async () => void (got = await read())
    if (backend.real) assert.deepEqual(await sentBy(backend.redis, work), { get: 1 })
    else await work()
    assert.equal(new Set(got).size, 100)
    got[0]!.a.push(2)
    assert.deepEqual(got[1], { a: [1] })
    assert.deepEqual([cache.metrics().coalesced, cache.metrics().hits], [99, 100])
  })

  test('those who ask after a write do not get what was read before it', async () => {
    const cache = newCache()
    const writes: [write: () => Promise<unknown>, after: unknown][] = [
      [() => cache.set('1', 'new'), 'new'],
      [() => cache.setMany([['1', 'new']]), 'new'],
      [() => cache.del('1'), null],
      [() => cache.deleteMany(['1']), null],
    ]
    for (const [write, after] of writes) {
      await cache.set('1', 'old')
      const before = cache.get('1')
      const written = write()
      assert.deepEqual(await Promise.all([before, cache.get('1')]), ['old', after])
      await written
    }
  })

  test('a failure reaches each of them', async () => {
    const cache = newCache()
    await backend.redis.command('RPUSH', `cache:${cache.namespace}:list`, 'a')
    const settled = await Promise.allSettled([1, 2, 3].map(() => cache.get('list')))
    for (const one of settled) assert.ok(one.status === 'rejected' && one.reason.serverCode === 'WRONGTYPE')
  })

  test('other keys and namespaces are read by themselves', async () => {
    const cache = newCache()
    const other = fresh()
    await Promise.all([cache.set('1', 'one'), cache.set('2', 'two'), cache.set('1', 'elsewhere', { namespace: other })])
    assert.deepEqual(await Promise.all([cache.get('1'), cache.get('2'), cache.get('1', other)]), ['one', 'two', 'elsewhere'])
  })
})

test('one that is refused at once leaves none behind it in its turn without an answer', async () => {
  const redis = new Redis({ host: '127.0.0.1', port: 1 })
  await redis.close()
  for (const near of [false, true]) {
    const cache = new TypeSafeCache(redis, { near })
    // Nothing but promises between them: all of that is one turn.
    const answers = await Promise.race([
      (async () => [await cache.get('k').catch(({ code }) => code), await cache.get('k').catch(({ code }) => code), await cache.get('k').catch(({ code }) => code)])(),
      new Promise((resolve) => setImmediate(resolve, 'no answer')),
    ])
    assert.deepEqual(answers, ['ERR_CLOSED', 'ERR_CLOSED', 'ERR_CLOSED'])
  }
})
