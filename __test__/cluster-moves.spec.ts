import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Redis, TypeSafeCache } from '../index.js'
import { TestCluster } from './support/cluster'
import { FaultProxy } from './support/fault-proxy'
import { until } from './support/until'

let cluster: TestCluster
before(async () => {
  cluster = await TestCluster.start()
})
after(() => cluster?.stop())

/** The owner of a key's slot, and another primary. */
async function fromTo(key: string) {
  const from = await cluster.owner(key)
  const to = (await cluster.primaries()).find((node) => node !== from)!
  return { slot: cluster.slotOf(key), from, to }
}

describe('slots that move', () => {
  test('take their keys along at every step, and nobody notices', async () => {
    await using redis = await Redis.connect(cluster.options)
    const tag = 'step'
    const { slot, from, to } = await fromTo(`{${tag}}`)
    const keys = Array.from({ length: 40 }, (_, i) => `{${tag}}:${i}`)
    await Promise.all(keys.map((key, i) => redis.command('SET', key, i)))
    let steps = 0
    async function onStep(): Promise<void> {
      steps++
      assert.deepEqual(await Promise.all(keys.map((key) => redis.command('GET', key))), keys.map((_, i) => String(i)))
      assert.equal(await redis.command('INCR', `{${tag}}:counter`), steps)
      assert.equal(await redis.eval("return redis.call('INCR', KEYS[1])", [`{${tag}}:script`]), steps)
      const made = `{${tag}}:made:${steps}`
      await redis.command('SET', made, 'new')
      assert.equal(await redis.command('GET', made), 'new')
    }
    await cluster.migrate([slot], from, to, { keysPerStep: 15, onStep })
    assert.ok(steps > 5)
    assert.equal((await cluster.owner(slot)).port, to.port)
  })

  test('are read and deleted many at once while some have gone and some have not', async () => {
    await using redis = await Redis.connect({ ...cluster.options, commandTimeout: '20s' })
    const cache = new TypeSafeCache(redis, { namespace: '{half}' })
    const { slot, from, to } = await fromTo('{half}')
    const keys = Array.from({ length: 30 }, (_, i) => `n${i}`)
    await cache.setMany(keys.map((key, i) => [key, i]))
    let looked = 0
    async function onStep(step: string): Promise<void> {
      if (step !== 'keys') return
      assert.deepEqual(await cache.getMany(keys.slice(looked)), keys.map((_, i) => i).slice(looked))
      assert.equal(await cache.deleteMany(keys.slice(looked, looked + 2)), 2)
      looked += 2
    }
    await cluster.migrate([slot], from, to, { keysPerStep: 5, onStep })
    assert.ok(looked >= 4)
    assert.deepEqual(await cache.getMany(keys), keys.map((_, i) => (i < looked ? null : i)))
  })

  test('are loaded many at once while some have gone and some have not, and leave no lease where that fails', async () => {
    await using redis = await Redis.connect({ ...cluster.options, commandTimeout: '20s' })
    const told: unknown[] = []
    const cache = new TypeSafeCache(redis, { namespace: '{leased}', leaseMs: 600_000, onError: (error) => told.push(error) })
    const { slot, from, to } = await fromTo('{leased}')
    const keys = Array.from({ length: 30 }, (_, i) => `n${i}`)
    const all = (value: string) => new Map(keys.map((key) => [key, value]))
    const bare = (value: string) => async () => {
      const found = await Promise.all(keys.map((key) => redis.command('GET', `cache:{leased}:${key}`)))
      return found.every((one) => one === JSON.stringify(value))
    }
    await cache.setMany(all('first'))
    let round = 0
    async function onStep(step: string): Promise<void> {
      if (step !== 'keys') return
      const value = `loaded ${++round}`
      assert.deepEqual(await cache.getOrSetMany(keys, () => all(value), { forceFresh: true }), all(value))
      assert.deepEqual(await cache.getMany(keys), keys.map(() => value))
      await assert.rejects(cache.getOrSetMany(keys, () => Promise.reject(new Error('no database')), { forceFresh: true }), /no database/)
      await until('the leases are given back', bare(value))
      assert.deepEqual(told, [])
    }
    await cluster.migrate([slot], from, to, { keysPerStep: 12, onStep })
    assert.ok(round >= 3)
  })

  test('are walked where they went', async () => {
    await using redis = await Redis.connect(cluster.options)
    const cache = new TypeSafeCache(redis, { namespace: 'walked' })
    const keys = Array.from({ length: 20_000 }, (_, i) => `n${i}`)
    // From the node that is walked last to the one that is walked first, and back.
    let [from, to] = await Promise.all([cluster.owner(16383), cluster.owner(0)])
    const slots = Array.from({ length: 40 }, (_, i) => 16383 - i)
    for (let round = 0; round < 3; round++) {
      await cache.setMany(keys.map((key) => [key, round]))
      const walk = { ended: false }
      const clearing = cache.clear().finally(() => (walk.ended = true))
      do {
        await cluster.migrate(slots, from, to, { keysPerStep: 1 })
        ;[from, to] = [to, from]
      } while (!walk.ended)
      // What was there before is gone after, wherever it was meanwhile.
      assert.ok((await clearing) >= keys.length)
      assert.equal((await cache.getMany(keys)).filter((value) => value !== null).length, 0)
    }
  })

  test('and a client that was told of another address asks there', async () => {
    const proxies = await Promise.all(cluster.nodes.map(({ address }) => FaultProxy.start(address)))
    const natMap = Object.fromEntries(cluster.nodes.map(({ host, port }, i) => [`${host}:${port}`, { host: proxies[i]!.host, port: proxies[i]!.port }]))
    try {
      const { host, port } = proxies[0]!
      await using redis = await Redis.connect({ cluster: { nodes: [{ host, port }], natMap } })
      const keys = Array.from({ length: 100 }, (_, i) => `nat:${i}`)
      await Promise.all(keys.map((key) => redis.command('SET', key, key)))
      const { slot, from, to } = await fromTo('nat:0')
      await cluster.migrate([slot], from, to)
      assert.equal(await redis.command('GET', 'nat:0'), 'nat:0')
      const seen = redis.metrics().nodes.map(({ address }) => address)
      assert.ok(seen.every((address) => proxies.some((proxy) => address === `${proxy.host}:${proxy.port}`)), `${seen}`)
    } finally {
      await Promise.all(proxies.map((proxy) => proxy.stop()))
    }
  })

  test('are learnt once, not at every command', async () => {
    await using redis = await Redis.connect(cluster.options)
    const { slot, from, to } = await fromTo('{learnt}')
    await redis.command('SET', '{learnt}', '0')
    await cluster.migrate([slot], from, to)
    const redirected = async () => Number(/count=(\d+)/.exec((await from.info('errorstats')).get('errorstat_MOVED') ?? '')?.[1] ?? 0)
    await redis.command('GET', '{learnt}')
    const before = await redirected()
    for (let i = 0; i < 50; i++) await redis.command('GET', '{learnt}')
    assert.equal(await redirected(), before)
  })

  test('and a node that has left is no longer connected to', async () => {
    await using redis = await Redis.connect(cluster.options)
    const [primary] = await cluster.primaries()
    const [replica] = await cluster.replicasOf(primary!)
    await cluster.failover(replica!)
    const place = `${primary!.host}:${primary!.port}`
    // The map is learnt when the old primary is asked for what it has no more.
    await until('the new primary is used', async () => {
      await Promise.all(Array.from({ length: 50 }, (_, i) => redis.command('SET', `left:${i}`, i)))
      return redis.metrics().nodes.every(({ address }) => address !== place)
    })
    assert.equal(redis.status, 'ready')
  })
})
