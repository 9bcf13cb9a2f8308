import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Redis, TypeSafeCache } from '../index.js'
import { TestCluster } from './support/cluster'
import { freePort } from './support/client-server'
import { realServer } from './support/servers'
import { until } from './support/until'

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

/** How often the nodes have been asked a command, all together. */
async function calls(command: string, nodes = cluster.nodes): Promise<number> {
  const stats = await Promise.all(nodes.map((node) => node.info('commandstats')))
  return stats.reduce((sum, stat) => sum + Number(/calls=(\d+)/.exec(stat.get(`cmdstat_${command}`) ?? '')?.[1] ?? 0), 0)
}

describe('a cluster', () => {
  test('is found by any of its nodes that answers', async () => {
    const dead = { host: '127.0.0.1', port: await freePort() }
    await using other = await Redis.connect({ cluster: { nodes: [dead, cluster.nodes[0]!.address] } })
    assert.deepEqual([other.status, other.server.mode], ['ready', 'cluster'])
    await other.command('SET', 'found', 'yes')
    await using byUrl = await Redis.connect(cluster.url)
    assert.equal(await byUrl.command('GET', 'found'), 'yes')
  })

  test('that cannot be found says why', async () => {
    const port = await freePort()
    const nowhere = Redis.connect(`redis+cluster://127.0.0.1:${port}`)
    await assert.rejects(nowhere, { code: 'ERR_UNAVAILABLE', message: `127.0.0.1:${port}: Connection refused` })
    await using single = await realServer({ tcp: true })
    const { host, port: singlePort, password } = new URL(single.url)
    const alone = Redis.connect({ cluster: { nodes: [{ host: host.split(':')[0]!, port: Number(singlePort) }] }, password })
    await assert.rejects(alone, { code: 'ERR_SERVER', message: /cluster support disabled/ })
  })

  test('is told of by a server that is asked as if it were alone', async () => {
    await using alone = await Redis.connect(cluster.nodes[0]!.address)
    const keys = Array.from({ length: 20 }, (_, i) => `alone:${i}`)
    const answers = await Promise.allSettled(keys.map((key) => alone.command('GET', key)))
    const refused = answers.filter((answer) => answer.status === 'rejected').map(({ reason }) => reason)
    assert.ok(refused.length > 0)
    for (const { code, serverCode, message } of refused) {
      assert.deepEqual([code, serverCode], ['ERR_SERVER', 'MOVED'])
      assert.match(message, /redis\+cluster:\/\//)
    }
  })

  test('takes each command where its key is', async () => {
    const keys = Array.from({ length: 300 }, (_, i) => `key:${i}`)
    await Promise.all(keys.map((key, i) => redis.command('SET', key, i)))
    assert.deepEqual(await Promise.all(keys.map((key) => redis.command('GET', key))), keys.map((_, i) => String(i)))
    const sizes = await Promise.all((await cluster.primaries()).map((node) => node.ask<number>('DBSIZE')))
    assert.ok(sizes.every((size) => size > 50), `${sizes}`)
    assert.deepEqual(await redis.command('XADD', 'stream', '1-1', 'a', 'b'), '1-1')
    assert.deepEqual(await redis.command('XREAD', 'COUNT', 1, 'STREAMS', 'stream', 0), { stream: [['1-1', ['a', 'b']]] })
    assert.equal(await redis.command('OBJECT', 'ENCODING', 'key:1'), 'int')
    assert.equal(await redis.command('EVAL', "return redis.call('GET', KEYS[1])", 1, 'key:7'), '7')
    assert.equal(await redis.ping(), 'PONG')
  })

  test('answers a command over keys of several slots with its own error', async () => {
    await assert.rejects(redis.command('MGET', 'a', 'b'), { code: 'ERR_SERVER', serverCode: 'CROSSSLOT', maybeExecuted: false })
    await assert.rejects(redis.eval('return 1', ['a', 'b']), { code: 'ERR_SERVER', serverCode: 'CROSSSLOT' })
  })

  test('keeps 10 000 entries of all slots in order, in as many commands as there are slots', async () => {
    const cache = new TypeSafeCache(redis, { namespace: 'many' })
    const keys = Array.from({ length: 10_000 }, (_, i) => `n${i}`)
    await cache.setMany(keys.map((key, i) => [key, i]))
    const before = await calls('mget')
    assert.deepEqual(await cache.getMany([...keys, 'absent']), [...keys.keys(), null])
    const slots = new Set([...keys, 'absent'].map((key) => cluster.slotOf(`cache:many:${key}`)))
    assert.equal((await calls('mget')) - before, slots.size)
    assert.equal(await cache.deleteMany([...keys.slice(0, 5000), 'absent']), 5000)
    assert.equal(await cache.clear(), 5000)
    assert.deepEqual(await cache.getMany(keys), keys.map(() => null))
  })

  test('sends what concerns one node while another does not answer', async () => {
    const cache = new TypeSafeCache(redis, { namespace: 'paused' })
    const keys = Array.from({ length: 1000 }, (_, i) => `n${i}`)
    const [paused, ...others] = await cluster.primaries()
    const before = await calls('set', others)
    await paused!.ask('CLIENT', 'PAUSE', 60_000, 'WRITE')
    const stored = cache.setMany(keys.map((key) => [key, 1]))
    await until('the others have theirs', async () => (await calls('set', others)) - before > 500)
    await paused!.ask('CLIENT', 'UNPAUSE')
    await stored
    assert.equal(await cache.clear(), 1000)
  })

  test('is walked on every master', async () => {
    const cache = new TypeSafeCache(redis, { namespace: 'walk' })
    const keys = Array.from({ length: 3000 }, (_, i) => `${i % 2 === 0 ? 'even' : 'odd'}:${i}`)
    await cache.setMany(keys.map((key) => [key, true]))
    assert.equal(await cache.deletePattern('even:*'), 1500)
    assert.deepEqual(await cache.getMany(keys), keys.map((key) => (key.startsWith('even') ? null : true)))
    assert.equal(await cache.clear(), 1500)
  })

  test('runs scripts where their keys are, and heals what a node has forgotten', async () => {
    const script = "return {KEYS[1], redis.call('INCRBY', KEYS[1], ARGV[1])}"
    const keys = Array.from({ length: 30 }, (_, i) => `script:${i}`)
    const run = (by: number) => Promise.all(keys.map((key) => redis.eval<[string, number]>(script, [key], [by])))
    assert.deepEqual(await run(1), keys.map((key) => [key, 1]))
    await Promise.all(cluster.nodes.map((node) => node.ask('SCRIPT', 'FLUSH')))
    assert.deepEqual(await run(2), keys.map((key) => [key, 3]))
    const before = await calls('eval')
    assert.deepEqual(await run(1), keys.map((key) => [key, 4]))
    assert.equal(await calls('eval'), before, 'by its hash')
  })

  test('tells of its nodes', async () => {
    await redis.ping()
    const { nodes } = redis.metrics()
    const primaries = await cluster.primaries()
    assert.deepEqual(nodes.map(({ address }) => address).sort(), primaries.map(({ host, port }) => `${host}:${port}`).sort())
    assert.equal(nodes.reduce((sum, { slots }) => sum + slots, 0), 16384)
    for (const { role, standing, connections, replies } of nodes) {
      assert.deepEqual([role, standing, connections], ['master', 1, 1])
      assert.ok(replies > 0)
    }
    const health = await redis.health()
    assert.deepEqual([health.ok, health.nodes!.map(({ ok, role }) => [ok, role])], [true, nodes.map(() => [true, 'master'])])
  })
})

describe('reads of a cluster', () => {
  for (const scaleReads of ['replica', 'all'] as const) {
    test(`are answered by ${scaleReads === 'all' ? 'masters and replicas in turn' : 'replicas'}, and writes by masters`, async () => {
      await using reader = await Redis.connect({ cluster: { ...cluster.options.cluster, scaleReads } })
      const primaries = await cluster.primaries()
      const replicas = cluster.nodes.filter((node) => !primaries.includes(node))
      await until('all are connected', () => reader.metrics().nodes.filter(({ standing }) => standing === 1).length === 6)
      const keys = Array.from({ length: 60 }, (_, i) => `${scaleReads}:${i}`)
      await Promise.all(keys.map((key) => reader.command('SET', key, key)))
      const arrived = async () => (await Promise.all(keys.map((key) => reader.command('GET', key)))).every((value, i) => value === keys[i])
      await until('replicas have what masters have', arrived)
      const before = await Promise.all([calls('get', primaries), calls('get', replicas)])
      for (let i = 0; i < 10; i++) assert.ok(await arrived())
      const counts = await Promise.all([calls('get', primaries), calls('get', replicas)])
      const [byMasters, byReplicas] = counts.map((count, i) => count - before[i]!) as [number, number]
      assert.equal(byMasters + byReplicas, 600)
      if (scaleReads === 'replica') assert.equal(byMasters, 0)
      else assert.ok(byMasters > 100 && byReplicas > 100, `${byMasters} and ${byReplicas}`)
      assert.deepEqual(reader.metrics().nodes.map(({ role }) => role).sort(), ['master', 'master', 'master', 'replica', 'replica', 'replica'])
    })
  }
})
