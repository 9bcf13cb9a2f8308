import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Redis } from '../index.js'
import { TestCluster } from './support/cluster'
import { recordEvents } from './support/client-events'
import { TestSentinel } from './support/sentinel'
import { until } from './support/until'

const SOON = { minMs: 5, maxMs: 50 }

test('a cluster: all connections share one answer, and all present the next one', async () => {
  const cluster = await TestCluster.start({ replicasEach: 0 })
  try {
    for (const node of cluster.nodes) {
      for (const name of ['one', 'two']) await node.ask('ACL', 'SETUSER', name, 'on', `>${name}`, '~*', '&*', '+@all')
    }
    let calls = 0
    let isSeen = false
    const credentials = async () => {
      if (++calls === 1) return { username: 'one', password: 'one', ttlMs: 100 }
      await until('the first one was seen', () => isSeen)
      return { username: 'two', password: 'two' }
    }
    await using redis = await Redis.connect({ ...cluster.options, poolSize: 2, credentials, connectionName: 'mine', reconnect: SOON })
    const events = recordEvents(redis)
    const users = async () => {
      const lists = await Promise.all(cluster.nodes.map((node) => node.ask<string>('CLIENT', 'LIST')))
      const mine = lists.join('\n').split('\n').filter((line) => line.includes(' name=mine '))
      return mine.map((line) => / user=(\w+) /.exec(line)![1])
    }
    await until('six connections', async () => (await users()).length === 6)
    assert.deepEqual(new Set(await users()), new Set(['one']))
    isSeen = true
    await until('all are of the second user', async () => (await users()).every((user) => user === 'two'))
    assert.deepEqual([(await users()).length, redis.metrics().connections, calls], [6, 6, 2])
    assert.deepEqual(events.filter(({ name }) => name !== 'ready'), [])
  } finally {
    await cluster.stop()
  }
})

test('sentinels have credentials of their own, and never see those of the callback', async () => {
  const sentinel = await TestSentinel.start({ password: 'of-the-data', sentinelPassword: 'of-the-sentinels', replicas: 0, sentinels: 1 })
  try {
    const { password, ...options } = sentinel.options
    let given = 'wrong'
    let calls = 0
    await using redis = new Redis({ ...options, reconnect: SOON, commandTimeout: '30s', credentials: () => (calls++, { password: given }) })
    await assert.rejects(redis.ping(), { code: 'ERR_AUTH' })
    given = password!
    await until('it works', () => redis.ping().then(() => true, () => false))
    assert.ok(calls > 1)
  } finally {
    await sentinel.stop()
  }
})
