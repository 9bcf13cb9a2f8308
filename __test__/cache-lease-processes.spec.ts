import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, describe, test } from 'node:test'
import { Redis, TypeSafeCache } from '../index.js'
import type { TestServer } from '../testing.js'
import { runClient, startWorker } from './support/bridge-child'
import { fresh } from './support/cache-tools'
import { realServer } from './support/servers'
import { until } from './support/until'

describe('a load among processes', () => {
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

  /** A thousand callers of one key, who begin when told to, in four turns. */
  const CALLERS = (namespace: string) => `
    const { setImmediate: turn } = require('node:timers/promises')
    const redis = await Redis.connect(url)
    const cache = new TypeSafeCache(redis, { namespace: '${namespace}', waitMs: 60_000 })
    const load = async () => {
      await redis.command('INCR', '${namespace}:loads')
      // As long as it takes for all to have come.
      while (Number(await redis.command('GET', '${namespace}:came')) < 4) await turn()
      return { from: process.pid }
    }
    await redis.command('INCR', '${namespace}:ready')
    while (Number(await redis.command('GET', '${namespace}:ready')) < 4) await turn()
    const callers = []
    for (let i = 0; i < 4; i++) {
      for (let n = 0; n < 250; n++) callers.push(cache.getOrSet('1', load))
      await turn()
    }
    await redis.command('INCR', '${namespace}:came')
    const values = new Set((await Promise.all(callers)).map((value) => JSON.stringify(value)))
    await redis.close()`

  test('is one for a thousand callers in each of four', async () => {
    const namespace = fresh()
    const children = Array.from({ length: 4 }, () => runClient(server.url, `${CALLERS(namespace)}; report([...values])`))
    const ended = await Promise.all(children.map((child) => child.ended))
    const reports = ended.map(({ code, reports, stderr }) => {
      assert.deepEqual([code, stderr], [0, ''])
      return reports[0]
    })
    assert.equal(reports[0].length, 1)
    assert.deepEqual(reports, reports.map(() => reports[0]))
    assert.equal(await redis.command('GET', `${namespace}:loads`), '1')
  })

  test('is one for a thousand callers in each of four worker threads', async () => {
    const namespace = fresh()
    const workers = Array.from({ length: 4 }, () => startWorker(server.url, `${CALLERS(namespace)}; post([...values])`))
    const exits = workers.map((worker) => once(worker, 'exit'))
    const reports = (await Promise.all(workers.map((worker) => once(worker, 'message')))).map(([values]) => values)
    assert.equal(reports[0].length, 1)
    assert.deepEqual(reports, reports.map(() => reports[0]))
    assert.equal(await redis.command('GET', `${namespace}:loads`), '1')
    await Promise.all(exits)
  })

  test('that ends with its process delays the others by no more than its lease', async () => {
    const namespace = fresh()
    const child = runClient(
      server.url,
      `
      const redis = await Redis.connect(url)
      const cache = new TypeSafeCache(redis, { namespace: '${namespace}', leaseMs: 2000 })
      cache.getOrSetMany(['1', '2'], () => {
        report('loading')
        return new Promise(() => {})
      })
      setInterval(() => {}, 1000)`,
    )
    assert.equal(await child.report, 'loading')
    const cache = new TypeSafeCache(redis, { namespace, waitMs: 600_000 })
    const begun = performance.now()
    let loads = 0
    const callers = ['1', '2'].map((key) => cache.getOrSet(key, () => (loads++, 'from the living')))
    await until('they have looked', () => cache.metrics().misses === 2)
    child.process.kill('SIGKILL')
    assert.deepEqual(await Promise.all(callers), ['from the living', 'from the living'])
    assert.ok(performance.now() - begun < 30_000, 'far less than their patience')
    assert.equal(loads, 2)
    assert.deepEqual(await cache.getMany(['1', '2']), ['from the living', 'from the living'])
    await child.ended
  })

  test('that ends with its process behind a stale value: another loads when its lease is over', async () => {
    const namespace = fresh()
    const cache = new TypeSafeCache(redis, { namespace, staleTtl: 600 })
    await cache.set('1', 'old', { ttl: '1ms' })
    await until('it is stale', async () => (await cache.lookup('1')).stale)
    const child = runClient(
      server.url,
      `
      const redis = await Redis.connect(url)
      const cache = new TypeSafeCache(redis, { namespace: '${namespace}', leaseMs: 1000, staleTtl: 600 })
      cache.getOrSet('1', () => {
        report('loading')
        return new Promise(() => {})
      })
      setInterval(() => {}, 1000)`,
    )
    assert.equal(await child.report, 'loading')
    child.process.kill('SIGKILL')
    await until('another has loaded', async () => (await cache.getOrSet('1', () => 'new')) === 'new')
    await child.ended
  })
})
