import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Redis } from '../index.js'
import { namesOf, recordEvents } from './support/client-events'
import { fakeRedis } from './support/client-fake'
import { freePort, MortalServer } from './support/client-server'
import { FaultProxy } from './support/fault-proxy'
import { realServer } from './support/servers'
import { untilTold } from './support/told'
import { until } from './support/until'

const SOON = { minMs: 5, maxMs: 50 }
const works = (redis: Redis) => until('it works', () => redis.ping().then(() => true, () => false))

describe('a server that is absent', () => {
  test('calls reject within their deadline and say why, and it is found when it comes', async () => {
    await using server = MortalServer.prepare()
    await using redis = new Redis({ url: server.url, reconnect: SOON, commandTimeout: 200, breaker: false })
    const begun = performance.now()
    const unavailable = { code: 'ERR_UNAVAILABLE', retryable: true, maybeExecuted: false }
    await assert.rejects(redis.command('SET', 'k', 'v'), unavailable)
    assert.ok(performance.now() - begun < 5000)
    await untilTold(() => redis.ping(), unavailable, `no connection in time: ${server.path}: No such file or directory`)
    await server.start()
    await works(redis)
    assert.equal(await redis.command('GET', 'k'), null)
    assert.ok(redis.metrics().connectFailures > 0)
  })

  test('a call waits for a server that comes in time', async () => {
    await using server = MortalServer.prepare()
    await using redis = new Redis({ url: server.url, reconnect: SOON, commandTimeout: '30s' })
    const replies = Promise.all([redis.command('INCR', 'n'), redis.command('INCR', 'n'), redis.command('RPUSH', 'l', 'a')])
    await until('it has tried', () => redis.metrics().connectFailures > 1)
    await server.start()
    assert.deepEqual(await replies, [1, 2, 1])
  })

  test('connect rejects at once, and says where', async () => {
    const port = await freePort()
    await assert.rejects(Redis.connect({ port, reconnect: SOON }), {
      code: 'ERR_UNAVAILABLE', retryable: true, maybeExecuted: false, message: `127.0.0.1:${port}: Connection refused`,
    })
  })

  test('no more calls wait than the bound allows', async () => {
    await using redis = new Redis({ port: await freePort(), maxPending: 10, commandTimeout: 300 })
    const calls = await Promise.allSettled(Array.from({ length: 25 }, () => redis.ping()))
    const codes = calls.map((call) => (call.status === 'rejected' ? call.reason.code : 'fulfilled'))
    assert.deepEqual(codes, [...Array(10).fill('ERR_UNAVAILABLE'), ...Array(15).fill('ERR_BUSY')])
    assert.deepEqual([redis.metrics().refused, redis.metrics().pending], [15, 0])
  })

  test('attempts are counted, and their delays grow up to the bound', async () => {
    await using redis = new Redis({ port: await freePort(), reconnect: { minMs: 4, maxMs: 16 }, commandTimeout: '30s' })
    const events = recordEvents(redis)
    const ping = assert.rejects(redis.ping(), { code: 'ERR_CLOSED' })
    await until('seven attempts', () => events.filter(({ name }) => name === 'reconnecting').length >= 7)
    const tries = events.filter(({ name }) => name === 'reconnecting').slice(0, 7)
    assert.deepEqual(tries.map(({ info }) => info.attempt), [2, 3, 4, 5, 6, 7, 8])
    tries.forEach(({ info }, i) => {
      const most = Math.min(4 * 2 ** i, 16)
      assert.ok(info.delayMs >= Math.floor(most / 2) && info.delayMs <= most, `${info.delayMs} ms for attempt ${info.attempt}`)
    })
    await redis.close({ timeoutMs: 1 })
    await ping
  })
})

