import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { CacheManager, Redis, TypeSafeCache } from '../index.js'
import { fresh } from './support/cache-tools'
import { MortalServer } from './support/client-server'
import { until } from './support/until'

// What a server refuses to a command inside of a script is no answer to what the script was asked.

for (const protocol of [2, 3] as const) {
  describe(`a server that refuses what a script does, over RESP${protocol}`, () => {
    let server: MortalServer
    let admin: Redis
    before(async () => {
      server = await MortalServer.start()
      admin = await Redis.connect({ url: server.url, protocol, commandTimeout: '60s' })
    })
    after(async () => {
      await admin?.close()
      await server?.[Symbol.asyncDispose]()
    })

    test('for it is a replica for a while: a value with tags is stored when it is a primary again', async () => {
      const manager = new CacheManager(admin, { namespace: fresh() })
      const refused = async () => Number(/errorstat_READONLY:count=(\d+)/.exec(await server.ask('INFO errorstats'))?.[1] ?? 0)
      await server.ask('REPLICAOF 127.0.0.1 1')
      const storing = Promise.allSettled([manager.cacheWithTags('a', 1, '1h', ['t', 'u']), manager.cacheWithTags('b', 2, '1h', ['t'])])
      await until('it was refused', async () => (await refused()) > 0)
      await server.ask('REPLICAOF NO ONE')
      assert.deepEqual((await storing).map(({ status }) => status), ['fulfilled', 'fulfilled'])
      assert.deepEqual([await manager.get('a'), await manager.get('b')], [1, 2])
      assert.equal(await manager.invalidateByTag('t'), 2)
    })

    test('for a user may not look into entries: it is told, and no entry is taken for another\'s', async () => {
      await server.ask('ACL SETUSER blind reset on >pw ~* +@all -getrange')
      await using redis = await Redis.connect({ url: server.url, protocol, username: 'blind', password: 'pw' })
      const namespace = fresh()
      const told: string[] = []
      const blind = new TypeSafeCache(redis, { namespace, onError: (error: any, { operation }) => told.push(`${error.code} ${operation}`) })
      assert.equal(await blind.getOrSet('1', () => 'loaded'), 'loaded')
      assert.deepEqual(await blind.getOrSetMany(['1'], () => new Map([['1', 'loaded']])), new Map([['1', 'loaded']]))
      assert.deepEqual(told, ['ERR_SERVER set', 'ERR_SERVER set'])
      // Whoever has invalidated is not to be told that there was nothing.
      const tagged = new CacheManager(admin, { namespace })
      await tagged.cacheWithTags('2', 'old', '1h', ['t'])
      for (const mode of ['delete', 'expire'] as const) {
        await assert.rejects(new CacheManager(redis, { namespace }).invalidateByTag('t', { mode }), { code: 'ERR_SERVER' })
      }
      // And whoever may look finds what is still to be done.
      assert.equal(await tagged.invalidateByTag('t'), 1)
      assert.equal(await tagged.get('2'), null)
    })
  })
}
