import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Keyv } from 'keyv'
import { Keyv as Keyv6 } from 'keyv6'
import { Redis } from '../index.js'
import { KeyvRedwright } from '../keyv.js'
import { TestCluster } from './support/cluster'

describe('Keyv over a cluster', () => {
  let cluster: TestCluster
  let redis: Redis
  before(async () => {
    cluster = await TestCluster.start()
    redis = await Redis.connect(cluster.options)
  })
  after(async () => {
    await redis?.close()
    await cluster?.stop()
  })

  for (const [version, Class] of [[5, Keyv], [6, Keyv6]] as const) {
    test(`Keyv ${version} has keys on all nodes, and clears them all`, async () => {
      const make = (namespace: string): any => new (Class as any)({ store: new KeyvRedwright(redis), namespace })
      const [keyv, other] = [make(`cluster${version}`), make(`other${version}`)]
      const entries = Array.from({ length: 100 }, (_, i) => ({ key: `k${i}`, value: i, ttl: 60_000 }))
      await keyv.setMany(entries)
      await other.set('k0', 'kept')
      const keys = entries.map(({ key }) => key)
      assert.deepEqual(await keyv.getMany(keys), keys.map((_, i) => i))
      assert.ok((await keyv.hasMany(keys)).every(Boolean))
      await keyv.deleteMany(keys.slice(0, 50))
      assert.equal((await keyv.hasMany(keys)).filter(Boolean).length, 50)
      await keyv.clear()
      assert.ok(!(await keyv.hasMany(keys)).some(Boolean))
      assert.equal(await other.get('k0'), 'kept')
    })
  }

  test('iterator() says that it cannot walk a cluster', async () => {
    await assert.rejects(new KeyvRedwright(redis).iterator().next(), /one server/)
  })
})