describe('a server that stops and goes on', () => {
  test('calls time out as maybe executed, and all is well when it goes on', async () => {
    await using server = await MortalServer.start()
    await using redis = await Redis.connect({ url: server.url, commandTimeout: 200, watchdogMs: '1h' })
    await redis.command('SET', 'n', '0')
    server.kill('SIGSTOP')
    await assert.rejects(redis.command('INCR', 'n'), { code: 'ERR_TIMEOUT', retryable: true, maybeExecuted: true, message: 'no reply within 200 ms' })
    assert.equal((await redis.health({ timeoutMs: 100 })).error?.code, 'ERR_TIMEOUT')
    server.kill('SIGCONT')
    await works(redis)
    assert.equal(await redis.command('GET', 'n'), '1')
    assert.deepEqual([redis.metrics().connections, redis.metrics().watchdogTrips], [1, 0])
  })

  test('the watchdog gives up a connection that is silent for long', async () => {
    await using server = await MortalServer.start()
    await using redis = await Redis.connect({ url: server.url, commandTimeout: '30s', watchdogMs: 100, reconnect: SOON })
    const events = recordEvents(redis)
    server.kill('SIGSTOP')
    await assert.rejects(redis.command('INCR', 'n'), { code: 'ERR_UNAVAILABLE', maybeExecuted: true, message: 'the connection was lost before the reply came' })
    assert.equal(redis.metrics().watchdogTrips, 1)
    server.kill('SIGCONT')
    await works(redis)
    assert.deepEqual(namesOf(events).slice(0, 3), ['gap', 'error', 'reconnecting'])
    assert.match(events[1].info.message, /: the connection was silent for too long$/)
  })

  test('a paused server that answers again within the watchdog keeps its connection', async () => {
    await using server = await MortalServer.start()
    await using redis = await Redis.connect({ url: server.url, commandTimeout: '30s', watchdogMs: 1000 })
    await redis.command('CLIENT', 'PAUSE', 300, 'ALL')
    assert.equal(await redis.command('INCR', 'n'), 1)
    assert.deepEqual([redis.metrics().connections, redis.metrics().watchdogTrips], [1, 0])
  })
})

describe('a server killed in the middle of 10 000 INCRs', () => {
  type Failure = { code: string; maybeExecuted: boolean }

  /** What the callers were told: how many calls were acknowledged, and for how many it is not known. */
  async function inBursts(redis: Redis, meanwhile: (burst: number) => void) {
    const calls: Promise<Failure | null>[] = []
    const call = (...args: [string, ...(string | number)[]]) =>
      calls.push(redis.command(...args).then(() => null, (error: Failure) => error))
    for (let burst = 0; burst < 100; burst++) {
      for (let i = 0; i < 50; i++) {
        call('INCR', 'n')
        call('INCRBY', 'n', 1)
      }
      meanwhile(burst)
      await new Promise(setImmediate)
    }
    const failures = (await Promise.all(calls)).filter((failure) => failure !== null)
    for (const { code } of failures) assert.match(code, /^ERR_(UNAVAILABLE|TIMEOUT)$/)
    return { acknowledged: calls.length - failures.length, doubtful: failures.filter(({ maybeExecuted }) => maybeExecuted).length }
  }

  test('and started again: the count is what was acknowledged, give or take what was doubtful', async () => {
    await using server = await MortalServer.start('--appendonly', 'yes', '--appendfsync', 'always')
    await using redis = await Redis.connect({ url: server.url, commandTimeout: '30s', reconnect: SOON })
    let restarted: Promise<void> | undefined
    const { acknowledged, doubtful } = await inBursts(redis, (burst) => {
      if (burst === 50) restarted = server.crash().then(() => server.start())
    })
    await restarted
    const count = Number(await redis.command('GET', 'n'))
    assert.ok(acknowledged <= count && count <= acknowledged + doubtful, `${acknowledged} <= ${count} <= ${acknowledged} + ${doubtful}`)
    assert.ok(acknowledged > 0 && redis.metrics().connections > 1)
  })

  for (const [how, cut] of [
    ['by CLIENT KILL', (server: MortalServer) => void server.ask('CLIENT KILL TYPE normal').catch(() => {})],
    ['by a reset', (_: MortalServer, proxy: FaultProxy) => proxy.reset()],
  ] as const) {
    test(`or only its connections, ${how}, many times`, async () => {
      await using server = await MortalServer.start()
      await using proxy = await FaultProxy.start(server)
      await using redis = await Redis.connect({ url: proxy.url, commandTimeout: '30s', reconnect: { minMs: 1, maxMs: 5 } })
      const { acknowledged, doubtful } = await inBursts(redis, (burst) => {
        if (burst % 10 === 5) cut(server, proxy)
      })
      const count = Number(await redis.command('GET', 'n'))
      assert.ok(acknowledged <= count && count <= acknowledged + doubtful, `${acknowledged} <= ${count} <= ${acknowledged} + ${doubtful}`)
      assert.ok(acknowledged > 0 && redis.metrics().connections > 1)
    })
  }
})

