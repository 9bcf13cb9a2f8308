import assert from 'node:assert/strict'
import { once } from 'node:events'
import path from 'node:path'
import { Worker } from 'node:worker_threads'
import { test } from 'node:test'
import { RateLimiter, Redis, type RateLimitDecision } from '../index.js'
import { MortalServer } from './support/client-server'
import { type ClusterNode, TestCluster } from './support/cluster'
import { root } from './support/root'
import { until } from './support/until'

const SOON = { reconnect: { minMs: 5, maxMs: 50 } }
const window = (limit: number) => ({ limit, period: '5m', algorithm: 'fixedWindow' }) as const
const five = window(5)

/** Where units of such a window are counted. */
const keyOf = (id: string) => `limit:{${id}}:f:300000`

const allowedOf = (results: readonly RateLimitDecision[]) => results.filter(({ allowed }) => allowed).length

/** A decision for another key, which Redis makes: with its answer it is told what it is owed. */
async function probe(limits: RateLimiter): Promise<void> {
  await limits.peek('probe', five)
}

const kinds = { string: ['SET', 'mine'], hash: ['HSET', 'field', 'mine'] } as const

for (const [kind, [command, ...args]] of Object.entries(kinds)) {
  test(`where the key holds a ${kind} of somebody else's, no more than the limit is allowed, and it is left alone`, async () => {
    await using server = await MortalServer.start()
    await using redis = await Redis.connect(server.url)
    const limits = new RateLimiter(redis, { timeoutMs: 2000 })
    await redis.command(command!, keyOf('foreign'), ...args)
    const results: RateLimitDecision[] = []
    for (let i = 0; i < 30; i++) {
      results.push(await limits.check('foreign', five))
      assert.equal((await limits.check(`other ${i}`, five)).degraded, false)
    }
    assert.equal(allowedOf(results), 5)
    assert.ok(results.every(({ degraded }) => degraded))
    assert.equal(await redis.command('TYPE', keyOf('foreign')), kind)
  })
}

test('a full server has no more than the limit allowed while it answers for other keys, and counts it when it has room', async () => {
  await using server = await MortalServer.start()
  await using redis = await Redis.connect(server.url)
  const limits = new RateLimiter(redis, { timeoutMs: 2000 })
  await limits.check('other', five)
  await redis.command('CONFIG', 'SET', 'maxmemory', '1')
  const results: RateLimitDecision[] = []
  for (let i = 0; i < 30; i++) {
    results.push(await limits.check('full', five))
    const other = await limits.peek('other', five)
    assert.deepEqual([other.degraded, other.remaining], [false, 4])
  }
  assert.equal(allowedOf(results), 5)
  assert.ok(results.every(({ degraded }) => degraded))
  await redis.command('CONFIG', 'SET', 'maxmemory', '0')
  await until('what was allowed is counted', async () => {
    await probe(limits)
    return (await redis.command('GET', keyOf('full'))) === '5'
  })
  const { degraded, allowed } = await limits.check('full', five)
  assert.deepEqual([degraded, allowed], [false, false])
})

