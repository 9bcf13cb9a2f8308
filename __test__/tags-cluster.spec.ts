import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { CacheManager, Redis, TypeSafeCache } from '../index.js'
import { deferred, fresh } from './support/cache-tools'
import { TestCluster } from './support/cluster'
import { tagKeys } from './support/tag-scripts'

describe('tags in a cluster', () => {
  let cluster: TestCluster
  let redis: Redis
  before(async () => {
    cluster = await TestCluster.start()
    redis = await Redis.connect({ ...cluster.options, commandTimeout: '20s' })
  })
  after(async () => {
    await redis?.close()
    await cluster?.stop()
  })

  /** The owner of a key's slot, and another primary. */
  async function fromTo(key: string) {
    const from = await cluster.owner(key)
    const to = (await cluster.primaries()).find((node) => node !== from)!
    return { slot: cluster.slotOf(key), from, to }
  }

  test('keys and their tags are on different servers', async () => {
    const prefix = fresh('cluster')
    const cache = new CacheManager(redis, { prefix })
    const keys = Array.from({ length: 60 }, (_, i) => `k${i}`)
    const tags = Array.from({ length: 6 }, (_, i) => `t${i}`)
    await Promise.all(keys.map((key, i) => cache.cacheWithTags(key, i, '1h', [tags[i % 6]!, tags[(i + 1) % 6]!])))
    const owners = new Set((await Promise.all(tags.map((tag) => cluster.owner(tagKeys(prefix, tag).index)))).map(({ port }) => port))
    assert.ok(owners.size > 1)
    assert.equal(await cache.invalidateByTag('t0'), 20)
    assert.equal(await cache.invalidateByTags(['t1', 't2'], { match: 'all' }), 10)
    assert.equal(await cache.invalidateByTags(tags), 30)
  })

  // Of the first kind all are in one slot, so that the refusal comes before any other of them has got far.
  const manners = [['tags', '{b}refused', { tags: ['t', 'u'] }], ['a stale life', '{a}refused', { staleTtl: 60 }]] as const
  for (const [what, refused, options] of manners) {
    test(`many values with ${what} are stored at once: one that is refused keeps none from it, and its error says that some may be`, async () => {
      const prefix = fresh('many')
      const others = Array.from({ length: 20 }, (_, i) => `{b}others:${i}`)
      const rules = ['reset', 'on', '>pw', `~${prefix}:n:{b}others*`, `~${prefix}:%*`, '+@all']
      for (const node of cluster.nodes) await node.ask('ACL', 'SETUSER', 'some', ...rules)
      await using limited = await Redis.connect({ ...cluster.options, username: 'some', password: 'pw' })
      const space = { prefix, namespace: 'n' }
      const manager = new CacheManager(redis, space)
      const keys = [refused, ...others]
      for (const key of keys) await manager.cacheWithTags(key, 'old', '1h', ['t'])
      const storing = new TypeSafeCache(limited, space).setMany(keys.map((key) => [key, 'new']), options)
      await assert.rejects(storing, { code: 'ERR_SERVER', serverCode: 'NOPERM', maybeExecuted: true })
      assert.deepEqual(await Promise.all(keys.map((key) => manager.get(key))), ['old', ...others.map(() => 'new')])
      if ('tags' in options) assert.equal(await manager.invalidateByTag('u'), others.length)
    })
  }

  for (const what of ['the tag', 'a key'] as const) {
    test(`stores and invalidations are right while the slot of ${what} moves`, async () => {
      const prefix = fresh('moves')
      const cache = new TypeSafeCache(redis, { prefix, namespace: 'ns' })
      const pages = new CacheManager(redis, { prefix, namespace: 'ns' })
      const keys = Array.from({ length: 20 }, (_, i) => `{k}:${i}`)
      const { slot, from, to } = await fromTo(what === 'the tag' ? tagKeys(prefix, 't').index : '{k}')
      let round = 0
      async function onStep(): Promise<void> {
        round++
        await Promise.all(keys.map((key) => cache.set(key, round, { tags: ['t', 'u'] })))
        const begun = deferred()
        const source = deferred<string>()
        const early = cache.getOrSet('{k}:load', () => (begun.resolve(), source.promise), { tags: ['t'] })
        await begun.promise
        assert.deepEqual(await cache.getMany(keys), keys.map(() => round))
        const mode = round % 2 ? 'delete' : 'expire'
        assert.equal(await pages.invalidateByTag(round % 3 ? 't' : 'u', { mode }), keys.length)
        source.resolve('old')
        assert.equal(await early, 'old')
        assert.deepEqual(await cache.getMany(keys), keys.map(() => null))
        if (round % 3) assert.equal(await cache.get('{k}:load'), null)
        await pages.invalidateByTags(['t', 'u'])
      }
      await onStep()
      if (what === 'a key') {
        await cluster.migrate([slot], from, to, { keysPerStep: 3, onStep })
        assert.ok(round > 3)
      } else {
        // What concerns a tag waits until its keys are together again.
        const progress = { moved: false }
        const moving = cluster.migrate([slot], from, to, { keysPerStep: 1 }).then(() => (progress.moved = true))
        while (!progress.moved) await onStep()
        await moving
      }
      await onStep()
      assert.equal((await cluster.owner(slot)).port, to.port)
    })
  }
})