describe('events', () => {
  test('tell of a lost connection and of its return, in order', async () => {
    await using server = await MortalServer.start()
    const redis = new Redis({ url: server.url, reconnect: SOON, commandTimeout: 300 })
    const events = recordEvents(redis)
    await redis.ping()
    await server.crash()
    await until('it tries again', () => redis.status === 'reconnecting')
    await server.start()
    await works(redis)
    await redis.close()
    assert.deepEqual(namesOf(events).slice(0, 5), ['connect', 'ready', 'gap', 'error', 'reconnecting'])
    assert.deepEqual(namesOf(events).slice(-3), ['connect', 'ready', 'close'])
    assert.deepEqual(events[0].info, { attempt: 1, node: server.path })
    assert.deepEqual(events[1].info, { server: redis.server })
    assert.deepEqual(events[2].info, { reason: 'the connection was lost', node: server.path })
    assert.equal(events[3].info.code, 'ERR_UNAVAILABLE')
    assert.ok(events[3].info.message.startsWith(`${server.path}: `))
    assert.deepEqual(events.at(-1)!.info, {})
  })

  test('an error that nobody listens to does not throw', async () => {
    await using redis = new Redis({ port: await freePort(), reconnect: SOON, commandTimeout: 100 })
    await assert.rejects(redis.ping())
    assert.ok(redis.metrics().connectFailures > 0)
  })

  test('a listener that throws stops neither the others nor the client', async (t) => {
    const uncaught: Error[] = []
    const before = process.listeners('uncaughtException')
    process.removeAllListeners('uncaughtException')
    process.on('uncaughtException', (error) => uncaught.push(error))
    t.after(() => {
      process.removeAllListeners('uncaughtException')
      before.forEach((listener) => process.on('uncaughtException', listener))
    })
    await using server = await realServer()
    const redis = new Redis(server.url)
    const names = ['connect', 'ready', 'close']
    for (const name of names) {
      redis.on(name as 'connect', () => {
        throw new Error(`thrown by ${name}`)
      })
    }
    assert.equal(await redis.ping(), 'PONG')
    await redis.close()
    await until('all have thrown', () => uncaught.length === 3)
    assert.deepEqual(uncaught.map(({ message }) => message), names.map((name) => `thrown by ${name}`))
  })

  test('a server of another version that comes back is asked anew what it is', async () => {
    let old = true
    await using fake = await fakeRedis(([name]) => {
      if (old && name === 'HELLO') return "-ERR unknown command 'HELLO'\r\n"
      if (old && name === 'INFO') return '$22\r\nredis_version:5.0.14\r\n\r\n'
      return name === 'QUITNOW' ? '' : undefined
    })
    await using proxy = await FaultProxy.start(fake)
    await using redis = await Redis.connect({ url: proxy.url, reconnect: SOON })
    assert.equal(redis.server.version, '5.0.14')
    old = false
    proxy.reset()
    await until('the new one is known', () => redis.server.version === '9.8.7')
    assert.equal(redis.metrics().connectFailures, 0)
  })
})
