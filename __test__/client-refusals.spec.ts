import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Redis } from '../index.js'
import { recordEvents } from './support/client-events'
import { fakeRedis } from './support/client-fake'
import { MortalServer } from './support/client-server'
import { FaultProxy } from './support/fault-proxy'
import { outlives } from './support/outlives'
import { realServer } from './support/servers'
import { untilTold } from './support/told'
import { until } from './support/until'
import { passwordOf } from './support/wire'

const SOON = { minMs: 5, maxMs: 50 }

describe('a server that wants a password', () => {
  for (const protocol of [2, 3] as const) {
    for (const [what, password] of [['no', undefined], ['a wrong', 'wrong-secret']] as const) {
      test(`connect and calls reject at once with ${what} password, over RESP${protocol}`, async () => {
        await using server = await realServer({ tcp: true })
        const { host, port } = server
        const options = { host, port, password, protocol, commandTimeout: '1h', connectTimeout: '1h' } as const
        const expected = { name: 'RedwrightError', code: 'ERR_AUTH', retryable: false, maybeExecuted: false }
        await assert.rejects(Redis.connect(options), (error: any) => {
          assert.match(error.message, new RegExp(`^127.0.0.1:${port}: (NOAUTH|WRONGPASS) `))
          assert.match(error.serverCode, /^(NOAUTH|WRONGPASS)$/)
          assert.doesNotMatch(error.stack + JSON.stringify(error), /wrong-secret/)
          return Object.entries(expected).every(([key, value]) => error[key] === value)
        })
        await using redis = new Redis(options)
        await assert.rejects(redis.ping(), expected)
        await assert.rejects(redis.command('SET', 'k', 'v'), expected)
      })
    }
  }

  test('is reached by itself once the password is set right on the server', async () => {
    await using server = await realServer({ tcp: true })
    const { host, port } = server
    await using admin = await Redis.connect(server.url)
    await using redis = new Redis({ host, port, password: 'later-secret', reconnect: SOON })
    await assert.rejects(redis.ping(), { code: 'ERR_AUTH' })
    assert.notEqual(passwordOf(server), 'later-secret')
    await admin.command('CONFIG', 'SET', 'requirepass', 'later-secret')
    await until('it works', () => redis.ping().then(() => true, () => false))
    assert.equal(redis.status, 'ready')
  })
})

test('a full server: OOM, which may pass, and reads go on', async () => {
  await using server = await MortalServer.start('--maxmemory', '3mb', '--maxmemory-policy', 'noeviction')
  await using redis = await Redis.connect(server.url)
  await redis.command('SET', 'small', 'x')
  const value = 'v'.repeat(100_000)
  const fill = async () => {
    for (let i = 0; i < 100; i++) await redis.command('SET', `fill:${i}`, value)
  }
  await assert.rejects(fill(), (error: any) => {
    assert.deepEqual([error.code, error.serverCode, error.retryable, error.maybeExecuted], ['ERR_SERVER', 'OOM', true, false])
    assert.doesNotMatch(error.message, /vvv/)
    return true
  })
  assert.equal(await redis.command('GET', 'small'), 'x')
  const { memory } = await redis.health()
  assert.equal(memory!.maxBytes, 3 * 1024 * 1024)
  await redis.command('CONFIG', 'SET', 'maxmemory', '100mb')
  assert.equal(await redis.command('SET', 'fill:0', value), 'OK')
})

describe('renamed commands', () => {
  test('INFO, CLIENT and HELLO: everything else works, over RESP2', async () => {
    await using server = await MortalServer.start(...['INFO', 'CLIENT', 'HELLO'].flatMap((name) => ['--rename-command', name, '']))
    await using redis = await Redis.connect({ url: server.url, connectionName: 'nobody-hears' })
    const events = recordEvents(redis)
    assert.deepEqual([redis.status, redis.server.product, redis.server.version], ['ready', 'unknown', ''])
    assert.deepEqual([redis.metrics().connections, redis.metrics().connectFailures], [1, 0])
    await redis.command('HSET', 'h', 'a', '1')
    assert.deepEqual(await redis.command('HGETALL', 'h'), ['a', '1'])
    const health = await redis.health()
    assert.deepEqual([health.ok, health.memory], [true, undefined])
    assert.deepEqual(events, [])
  })

  test('PING: lists come, and the watchdog is content', async () => {
    await using server = await MortalServer.start()
    await using redis = await Redis.connect(server.url)
    await redis.command('RPUSH', 'l', 'a', 'b', 'c')
    assert.deepEqual(await redis.command('LRANGE', 'l', 0, -1), ['a', 'b', 'c'])
    let pings = 0
    await using fake = await fakeRedis(([name]) => {
      if (name === 'PING') {
        pings++
        return "-ERR unknown command 'PING'\r\n"
      }
      return name === 'LRANGE' ? '*3\r\n$1\r\na\r\n$1\r\nb\r\n$1\r\nc\r\n' : undefined
    })
    await using bare = await Redis.connect({ url: fake.url, watchdogMs: 150 })
    await outlives(bare, async () => {
      assert.deepEqual(await bare.command('LRANGE', 'l', 0, -1), ['a', 'b', 'c'])
      return pings
    })
  })

  for (const refusal of ['ERR unknown command `HELLO`, with args beginning with: `3`', 'NOPROTO unsupported protocol version', 'ERR unknown command HELLO']) {
    test(`HELLO is refused with "${refusal}": RESP2`, async () => {
      await using fake = await fakeRedis(([name]) => (name === 'HELLO' ? `-${refusal}\r\n` : undefined))
      await using redis = await Redis.connect({ url: fake.url, password: 'secret' })
      assert.equal(await redis.ping(), 'PONG')
      assert.equal(fake.accepted, 2)
    })
  }
})

