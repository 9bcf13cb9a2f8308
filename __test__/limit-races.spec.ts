import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, describe, test } from 'node:test'
import { Redis } from '../index.js'
import type { TestServer } from '../testing.js'
import { runClient, startWorker } from './support/bridge-child'
import { fresh } from './support/cache-tools'
import { ALGORITHMS, limiter, policy, refused } from './support/limit-tools'
import { realServer } from './support/servers'

// A read and a write behind it, as others do it, allow some hundreds more here.
describe('a limit that many ask for at once', () => {
  let server: TestServer
  let redis: Redis
  before(async () => {
    server = await realServer({ tcp: true })
    redis = await Redis.connect(server.url)
  })
  after(async () => {
    await redis.close()
    await server.stop()
  })

  const LIMIT = 500
  const PROCESSES = 8
  /** A thousand requests for each algorithm, in some turns, once all have come; how many were allowed. */
  const callers = (prefix: string, count: number, requests = 1000) => `
    const { setImmediate: turn } = require('node:timers/promises')
    const redis = await Redis.connect(url)
    const limits = new RateLimiter(redis, { prefix: '${prefix}', timeoutMs: '60s' })
    await redis.command('INCR', '${prefix}:ready')
    while (Number(await redis.command('GET', '${prefix}:ready')) < ${count}) await turn()
    const told = []
    for (const policy of ${JSON.stringify(ALGORITHMS.map((algorithm) => policy(algorithm, LIMIT)))}) {
      const asked = []
      for (let i = 0; i < 20; i++) {
        for (let n = 0; n < ${requests} / 20; n++) asked.push(limits.check('hot', policy))
        await turn()
      }
      const results = await Promise.all(asked)
      told.push([results.filter(({ allowed }) => allowed).length, results.filter(({ degraded }) => degraded).length])
    }
    await redis.close()`

  /** How many each algorithm has allowed in all. */
  function assertExact(reports: [number, number][][]): void {
    for (const [i, algorithm] of ALGORITHMS.entries()) {
      assert.equal(reports.reduce((sum, told) => sum + told[i]![0], 0), LIMIT, algorithm)
      assert.equal(reports.reduce((sum, told) => sum + told[i]![1], 0), 0, 'decided without Redis')
    }
  }

  test('allows exactly so many to eight processes with a thousand requests each', async () => {
    const prefix = fresh()
    const children = Array.from({ length: PROCESSES }, () => runClient(server.url, `${callers(prefix, PROCESSES)}; report(told)`))
    const ended = await Promise.all(children.map((child) => child.ended))
    assertExact(
      ended.map(({ code, reports, stderr }) => {
        assert.deepEqual([code, stderr], [0, ''])
        return reports[0]
      }),
    )
  })

  test('allows exactly so many to worker threads', async () => {
    const prefix = fresh()
    const workers = Array.from({ length: 3 }, () => startWorker(server.url, `${callers(prefix, 3, 400)}; post(told)`))
    const exits = workers.map((worker) => once(worker, 'exit'))
    assertExact((await Promise.all(workers.map((worker) => once(worker, 'message')))).map(([told]) => told))
    await Promise.all(exits)
  })

  test('is never remembered as refused behind a reset, whichever of the two is answered first', async () => {
    await using many = await Redis.connect({ url: server.url, poolSize: 4 })
    const limits = limiter(many)
    const one = policy('fixedWindow', 1)
    for (let round = 0; round < 300; round++) {
      await limits.check('k', one)
      // Which of the two the server executes first is open.
      const [during] = await Promise.all([limits.check('k', one), limits.reset('k')])
      const behind = await limits.check('k', one)
      assert.equal(behind.allowed, !during.allowed, `round ${round}`)
      await limits.reset('k')
    }
  })

  test('is refused in each process from the moment it is used up in one', async () => {
    const [one, other] = [limiter(redis), await Redis.connect(server.url)]
    const there = limiter(other, one)
    await one.check('k', policy('gcra', 100), { cost: 100 })
    await refused(() => there.check('k', policy('gcra', 100)))
    assert.equal(there.metrics().allowed, 0)
    await other.close()
  })
})
