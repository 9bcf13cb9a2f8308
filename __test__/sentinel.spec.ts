import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Redis } from '../index.js'
import { freePort } from './support/client-server'
import { TestSentinel } from './support/sentinel'
import { until } from './support/until'

let sentinel: TestSentinel
before(async () => {
  sentinel = await TestSentinel.start({ password: 'of-the-servers', sentinelPassword: 'of-the-sentinels' })
})
after(() => sentinel?.stop())

describe('sentinels', () => {
  test('name the master, each with credentials of its own', async () => {
    await using redis = await Redis.connect(sentinel.options)
    assert.deepEqual([redis.status, redis.server.mode], ['ready', 'sentinel'])
    await redis.command('SET', 'a', '1')
    const master = await sentinel.master()
    assert.deepEqual(redis.metrics().nodes.map(({ address, role }) => [address, role]), [[`${master.host}:${master.port}`, 'master']])
    assert.equal((await redis.health()).ok, true)
  })

  test('are asked until one answers, and the others are learnt from it', async () => {
    const dead = { host: '127.0.0.1', port: await freePort() }
    const [one] = sentinel.options.sentinels
    await using redis = await Redis.connect({ ...sentinel.options, sentinels: [dead, one!] })
    assert.equal(await redis.ping(), 'PONG')
  })

  test('may be named in a URL', async () => {
    await using redis = await Redis.connect({ url: sentinel.url, sentinelPassword: sentinel.options.sentinelPassword })
    assert.equal(await redis.ping(), 'PONG')
  })

  test('that refuse the password are not asked again for nothing: operations reject at once', async () => {
    const { sentinelPassword, ...options } = sentinel.options
    for (const wrong of [{}, { sentinelPassword: 'pass-SECRET-word' }]) {
      const refused = (error: any) => {
        assert.deepEqual([error.code, error.retryable], ['ERR_AUTH', false])
        assert.match(error.message, /^sentinel 127\.0\.0\.1:\d+: (NOAUTH|WRONGPASS)/)
        assert.doesNotMatch(error.message, /SECRET|of-the/)
        return true
      }
      await assert.rejects(Redis.connect({ ...options, ...wrong }), refused)
      await using redis = new Redis({ ...options, ...wrong, commandTimeout: '1m' })
      await assert.rejects(redis.ping(), refused)
    }
    assert.ok(sentinelPassword)
  })

  test('that know no master of the name say so', async () => {
    const message = /^sentinel 127\.0\.0\.1:\d+: knows no master of the name 'nobody'$/
    await assert.rejects(Redis.connect({ ...sentinel.options, name: 'nobody' }), { code: 'ERR_UNAVAILABLE', message })
  })

  test('that are all away are named', async () => {
    const port = await freePort()
    const away = Redis.connect({ sentinels: [{ host: '127.0.0.1', port }], name: 'm' })
    await assert.rejects(away, { code: 'ERR_UNAVAILABLE', message: `sentinel 127.0.0.1:${port}: Connection refused` })
  })

  test('choose another master, and the client goes there', async () => {
    await using redis = await Redis.connect({ ...sentinel.options, reconnect: { minMs: 5, maxMs: 100 }, commandTimeout: '30s' })
    await redis.command('SET', 'before', 'x')
    const before = await sentinel.master()
    await sentinel.failover()
    await until('a write goes through', () => redis.command('SET', 'after', 'y').then(() => true, () => false))
    const master = await sentinel.master()
    assert.notEqual(master, before)
    assert.deepEqual(redis.metrics().nodes.map(({ address }) => address), [`${master.host}:${master.port}`])
    assert.deepEqual([await redis.command('GET', 'before'), await redis.command('GET', 'after')], ['x', 'y'])
  })
})
