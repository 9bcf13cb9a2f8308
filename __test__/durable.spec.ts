import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { describe, test } from 'node:test'
import { Redis, type RedisOptions } from '../index.js'
import { TestCluster } from './support/cluster'
import { FaultProxy } from './support/fault-proxy'
import { startReplicated } from './support/replicated'
import { TestSentinel } from './support/sentinel'
import { until } from './support/until'

const require = createRequire(import.meta.url)
const { call } = require('../lib/redis.js')
const { NativeScript } = require('../binding.js')

const SOON = { minMs: 1, maxMs: 20 }
const [MAJORITY, ALL] = [-1, -2]
const COUNT = new NativeScript(`return redis.call('INCR', KEYS[1])`)

interface Durable {
  reply: number
  acknowledged: number
  needed: number
}

async function runDurably(redis: Redis, replicas: number, withinMs: number, key = 'k'): Promise<Durable> {
  const [reply, acknowledged, needed] = await call(redis, (native, ticket) => native.evalDurably(ticket, COUNT, [key], replicas, withinMs))
  return { reply, acknowledged, needed }
}

const connect = (options: RedisOptions) => Redis.connect({ reconnect: SOON, commandTimeout: '30s', ...options })

async function replicated(count: number, options: RedisOptions = {}) {
  const servers = await startReplicated(count)
  const redis = await connect({ url: servers.master.url, ...options })
  async function dispose() {
    await redis.close({ timeoutMs: 1 })
    await servers[Symbol.asyncDispose]()
  }
  return { ...servers, redis, [Symbol.asyncDispose]: dispose }
}

describe('a write that replicas are to have', () => {
  test('is told of when they have it, and how many were needed', async () => {
    await using _ = await replicated(2)
    assert.deepEqual(await runDurably(_.redis, 2, 10_000), { reply: 1, acknowledged: 2, needed: 2 })
    const one = await runDurably(_.redis, 1, 10_000)
    assert.ok(one.acknowledged >= 1 && one.needed === 1)
    for (let i = 0; i < 2; i++) {
      const { acknowledged, needed } = await runDurably(_.redis, MAJORITY, 10_000)
      assert.ok(acknowledged >= 1 && needed === 1)
      assert.deepEqual((({ acknowledged, needed }) => [acknowledged, needed])(await runDurably(_.redis, ALL, 10_000)), [2, 2])
    }
    for (const replica of _.replicas) assert.match(await replica.ask('GET k'), /^\$1\r\n6/)
  })

  test('by a script that the server has forgotten', async () => {
    await using _ = await replicated(1)
    await runDurably(_.redis, 1, 10_000)
    await _.master.ask('SCRIPT FLUSH')
    assert.deepEqual(await runDurably(_.redis, 1, 10_000), { reply: 2, acknowledged: 1, needed: 1 })
  })

  test('is not taken for safe when one of them stands still, however short or long the watchdog waits', async () => {
    await using _ = await replicated(2, { watchdogMs: 100 })
    _.replicas[0]!.kill('SIGSTOP')
    const begun = performance.now()
    for (const replicas of [2, ALL]) {
      assert.deepEqual((({ acknowledged, needed }) => [acknowledged, needed])(await runDurably(_.redis, replicas, 600)), [1, 2])
    }
    assert.ok(performance.now() - begun >= 1200)
    const { acknowledged, needed } = await runDurably(_.redis, MAJORITY, 10_000)
    assert.deepEqual([acknowledged, needed], [1, 1])
    const late = runDurably(_.redis, ALL, 20_000)
    _.replicas[0]!.kill('SIGCONT')
    assert.equal((await late).acknowledged, 2)
    assert.equal(_.redis.metrics().connections, 1)
  })

  test('is not taken for safe when there are no replicas, or none any more', async () => {
    await using alone = await replicated(0)
    for (const replicas of [0, 1, MAJORITY, ALL]) assert.deepEqual((await runDurably(alone.redis, replicas, 20)).acknowledged, 0)
    assert.equal((await runDurably(alone.redis, ALL, 20)).needed, 1)
    await using _ = await replicated(2)
    assert.equal((await runDurably(_.redis, ALL, 10_000)).acknowledged, 2)
    for (const replica of _.replicas) await replica.crash()
    await until('they are gone', async () => (await _.master.ask('INFO replication')).includes('connected_slaves:0'))
    assert.deepEqual(await runDurably(_.redis, MAJORITY, 20), { reply: 2, acknowledged: 0, needed: 1 })
    assert.deepEqual(await runDurably(_.redis, ALL, 20), { reply: 3, acknowledged: 0, needed: 2 })
  })

  test('needs those that have joined since', async () => {
    await using _ = await replicated(1)
    assert.equal((await runDurably(_.redis, ALL, 10_000)).needed, 1)
    await using more = await replicated(0)
    const [, port] = /tcp_port:(\d+)/.exec(await _.master.ask('INFO server'))!
    await more.master.ask(`REPLICAOF 127.0.0.1 ${port}`)
    await until('it has joined', async () => (await _.master.ask('INFO replication')).split('state=online').length === 3)
    assert.deepEqual(await runDurably(_.redis, ALL, 10_000), { reply: 2, acknowledged: 2, needed: 2 })
  })

  test('has failed when the attempt ends first, and may have been executed', async () => {
    await using _ = await replicated(1, { commandTimeout: 300 })
    _.replicas[0]!.kill('SIGSTOP')
    const begun = performance.now()
    const { acknowledged } = await runDurably(_.redis, 1, 10_000)
    assert.ok(acknowledged === 0 && performance.now() - begun < 5000)
    _.master.kill('SIGSTOP')
    await assert.rejects(runDurably(_.redis, 1, 10_000), { code: 'ERR_TIMEOUT', maybeExecuted: true })
    _.master.kill('SIGCONT')
  })
})