test('a node of a cluster that hangs takes no decisions of the others with it, and its keys are limited', async () => {
  await using cluster = await TestCluster.start({ replicasEach: 0, nodeTimeoutMs: 60_000 })
  await using redis = await Redis.connect(cluster.options)
  const limits = new RateLimiter(redis, { timeoutMs: 500 })
  const [hung] = cluster.nodes as readonly [ClusterNode, ...ClusterNode[]]
  const ids = await Promise.all(Array.from({ length: 30 }, async (_, i) => ({ id: `id ${i}`, owner: await cluster.owner(`{id ${i}}`) })))
  const away = ids.filter(({ owner }) => owner === hung).map(({ id }) => id)
  const healthy = ids.filter(({ owner }) => owner !== hung).map(({ id }) => id)
  assert.ok(away.length > 0 && healthy.length > 0)
  /** Turns in which the nodes that are well have not decided. */
  let missed = 0
  const turn = async () => {
    const decisions = [healthy.map((id) => limits.check(id, window(100))), away.map((id) => limits.check(id, five))] as const
    const [ofHealthy, ofAway] = [await Promise.all(decisions[0]), await Promise.all(decisions[1])]
    if (ofHealthy.some(({ degraded }) => degraded)) missed++
    return [ofHealthy, ofAway] as const
  }
  await until('all nodes decide', async () => (await turn()).flat().every(({ degraded }) => !degraded))
  const counts = () => Promise.all(healthy.map(async (id) => Number(await redis.command('GET', keyOf(id)))))
  const before = await counts()
  await Promise.all(away.map((id) => limits.reset(id)))

  hung.kill('SIGSTOP')
  const allowed = new Map(away.map((id) => [id, 0]))
  let turns = 0
  const missedBefore = missed
  await until('the healthy nodes have decided eight times', async () => {
    const [ofHealthy, ofAway] = await turn()
    turns++
    assert.ok(ofAway.every(({ degraded }) => degraded))
    ofAway.forEach((result, at) => allowed.set(away[at]!, allowed.get(away[at]!)! + Number(result.allowed)))
    assert.ok(ofHealthy.every(({ allowed }) => allowed))
    // All have little more time than a node has: where the machine stands still just then, all are decided anew without Redis.
    assert.equal(new Set(ofHealthy.map(({ degraded }) => degraded)).size, 1, 'a healthy node did not decide')
    return turns - (missed - missedBefore) === 8
  })
  assert.deepEqual([...allowed.values()], away.map(() => 5))
  let counted: number[] = []
  await until('each is counted', async () => {
    await Promise.all(healthy.map((id) => limits.peek(id, window(100))))
    counted = (await counts()).map((count, at) => count - before[at]! - turns)
    return counted.every((more) => more >= 0)
  })
  // What was decided anew may have been counted by the nodes too.
  assert.ok(counted.every((more) => more <= missed), `${counted} more than ${turns} turns, of which ${missed} may be counted twice`)
  hung.kill('SIGCONT')
})

test('what was allowed for thousands of keys while Redis was away is counted when it comes', async () => {
  await using server = MortalServer.prepare()
  await using redis = new Redis({ url: server.url, ...SOON })
  const limits = new RateLimiter(redis, { timeoutMs: 500 })
  const ids = Array.from({ length: 2000 }, (_, i) => `id ${i}`)
  const results = await Promise.all(ids.map((id) => limits.check(id, five, { cost: 3 })))
  assert.ok(results.every(({ degraded, allowed }) => degraded && allowed))
  await server.start()
  let counted: unknown[] = []
  await until('all of it is counted', async () => {
    await probe(limits)
    counted = (await redis.command('MGET', ...ids.map(keyOf)).catch(() => [null])) as unknown[]
    return !counted.includes(null)
  })
  assert.deepEqual(new Set(counted), new Set(['3']))
  const left = Number(await redis.command('PTTL', keyOf('id 0')))
  assert.ok(left > 0 && left < 300_000, 'the window ends when it would have ended')
  const { degraded, allowed } = await limits.check('id 0', five, { cost: 3 })
  assert.deepEqual([degraded, allowed], [false, false])
})

const PROGRAM = `
const { parentPort, workerData } = require('node:worker_threads')
const { RateLimiter, Redis } = require(workerData.entry)
const redis = new Redis(workerData.options)
const limits = new RateLimiter(redis, { timeoutMs: 100 })
const policy = { limit: 5, period: '5m', algorithm: 'fixedWindow' }
limits.check('of a worker', policy, { cost: 3 }).then(({ degraded }) => parentPort.postMessage(degraded))
`

test('what a worker has allowed is counted after its end', async () => {
  await using server = MortalServer.prepare()
  const options = { url: server.url, ...SOON }
  const worker = new Worker(PROGRAM, { eval: true, workerData: { entry: path.join(root, 'index.js'), options } })
  assert.deepEqual(await once(worker, 'message'), [true])
  await worker.terminate()
  await server.start()
  await using redis = await Redis.connect(options)
  const limits = new RateLimiter(redis, { timeoutMs: 2000 })
  await until('it is counted', async () => {
    await probe(limits)
    return (await redis.command('GET', keyOf('of a worker'))) === '3'
  })
})
