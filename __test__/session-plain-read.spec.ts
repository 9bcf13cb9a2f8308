import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Redis } from '../index.js'
import type { TestServer } from '../testing.js'
import { onEveryBackend } from './support/backends'
import { TestCluster } from './support/cluster'
import { realServer } from './support/servers'
import { draft, keyOf, LONG_MS, newId, now, sessionsOf } from './support/session-tools'
import { until } from './support/until'

const HOUR_MS = 3_600_000

onEveryBackend('a session that is read without being seen', (backend) => {
  for (const absoluteTtl of [undefined, '1h'] as const) {
    test(`is told as the list of its user tells it, with the longest life ${absoluteTtl ?? 'any'}`, async () => {
      const sessions = sessionsOf(backend.redis, { absoluteTtl })
      const [id, user] = [newId(), 'alice']
      await sessions.create(id, { data: '{"a":1}', userId: user, meta: '{"m":1}', ttlMs: LONG_MS })
      // As before; for shorter; for longer than its index knew it, and than any may live.
      for (const how of [{}, { ttlMs: LONG_MS / 2 }, { ttlMs: LONG_MS * 5, cookie: '{}' }, { ttlMs: HOUR_MS * 2 }]) {
        await sessions.touch(id, how)
        const [[listed], found] = [await sessions.listForUser(user), await sessions.read(id)]
        // The clock of an imitation goes on within a command, and a busy machine lets it.
        assert.ok(Math.abs(found.expiresAt - listed.expiresAt) <= 5_000, `${found.expiresAt} is not ${listed.expiresAt}`)
        assert.deepEqual({ ...found, expiresAt: 0 }, { ...listed, expiresAt: 0 })
      }
    })
  }

  test('is over at the longest life of whoever reads it', async () => {
    const sessions = sessionsOf(backend.redis)
    const { prefix } = sessions
    const id = newId()
    await sessions.write(id, draft({}))
    await backend.redis.command('HSET', keyOf(sessions, id), 't0', String((await now(backend.redis)) - HOUR_MS))
    assert.ok((await sessions.read(id)) !== null)
    const longer = await sessionsOf(backend.redis, { prefix, absoluteTtl: '2h' }).read(id)
    assert.ok(longer.expiresAt <= longer.createdAt + 2 * HOUR_MS)
    assert.equal(await sessionsOf(backend.redis, { prefix, absoluteTtl: '1h' }).read(id), null)
    assert.equal(await backend.redis.command('EXISTS', keyOf(sessions, id)), 0)
  })
})

describe('a session that is read without being seen, and what the server is asked', () => {
  let server: TestServer
  let redis: Redis
  before(async () => {
    server = await realServer()
    redis = await Redis.connect(server.url)
  })
  after(async () => {
    await redis.close()
    await server.stop()
  })

  /** How often each command has been called, also by scripts. */
  async function calls(): Promise<Record<string, number>> {
    const lines = String(await redis.command('INFO', 'commandstats')).matchAll(/cmdstat_(\w+):calls=(\d+)/g)
    return Object.fromEntries([...lines].map(([, name, count]) => [name, Number(count)]))
  }

  /** What an act has called. */
  async function asked(act: () => Promise<unknown>) {
    const was = await calls()
    await act()
    const is = await calls()
    return Object.fromEntries(Object.entries(is).filter(([name, count]) => name !== 'info' && count !== was[name]).map(([name, count]) => [name, count - (was[name] ?? 0)]))
  }

  test('one command for what is there or was destroyed, two with a longest life or for nothing', async () => {
    const id = newId()
    for (const [absoluteTtl, expected] of [[undefined, { hmget: 1 }], ['1h', { hmget: 1, pttl: 1 }]] as const) {
      const sessions = sessionsOf(redis, { absoluteTtl })
      await sessions.write(id, draft({ a: 1 }))
      assert.deepEqual(await asked(async () => assert.equal((await sessions.read(id)).data, '{"a":1}')), expected)
      await sessions.destroy(id)
      assert.deepEqual(await asked(async () => assert.equal(await sessions.read(id), null)), expected)
      assert.deepEqual(await asked(async () => assert.equal(await sessions.read(newId()), null)), { hmget: 1, pttl: 1 })
    }
  })

  test('a script where it has another id, and where there is nothing of ours', async () => {
    const sessions = sessionsOf(redis)
    const [id, next] = [newId(), newId()]
    await sessions.write(id, draft({ a: 1 }))
    await sessions.rotate(id, next, { graceMs: LONG_MS })
    const moved = await asked(async () => assert.equal((await sessions.read(id)).data, '{"a":1}'))
    assert.equal((moved.evalsha ?? 0) > 0 && moved.hmget === 3, true)
    await redis.command('SET', keyOf(sessions, next), 'garbage')
    const { unreadable } = sessions.metrics()
    assert.equal(await sessions.read(next), null)
    assert.equal(sessions.metrics().unreadable, unreadable + 1)
  })
})

test('a session is read from its primary, also by a client that reads from replicas', async () => {
  await using cluster = await TestCluster.start()
  await using reader = await Redis.connect({ cluster: { ...cluster.options.cluster, scaleReads: 'replica' } })
  await until('all are connected', () => reader.metrics().nodes.filter(({ standing }) => standing === 1).length === cluster.nodes.length)
  for (const absoluteTtl of [undefined, '1h'] as const) {
    const sessions = sessionsOf(reader, { absoluteTtl })
    const ids = Array.from({ length: 20 }, newId)
    await Promise.all(ids.map((id) => sessions.write(id, draft({}))))
    const found = await Promise.all([...ids, newId()].map((id) => sessions.read(id)))
    assert.equal(found.filter((session) => session !== null).length, ids.length)
  }
  const primaries = await cluster.primaries()
  const replicas = cluster.nodes.filter((node) => !primaries.includes(node))
  assert.ok(replicas.length > 0)
  for (const replica of replicas) {
    const stats = await replica.info('commandstats')
    assert.deepEqual([stats.get('cmdstat_hmget'), stats.get('cmdstat_pttl')], [undefined, undefined])
  }
})