describe('a connection that is lost between a write and the word of the replicas', () => {
  for (const replicas of [1, MAJORITY, ALL]) {
    test(`makes the call fail, which may have been executed, and counts for nothing (${replicas})`, async () => {
      await using servers = await startReplicated(1)
      await using proxy = await FaultProxy.start({ path: servers.master.path })
      await using redis = await connect({ url: proxy.url })
      await redis.command('SET', 'warm', '1')
      assert.equal((await runDurably(redis, replicas, 10_000)).acknowledged, 1)
      // Behind the reply of the script.
      proxy.cutAfter(':2\r\n'.length)
      await assert.rejects(runDurably(redis, replicas, 10_000), { code: 'ERR_UNAVAILABLE', maybeExecuted: true })
      servers.replicas[0]!.kill('SIGSTOP')
      const waiting = runDurably(redis, replicas, 10_000)
      await until('it was written', async () => (await servers.master.ask('GET k')).includes('\r\n3'))
      proxy.reset()
      await assert.rejects(waiting, { code: 'ERR_UNAVAILABLE', maybeExecuted: true })
      servers.replicas[0]!.kill('SIGCONT')
      assert.deepEqual(await runDurably(redis, replicas, 10_000), { reply: 4, acknowledged: 1, needed: 1 })
    })
  }

  test('while the server is made a replica', async () => {
    await using _ = await replicated(1)
    _.replicas[0]!.kill('SIGSTOP')
    // From the start: it may be rejected before the server has said that it is a replica. It was waiting, or it began to wait behind that.
    const rejected = assert.rejects(runDurably(_.redis, 1, 20_000), { code: 'ERR_SERVER', serverCode: /^(UNBLOCKED|ERR)$/, maybeExecuted: true })
    await until('it was written', async () => (await _.master.ask('GET k')).includes('\r\n1'))
    await _.master.ask('REPLICAOF 127.0.0.1 1')
    await rejected
  })

  test('does not have the script run again', async () => {
    await using servers = await startReplicated(1)
    await using proxy = await FaultProxy.start({ path: servers.master.path })
    await using redis = await connect({ url: proxy.url })
    await runDurably(redis, 1, 10_000)
    proxy.cutAfter(0)
    await assert.rejects(runDurably(redis, 1, 10_000), { code: 'ERR_UNAVAILABLE', maybeExecuted: true })
    assert.match(await servers.master.ask('GET k'), /^\$1\r\n2/)
  })
})

describe('a write that replicas are to have, of', () => {
  test('a cluster, is judged by the replicas of its own node', async () => {
    const cluster = await TestCluster.start()
    try {
      await using redis = await connect(cluster.options)
      const key = 'k'
      for (let i = 0; i < 12; i++) {
        assert.deepEqual(await runDurably(redis, i % 2 ? ALL : MAJORITY, 10_000, `k${i}`), { reply: 1, acknowledged: 1, needed: 1 })
      }
      const [replica] = await cluster.replicasOf(await cluster.owner(key))
      replica!.kill('SIGSTOP')
      assert.deepEqual(await runDurably(redis, ALL, 50, key), { reply: 1, acknowledged: 0, needed: 1 })
      replica!.kill('SIGCONT')
      assert.deepEqual(await runDurably(redis, ALL, 20_000, key), { reply: 2, acknowledged: 1, needed: 1 })
    } finally {
      await cluster.stop()
    }
  })

  test('sentinels, goes on with the next master', async () => {
    await using sentinel = await TestSentinel.start()
    await using redis = await connect({ ...sentinel.options, watchdogMs: 200 })
    assert.deepEqual(await runDurably(redis, ALL, 10_000), { reply: 1, acknowledged: 2, needed: 2 })
    await sentinel.failover()
    let durable: Durable | undefined
    await until('all have it', async () => {
      durable = await runDurably(redis, ALL, 10_000).catch(() => undefined)
      return durable !== undefined
    })
    assert.deepEqual([durable!.acknowledged, durable!.needed], [2, 2])
  })
})
