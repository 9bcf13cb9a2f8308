import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Redis, type RedisOptions, TypeSafeCache } from '../index.js'
import { MortalServer } from './support/client-server'
import { TestCluster } from './support/cluster'
import { copied, untilGone } from './support/near-tools'
import { askAll } from './support/resp'
import { TestSentinel } from './support/sentinel'
import { until } from './support/until'

const SOON = { minMs: 1, maxMs: 20 }

async function nearOn(options: RedisOptions) {
  const redis = await Redis.connect({ reconnect: SOON, commandTimeout: '30s', ...options })
  const other = await Redis.connect({ reconnect: SOON, commandTimeout: '30s', ...options })
  const cache = new TypeSafeCache(redis, { namespace: 'n', near: true, ttl: Infinity })
  const dispose = async () => void (await Promise.all([redis, other].map((one) => one.close({ timeoutMs: 1 }))))
  return { redis, cache, writer: new TypeSafeCache(other, { namespace: 'n', ttl: Infinity }), [Symbol.asyncDispose]: dispose }
}

/** Copies are made again, and end with what they are of. */
async function assertKept(cache: TypeSafeCache, writer: TypeSafeCache, key = 'k') {
  for (const value of ['one', 'two']) {
    await writer.set(key, value)
    await until('it is read', async () => (await cache.get(key)) === value)
    assert.equal(await copied(cache, key), value)
  }
  await writer.del(key)
  await untilGone(cache, key)
  assert.equal(await cache.get(key), null)
}

async function oneServer() {
  const server = await MortalServer.start('--appendonly', 'yes', '--appendfsync', 'always')
  const ask = async (...words: string[]) => (await askAll({ path: server.path }, [words]))[0]
  return { server, ask, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
}

describe('copies in memory are given no more when', () => {
  for (const [what, flag] of [['reads', 't'], ['is told of changes', 'P']] as const) {
    test(`the connection that ${what} is cut off`, async () => {
      await using place = await oneServer()
      await using _ = await nearOn({ url: place.server.url })
      const { cache, writer } = _
      await cache.set('k', 'old')
      await copied(cache, 'k')
      const lines = (await place.ask('CLIENT', 'LIST')).split('\n') as string[]
      const line = lines.find((line) => new RegExp(` flags=\\w*${flag}`).test(line))!
      await place.ask('CLIENT', 'KILL', 'ID', /^id=(\d+)/.exec(line)![1]!)
      await untilGone(cache, 'k')
      assert.equal(await cache.get('k'), 'old')
      await assertKept(cache, writer)
    })
  }

  test('the ordinary connection is cut off', async () => {
    await using place = await oneServer()
    await using _ = await nearOn({ url: place.server.url })
    await _.cache.set('k', 'old')
    await copied(_.cache, 'k')
    await place.ask('CLIENT', 'KILL', 'ID', String(await _.redis.command('CLIENT', 'ID')))
    await untilGone(_.cache, 'k')
    await assertKept(_.cache, _.writer)
  })

  test('the server is killed, and has been written to when it is found again', async () => {
    await using place = await oneServer()
    await using _ = await nearOn({ url: place.server.url })
    const { cache, writer } = _
    await cache.set('k', 'old')
    await copied(cache, 'k')
    await place.server.crash()
    await untilGone(cache, 'k')
    await place.server.start()
    // It may be loading what it has saved.
    await until('it is written', () => place.ask('SET', 'cache:n:k', '"new"').then(() => true, () => false))
    await until('the new value is read', async () => {
      const value = await cache.get('k')
      assert.equal(value, 'new')
      return true
    })
    await assertKept(cache, writer)
  })

  test('the client is closed', async () => {
    await using place = await oneServer()
    await using _ = await nearOn({ url: place.server.url })
    await _.cache.set('k', 'old')
    await copied(_.cache, 'k')
    await _.redis.close()
    assert.equal(_.cache.peek('k'), undefined)
    await assert.rejects(_.cache.get('k'), { code: 'ERR_CLOSED' })
  })

  test('a slot moves', async () => {
    await using cluster = await TestCluster.start()
    await using _ = await nearOn(cluster.options)
    const { cache, writer } = _
    await cache.set('{m}k', 'old')
    await cache.set('{m}beside', 'old')
    await copied(cache, '{m}k')
    await copied(cache, '{m}beside')
    const stored = 'cache:n:{m}k'
    const from = await cluster.owner(stored)
    const to = (await cluster.primaries()).find((node) => node !== from)!
    await cluster.migrate([cluster.slotOf(stored)], from, to)
    await writer.set('{m}k', 'new')
    await writer.set('{m}beside', 'new')
    // It learns of the new map by its next call; what the old node lost with the keys it has told.
    await cache.get('{m}other')
    await untilGone(cache, '{m}k')
    await untilGone(cache, '{m}beside')
    assert.deepEqual([await cache.get('{m}k'), await cache.get('{m}beside')], ['new', 'new'])
    await assertKept(cache, writer, '{m}k')
  })

  test('a replica takes over in a cluster, asked to or because its primary died', async () => {
    await using cluster = await TestCluster.start({ nodeTimeoutMs: 1000 })
    await using _ = await nearOn({ ...cluster.options, watchdogMs: 200 })
    const { cache, writer } = _
    const stored = 'cache:n:k'
    await cache.set('k', 'old')
    await copied(cache, 'k')
    const [replica] = await cluster.replicasOf(await cluster.owner(stored))
    await cluster.failover(replica!)
    await writer.set('k', 'new')
    // By its next call to that node it learns of it.
    await until('the new value is read', async () => (await cache.lookup('k')).value === 'new')
    await untilGone(cache, 'k')
    assert.equal(await cache.get('k'), 'new')
    await assertKept(cache, writer)
    await cache.set('k', 'old')
    await copied(cache, 'k')
    const owner = await cluster.owner(stored)
    await cluster.mayReplace(owner)
    await owner.crash()
    await untilGone(cache, 'k')
    await cluster.untilConverged()
    await assertKept(cache, writer)
  })

  test('sentinels have another master', async () => {
    await using sentinel = await TestSentinel.start({ password: 'of-the-servers', downAfterMs: 1000 })
    await using _ = await nearOn({ ...sentinel.options, watchdogMs: 200 })
    await _.cache.set('k', 'old')
    await copied(_.cache, 'k')
    await sentinel.failover()
    await untilGone(_.cache, 'k')
    await assertKept(_.cache, _.writer)
  })
})
