import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { TypeSafeCache } from '../index.js'
import { onEveryBackend } from './support/backends'
import { Fleet, heldSource } from './support/cache-fleet'
import { deferred } from './support/cache-tools'
import { until } from './support/until'

// What stands in for a value that is late, or does not come, is for whoever has asked for that, and has read it.

onEveryBackend('whoever joins a load', (backend) => {
  const fleet = new Fleet(backend, 2)
  before(() => fleet.connect())

  test('waits for the new value, also where the first caller has taken the old one after softTimeoutMs', async () => {
    const [cache, other] = fleet.caches() as [TypeSafeCache, TypeSafeCache]
    await cache.set('1', 'old', { tags: ['t'] })
    await fleet.manager(other).invalidateByTag('t', { mode: 'expire' })
    const source = heldSource()
    assert.equal(await cache.getOrSet('1', source.fetch, { softTimeoutMs: 20 }), 'old')
    const joined = cache.getOrSet('1', () => assert.fail('there is a load to join'))
    await until('it has joined', () => cache.metrics().coalesced === 1)
    source.finish('new')
    assert.equal(await joined, 'new')
  })

  test('is not given the old value of the first caller when the load fails, where that was deleted before it asked', async () => {
    // What holds a read until its value has been deleted.
    const [judged, judgement] = [deferred(), deferred()]
    const schema = {
      '~standard': {
        version: 1,
        vendor: 'test',
        async validate(value: any) {
          if (value === 'old') {
            judged.resolve()
            await judgement.promise
          }
          return { value }
        },
      },
    } as const
    const [cache, other] = fleet.caches({ schema }) as [TypeSafeCache, TypeSafeCache]
    await cache.set('1', 'old', { tags: ['t'] })
    await fleet.manager(other).invalidateByTag('t', { mode: 'expire' })
    const source = heldSource()
    const first = cache.getOrSet('1', source.fetch)
    await judged.promise
    await other.del('1')
    judgement.resolve()
    await source.begun
    const joined = cache.getOrSet('1', () => 'new')
    await until('it has joined', () => cache.metrics().coalesced === 1)
    source.fail(new Error('no database'))
    assert.deepEqual(await Promise.all([first, joined]), ['old', 'new'])
    assert.equal(await other.get('1'), 'new')
  })
})