describe('a server that loads its data', () => {
  test('calls wait, and succeed when it is ready', async () => {
    let left = 8
    await using fake = await fakeRedis(([name]) => (name === 'GET' && left-- > 0 ? '-LOADING Redis is loading the dataset in memory\r\n' : undefined))
    await using redis = await Redis.connect({ url: fake.url, commandTimeout: '30s' })
    assert.equal(await redis.command('GET', 'k'), 'OK')
    assert.equal(left, -1)
  })

  test('calls fail at their deadline with what it says', async () => {
    await using fake = await fakeRedis(([name]) => (name === 'GET' ? '-LOADING Redis is loading the dataset in memory\r\n' : undefined))
    await using redis = await Redis.connect({ url: fake.url, commandTimeout: 150, breaker: false })
    const loading = { code: 'ERR_SERVER', serverCode: 'LOADING', retryable: true, maybeExecuted: false }
    await untilTold(() => redis.command('GET', 'k'), loading, 'LOADING Redis is loading the dataset in memory')
  })

  test('also when it says so in the handshake', async () => {
    let left = 3
    await using fake = await fakeRedis(([name]) => (name === 'PING' && left-- > 0 ? '-LOADING Redis is loading the dataset in memory\r\n' : undefined))
    await using redis = new Redis({ url: fake.url, protocol: 2, reconnect: SOON, commandTimeout: '30s' })
    assert.equal(await redis.command('GET', 'k'), 'OK')
  })
})

describe('a server that is a replica', () => {
  async function replica() {
    const server = await MortalServer.start()
    await server.ask('REPLICAOF 127.0.0.1 1')
    return server
  }

  test('a write waits until it takes writes, and others lose nothing by it', async () => {
    await using server = await replica()
    await using proxy = await FaultProxy.start(server)
    await using redis = await Redis.connect({ url: proxy.url, commandTimeout: '30s', reconnect: SOON })
    // So that there are always some under way.
    proxy.delayMs = 20
    const write = redis.command('INCR', 'n')
    const reads: Promise<unknown>[] = []
    // The connection is made anew when it is old enough, behind what was asked on it.
    await until('made anew', () => {
      for (let i = 0; i < 5; i++) reads.push(redis.command('EXISTS', `k${i}`), redis.command('HGETALL', 'h'))
      return redis.metrics().connections > 1
    })
    await server.ask('REPLICAOF NO ONE')
    assert.equal(await write, 1)
    for (const read of await Promise.allSettled(reads)) assert.equal(read.status, 'fulfilled')
    assert.equal(await redis.command('GET', 'n'), '1')
  })

  test('a write fails at its deadline with what the server says, and nothing was executed', async () => {
    await using server = await replica()
    await using redis = await Redis.connect({ url: server.url, commandTimeout: 200, breaker: false })
    const refused = { code: 'ERR_SERVER', serverCode: 'READONLY', retryable: true, maybeExecuted: false }
    await untilTold(() => redis.command('SET', 'k', 'v'), refused, "READONLY You can't write against a read only replica.")
    assert.equal(await redis.command('GET', 'k'), null)
  })
})

test('what a server says at the door is told: too many clients, no such database', async () => {
  await using server = await MortalServer.start('--maxclients', '1', '--databases', '2')
  await assert.rejects(Redis.connect({ url: server.url, db: 9 }), { code: 'ERR_SERVER', message: `${server.path}: ERR DB index is out of range` })
  await using first = await Redis.connect(server.url)
  // The server hangs up behind its words, and sometimes before they are heard.
  await assert.rejects(Redis.connect(server.url), (error: any) => {
    assert.ok(error.message.startsWith(`${server.path}: `))
    return error.code === 'ERR_UNAVAILABLE' || (error.code === 'ERR_SERVER' && error.message.endsWith('ERR max number of clients reached'))
  })
  assert.equal(await first.ping(), 'PONG')
})
