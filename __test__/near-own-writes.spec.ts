import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { CacheManager, RedisRepository, ResilientCache, TypeSafeCache } from '../index.js'
import { onEveryBackend } from './support/backends'
import { fresh, warm } from './support/cache-tools'
import { copied } from './support/near-tools'

const ROUNDS = 100

onEveryBackend('own writes beside copies in memory', (backend) => {
  const newCache = (namespace = fresh()) => new TypeSafeCache(backend.redis, { namespace, near: true })

  // A script whose text has to be sent first comes later than what is asked behind it.
  before(() => warm(backend.redis))

  const writes: Record<string, [write: (cache: TypeSafeCache, i: number) => Promise<unknown>, isThere: boolean]> = {
    set: [(cache, i) => cache.set('k', i), true],
    'set with a stale life': [(cache, i) => cache.set('k', i, { staleTtl: 10 }), true],
    setMany: [(cache, i) => cache.setMany([['other', 0], ['k', i]]), true],
    'set with ttl 0': [(cache, i) => cache.set('k', i, { ttl: 0 }), false],
    del: [(cache) => cache.del('k'), false],
    deleteMany: [(cache) => cache.deleteMany(['other', 'k']), false],
  }
  for (const [what, [write, isThere]] of Object.entries(writes)) {
    test(`${what} is seen at once, awaited or not, also by reads that were under way`, async () => {
      const cache = newCache()
      for (let i = 1; i <= ROUNDS; i++) {
        await cache.set('k', -i)
        if (i % 3 === 0) await copied(cache, 'k')
        const under = [cache.get('k'), cache.getOrSet<unknown>('k', () => undefined)]
        const writing = write(cache, i)
        assert.equal(cache.peek('k'), undefined)
        const expected = isThere ? i : null
        assert.equal(await cache.get('k'), expected, 'in program order')
        const old = await Promise.all(under)
        assert.ok(old.every((value) => value === -i || value === i || value == null))
        assert.ok([undefined, i].includes(cache.peek('k')), 'no read that was under way has left its copy')
        await writing
        assert.ok([undefined, i].includes(cache.peek('k')))
        assert.equal(await cache.get('k'), expected)
      }
    })
  }

  const wide: Record<string, (cache: TypeSafeCache, tags: CacheManager) => Promise<unknown>> = {
    clear: (cache) => cache.clear(),
    deletePattern: (cache) => cache.deletePattern('k*'),
    invalidateByTag: (_, tags) => tags.invalidateByTag('t'),
    'invalidateByTag with mode expire': (_, tags) => tags.invalidateByTag('t', { mode: 'expire' }),
  }
  for (const [what, write] of Object.entries(wide)) {
    test(`${what} leaves no copy, also of a read that was under way`, async () => {
      const cache = newCache()
      const tags = new CacheManager(backend.redis, { namespace: cache.namespace })
      for (let i = 0; i < ROUNDS / 5; i++) {
        await cache.set('k', 'old', { tags: ['t'] })
        if (i % 3 === 0) await copied(cache, 'k')
        const under = cache.get('k')
        const writing = write(cache, tags)
        assert.equal(cache.peek('k'), undefined)
        const beside = cache.get('k')
        await writing
        assert.equal(cache.peek('k'), undefined)
        const after = cache.get('k')
        await Promise.all([under, beside])
        assert.equal(cache.peek('k'), undefined)
        assert.equal(await after, null)
      }
    })
  }

  test('a load that is forced leaves no copy of what it has replaced', async () => {
    const cache = newCache()
    for (let i = 1; i <= ROUNDS; i++) {
      await cache.set('k', -i)
      await copied(cache, 'k')
      assert.equal(await cache.getOrSet('k', () => i, { forceFresh: true }), i)
      assert.ok([undefined, i].includes(cache.peek('k')))
      assert.equal(await cache.get('k'), i)
      assert.equal((await cache.getOrSetMany(['k'], () => new Map([['k', i + 0.5]]), { forceFresh: true })).get('k'), i + 0.5)
      assert.equal(await cache.get('k'), i + 0.5)
    }
  })

  test('the own namespace is the same by its name', async () => {
    const cache = newCache()
    await cache.set('k', 'old')
    await copied(cache, 'k', cache.namespace)
    assert.equal(cache.peek('k'), 'old')
    await cache.set('k', 'new')
    assert.deepEqual([cache.peek('k', cache.namespace), await cache.get('k', cache.namespace)], [undefined, 'new'])
    await copied(cache, 'k')
    await cache.del('k', cache.namespace)
    assert.deepEqual([cache.peek('k'), await cache.get('k')], [undefined, null])
  })

  for (const near of [true, false]) {
    test(`are seen by who asks behind them in the same turn, ${near ? 'with' : 'without'} copies, by whichever cache and name`, async () => {
      const namespace = fresh()
      const [one, other] = [0, 1].map(() => new TypeSafeCache(backend.redis, { namespace, near }))
      const elsewhere = new TypeSafeCache(backend.redis, { namespace: fresh(), near })
      const writers: ((value: number) => Promise<unknown>)[] = [
        (value) => one.set('k', value),
        (value) => other.set('k', value),
        (value) => other.set('k', value, { namespace }),
        (value) => elsewhere.setMany([['k', value]], { namespace }),
      ]
      const readers = [() => one.get('k'), () => one.get('k', namespace), () => elsewhere.get('k', namespace)]
      let value = 0
      for (const write of writers) {
        await write(value)
        const before = readers.map((read) => read())
        const writing = write(++value)
        const after = readers.map((read) => read())
        assert.deepEqual(await Promise.all(after), readers.map(() => value))
        await Promise.all([writing, ...before])
      }
    })
  }

  test('that left before there was a cache with copies are seen by it', async () => {
    for (let i = 0; i < 20; i++) {
      const space = { prefix: fresh('prefix'), namespace: fresh() }
      const plain = new TypeSafeCache(backend.redis, space)
      await plain.set('k', 'old')
      const writing = plain.set('k', 'new')
      const near = new TypeSafeCache(backend.redis, { ...space, near: true })
      assert.equal(await near.get('k'), 'new')
      await writing
      assert.equal(await copied(near, 'k'), 'new')
    }
  })

  test('are seen by every cache of the key space', async () => {
    const namespace = fresh()
    const [reader, other] = [newCache(namespace), newCache(fresh())]
    const writers: Record<string, (value: number) => Promise<unknown>> = {
      'one without copies': (value) => new TypeSafeCache(backend.redis, { namespace }).set('k', value),
      'one that degrades': (value) => new ResilientCache(backend.redis, { namespace, near: true }).set('k', value),
      'one with tags': (value) => new CacheManager(backend.redis, { namespace }).cacheWithTags('k', value, 60, ['t']),
      'one of another namespace': (value) => other.set('k', value, { namespace }),
      'a repository': (value) => new RedisRepository(backend.redis, namespace, { prefix: 'cache' }).set('k', value),
    }
    let value = 0
    for (const [who, write] of Object.entries(writers)) {
      for (let i = 0; i < 20; i++) {
        await reader.set('k', value)
        await copied(reader, 'k')
        await copied(other, 'k', namespace)
        await write(++value)
        assert.ok([undefined, value].includes(reader.peek('k')), who)
        assert.deepEqual([await reader.get('k'), await other.get('k', namespace)], [value, value], who)
      }
    }
    await copied(reader, 'k')
    await copied(other, 'k', namespace)
    await new TypeSafeCache(backend.redis, { namespace }).clear()
    assert.deepEqual([reader.peek('k'), other.peek('k', namespace)], [undefined, undefined])
  })
})
