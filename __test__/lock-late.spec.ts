import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Redis } from '../index.js'
import { FaultProxy } from './support/fault-proxy'
import { everyWay, got, LONG, lockOf, PATIENCE } from './support/lock-tools'
import { realServer } from './support/servers'
import { until } from './support/until'

describe('a lock whose time is over when its reply comes', () => {
  test('is not given, and given back', async () => {
    await using server = await realServer({ tcp: true })
    await using proxy = await FaultProxy.start(server)
    await using redis = await Redis.connect({ url: proxy.url, commandTimeout: '60s' })
    await using direct = await Redis.connect(server.url)
    proxy.delayMs = 150
    for (const { what, acquire, key } of everyWay(redis)) {
      await assert.rejects(acquire(100), { code: 'ERR_TIMEOUT', message: /nearly over/ }, what)
      await until('it is given back', async () => (await direct.command('EXISTS', key)) === 0)
    }
  })

  test('is not what a function runs under', async () => {
    await using server = await realServer({ tcp: true })
    await using proxy = await FaultProxy.start(server)
    await using redis = await Redis.connect({ url: proxy.url, commandTimeout: '60s' })
    proxy.delayMs = 150
    await assert.rejects(lockOf(redis).withLock('r', () => assert.fail('it ran'), { ttl: 100, waitMs: 0 }), { code: 'ERR_TIMEOUT' })
  })

  test('is asked for again by who waits, until it comes in time', async () => {
    await using server = await realServer({ tcp: true })
    await using proxy = await FaultProxy.start(server)
    await using redis = await Redis.connect({ url: proxy.url, commandTimeout: '60s' })
    proxy.delayMs = 300
    const waiting = lockOf(redis).acquire('r', 500, { waitMs: PATIENCE })
    setTimeout(() => (proxy.delayMs = 0), 1500)
    const lock = await got(waiting)
    assert.equal(lock.isValid(), true)
    assert.ok(lock.remainingMs() <= 500)
  })

  test('counts from when it was asked for, not from when it was answered', async () => {
    await using server = await realServer({ tcp: true })
    await using proxy = await FaultProxy.start(server)
    await using redis = await Redis.connect({ url: proxy.url, commandTimeout: '60s' })
    await using direct = await Redis.connect(server.url)
    proxy.delayMs = 200
    for (const { what, acquire, key } of everyWay(redis)) {
      const begun = performance.now()
      const lock = await got(acquire(60_000))
      const spent = performance.now() - begun
      assert.ok(spent >= 390 && lock.remainingMs() <= 60_000 - 602 - 390, what)
      assert.ok(Number(await direct.command('PTTL', key)) >= lock.remainingMs(), 'the server gives it longer')
      assert.equal(await lock.extend(LONG), true)
      assert.ok(lock.remainingMs() <= LONG - LONG / 100 - 2 - 390)
    }
  })
})
