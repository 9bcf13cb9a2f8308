import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import { Redis, RedisRepository, TypeSafeCache, type RedisEvents, type RedisOptions } from '../index.js'
import { fakeRedis } from './support/client-fake'
import { freePort, MortalServer } from './support/client-server'
import { FaultProxy } from './support/fault-proxy'
import { realServer } from './support/servers'
import { until } from './support/until'

/** So long that it does not pass by itself in a test. */
const LONG = '1h'
const SOON = { minMs: 5, maxMs: 50 }
const REFUSED = { name: 'RedwrightError', code: 'ERR_CIRCUIT_OPEN', retryable: true, maybeExecuted: false }

/** The codes with which as many commands end that are sent together. */
async function codes(redis: Redis, count: number): Promise<string[]> {
  const calls = await Promise.allSettled(Array.from({ length: count }, () => redis.command('INCR', 'n')))
  return calls.map((call) => (call.status === 'fulfilled' ? 'done' : call.reason.code))
}

const works = async (redis: Redis) => (await codes(redis, 1))[0] === 'done'

/** A server that hangs, and a client whose breaker has opened over it. The link stands all the while. */
async function hung(work: (redis: Redis, server: MortalServer) => Promise<void>, options?: RedisOptions): Promise<void> {
  await using server = await MortalServer.start()
  await using redis = await Redis.connect({ url: server.url, commandTimeout: 150, watchdogMs: LONG, breaker: { openMs: LONG }, ...options })
  const told = once(redis, 'breaker')
  server.kill('SIGSTOP')
  assert.deepEqual([...new Set(await codes(redis, 5))], ['ERR_TIMEOUT'])
  assert.equal(redis.metrics().breaker.opened, 1)
  assert.equal((await told)[0].state, 'open')
  await work(redis, server)
  server.kill('SIGCONT')
}

function turnsOf(redis: Redis): RedisEvents['breaker'][] {
  const turns: RedisEvents['breaker'][] = []
  redis.on('breaker', (turn) => turns.push(turn))
  return turns
}

describe('the breaker of a client whose server hangs', () => {
  test('refuses at once after five deadlines in a row, and sends nothing', () =>
    hung(async (redis, server) => {
      const { operations } = redis.metrics()
      await assert.rejects(redis.command('INCR', 'n'), REFUSED)
      assert.deepEqual(redis.metrics().breaker, { state: 'open', opened: 1, rejected: 1 })
      assert.deepEqual([redis.metrics().operations, redis.metrics().pending], [operations, 0])
      server.kill('SIGCONT')
      await until('the five are executed', async () => (await server.ask('GET n')) === '$1\r\n5\r\n')
    }))

  test('is one for all that is built over the client', () =>
    hung(async (redis) => {
      const cache = new TypeSafeCache(redis, { timeoutMs: '5m' })
      const carts = new RedisRepository(redis, 'cart')
      for (const call of [cache.get('a'), cache.set('a', 1), cache.getMany(['a']), cache.clear(), carts.get('a'), carts.delete('a')]) {
        await assert.rejects(call, REFUSED)
      }
      assert.equal(await cache.getOrSet('a', () => 'loaded without waiting'), 'loaded without waiting')
      assert.equal(redis.metrics().breaker.rejected, 7)
    }))

  test('is not asked by health, which tells what is so and closes it when all is well', () =>
    hung(async (redis, server) => {
      const turns = turnsOf(redis)
      assert.equal((await redis.health({ timeoutMs: 100 })).error?.code, 'ERR_TIMEOUT')
      assert.equal(redis.metrics().breaker.state, 'open')
      server.kill('SIGCONT')
      assert.equal((await redis.health({ timeoutMs: '30s' })).ok, true)
      await until('it works', () => works(redis))
      await until('it is told', () => turns.length > 0)
      assert.deepEqual(turns, [{ state: 'closed' }])
    }))

  test('is not asked by ping, which closes it when it is answered', () =>
    hung(async (redis, server) => {
      await assert.rejects(redis.ping(), { code: 'ERR_TIMEOUT' })
      assert.equal(redis.metrics().breaker.state, 'open')
      server.kill('SIGCONT')
      await until('a ping is answered', () => redis.ping().then(() => true, () => false))
      await until('it works', () => works(redis))
    }))

  test('lets one command probe when its time is over, and opens again when that fails', () =>
    hung(
      async (redis) => {
        const turns = turnsOf(redis)
        await until('it may probe', () => redis.metrics().breaker.state === 'half-open')
        assert.deepEqual(await codes(redis, 4), ['ERR_TIMEOUT', ...Array(3).fill('ERR_CIRCUIT_OPEN')])
        assert.equal(redis.metrics().breaker.opened, 2)
        await until('it is told', () => turns.length > 1)
        assert.deepEqual(turns.slice(0, 2).map(({ state }) => state), ['half-open', 'open'])
        assert.equal(turns[1]!.error?.code, 'ERR_TIMEOUT')
      },
      { breaker: { openMs: 300 } },
    ))

  test('closes when the probe is answered', () =>
    hung(
      async (redis, server) => {
        server.kill('SIGCONT')
        await until('it works', () => works(redis))
        assert.equal(redis.metrics().breaker.state, 'closed')
        assert.deepEqual(await codes(redis, 10), Array(10).fill('done'))
        assert.deepEqual([redis.metrics().connections, redis.metrics().watchdogTrips], [1, 0])
      },
      { breaker: { openMs: 50 }, commandTimeout: 1000 },
    ))

  test('gives the place of a probe that was cancelled to the next command', () =>
    hung(
      async (redis) => {
        const cache = new TypeSafeCache(redis, { timeoutMs: LONG })
        await until('it may probe', () => redis.metrics().breaker.state === 'half-open')
        const abort = new AbortController()
        const probe = cache.lookup('a', { signal: abort.signal })
        assert.deepEqual(await codes(redis, 1), ['ERR_CIRCUIT_OPEN'])
        abort.abort()
        await assert.rejects(probe, { name: 'AbortError' })
        await until('the cancellation has arrived', () => redis.metrics().cancelled === 1)
        assert.deepEqual(await codes(redis, 1), ['ERR_TIMEOUT'])
      },
      { breaker: { openMs: 50 } },
    ))

  test('opens at a rate of errors where that is asked for', () =>
    hung(
      async (redis) => {
        assert.deepEqual(redis.metrics().breaker, { state: 'open', opened: 1, rejected: 0 })
      },
      { breaker: { errorRate: 1, minimumCalls: 5, openMs: LONG } },
    ))

  test('does not keep close waiting', () =>
    hung(async (redis) => {
      await redis.close({ timeoutMs: '5m' })
      await assert.rejects(redis.command('GET', 'n'), { code: 'ERR_CLOSED' })
    }))
})

describe('the breaker of a client whose server is away', () => {
  test('opens after five deadlines and tells why, and a new connection closes it', async () => {
    await using server = MortalServer.prepare()
    await using redis = new Redis({ url: server.url, reconnect: SOON, commandTimeout: 1000, breaker: { openMs: LONG } })
    const turns = turnsOf(redis)
    assert.deepEqual(await codes(redis, 5), Array(5).fill('ERR_UNAVAILABLE'))
    assert.deepEqual(await codes(redis, 1), ['ERR_CIRCUIT_OPEN'])
    await server.start()
    await until('it is ready', () => redis.status === 'ready')
    assert.deepEqual(await codes(redis, 10), Array(10).fill('done'))
    await until('it is told', () => turns.length > 1)
    assert.deepEqual(turns.map(({ state }) => state), ['open', 'closed'])
    assert.deepEqual([turns[0]!.error?.code, turns[0]!.error?.maybeExecuted, 'error' in turns[1]!], ['ERR_UNAVAILABLE', false, false])
  })

  test('opens by itself and not where it is switched off', async () => {
    const port = await freePort()
    for (const [breaker, opened] of [[undefined, 1], [true, 1], [false, 0]] as const) {
      await using redis = new Redis({ port, commandTimeout: 50, breaker })
      assert.deepEqual(await codes(redis, 5), Array(5).fill('ERR_UNAVAILABLE'))
      assert.equal(redis.metrics().breaker.opened, opened, `breaker: ${breaker}`)
    }
  })

  test('is not opened by what only asks: ping, health, connect', async () => {
    await using redis = new Redis({ port: await freePort(), commandTimeout: 20, breaker: { threshold: 1 } })
    for (let i = 0; i < 3; i++) {
      await assert.rejects(redis.ping(), { code: 'ERR_UNAVAILABLE' })
      assert.equal((await redis.health({ timeoutMs: 20 })).ok, false)
    }
    assert.deepEqual(redis.metrics().breaker, { state: 'closed', opened: 0, rejected: 0 })
  })

  test('is another one for a duplicate, with the same options', async () => {
    await using redis = new Redis({ port: await freePort(), commandTimeout: 20, breaker: { threshold: 2, openMs: LONG } })
    await using second = redis.duplicate()
    await codes(redis, 2)
    assert.deepEqual([redis.metrics().breaker.state, second.metrics().breaker.state], ['open', 'closed'])
    await codes(second, 2)
    assert.equal(second.metrics().breaker.state, 'open')
  })
})

describe('the breaker of a client stays closed', () => {
  const closed = { state: 'closed', opened: 0, rejected: 0 }

  test('when a connection is lost under many commands: what waits for the next one is served', async () => {
    await using server = await realServer({ tcp: true })
    await using proxy = await FaultProxy.start(server)
    await using redis = await Redis.connect({ url: proxy.url, commandTimeout: '30s', reconnect: SOON, breaker: { threshold: 1, openMs: LONG } })
    for (let round = 0; round < 5; round++) {
      proxy.dropReplies = true
      const { repliesDropped } = proxy
      const lost = codes(redis, 50)
      await until('they are under way', () => proxy.repliesDropped > repliesDropped)
      proxy.dropReplies = false
      proxy.reset()
      const waiting = codes(redis, 50)
      assert.ok((await lost).includes('ERR_UNAVAILABLE'))
      assert.ok(!(await waiting).includes('ERR_CIRCUIT_OPEN'))
      assert.deepEqual(await codes(redis, 50), Array(50).fill('done'))
    }
    assert.deepEqual(redis.metrics().breaker, closed)
  })

  test('when the server answers with errors', async () => {
    await using server = await MortalServer.start('--maxmemory', '1mb', '--maxmemory-policy', 'noeviction')
    await using redis = await Redis.connect({ url: server.url, breaker: { threshold: 1 } })
    await server.ask('CONFIG SET maxmemory 1gb')
    await redis.command('SET', 'text', 'x')
    await assert.rejects(redis.command('LPUSH', 'text', 'x'), { serverCode: 'WRONGTYPE' })
    await server.ask('CONFIG SET maxmemory 1')
    await assert.rejects(redis.command('SET', 'text', 'y'), { serverCode: 'OOM' })
    await assert.rejects(redis.command('NOSUCH'), { code: 'ERR_SERVER' })
    await assert.rejects(redis.command('SUBSCRIBE', 'x'), TypeError)
    assert.equal(await redis.command('GET', 'text'), 'x')
    assert.deepEqual(redis.metrics().breaker, closed)
  })

  test('when the password is refused: that is answered at once, and says more than an open circuit', async () => {
    await using server = await realServer({ tcp: true })
    const { host, port } = server
    await using redis = new Redis({ host, port, password: 'wrong', breaker: { threshold: 1 } })
    for (let i = 0; i < 3; i++) assert.deepEqual(await codes(redis, 5), Array(5).fill('ERR_AUTH'))
    assert.deepEqual(redis.metrics().breaker, closed)
  })

  test('when too much is pending', async () => {
    await using fake = await fakeRedis(([name]) => (name === 'INCR' ? '' : undefined))
    await using redis = await Redis.connect({ url: fake.url, maxPending: 1, commandTimeout: '30s', watchdogMs: LONG, breaker: { threshold: 1 } })
    const held = codes(redis, 10)
    await new Promise(setImmediate)
    assert.deepEqual(redis.metrics().breaker, closed)
    await redis.close({ timeoutMs: 1 })
    assert.deepEqual((await held).slice(1), Array(9).fill('ERR_BUSY'))
  })

  test('when callers give up', async () => {
    await using fake = await fakeRedis(([name]) => (name === 'GET' || name === 'PTTL' ? '' : undefined))
    await using redis = await Redis.connect({ url: fake.url, commandTimeout: '30s', watchdogMs: LONG, breaker: { threshold: 1 } })
    const cache = new TypeSafeCache(redis)
    for (let i = 0; i < 3; i++) {
      const abort = new AbortController()
      const lookup = cache.lookup('a', { signal: abort.signal })
      abort.abort()
      await assert.rejects(lookup, { name: 'AbortError' })
    }
    await until('the cancellations have arrived', () => redis.metrics().cancelled === 3)
    assert.deepEqual(redis.metrics().breaker, closed)
    await redis.close({ timeoutMs: 1 })
  })
})

test('the breaker of a client opens over a server that is loading up to every deadline', async () => {
  for (const refusal of ['LOADING Redis is loading', 'MASTERDOWN Link with MASTER is down']) {
    await using fake = await fakeRedis(([name]) => (name === 'INCR' ? `-${refusal}\r\n` : undefined))
    await using redis = await Redis.connect({ url: fake.url, commandTimeout: 100, breaker: { openMs: LONG } })
    await codes(redis, 5)
    assert.deepEqual(await codes(redis, 1), ['ERR_CIRCUIT_OPEN'], refusal)
  }
})

describe('the option breaker', () => {
  const wrong: [breaker: unknown, name: string, message: RegExp][] = [
    ['on', 'TypeError', /^options.breaker must be a boolean or an object, got a string/],
    [5, 'TypeError', /^options.breaker must be a boolean or an object, got a number/],
    [null, 'TypeError', /^options.breaker must be a boolean or an object, got null/],
    [[], 'TypeError', /^options.breaker must be an object, got an array/],
    [{ openms: 1 }, 'TypeError', /^options.breaker.openms is not an option; did you mean 'openMs'\?/],
    [{ isFailure: () => true }, 'TypeError', /^options.breaker.isFailure is not an option/],
    [{ threshold: -1 }, 'RangeError', /^options.breaker.threshold must be/],
    [{ openMs: 0 }, 'RangeError', /^options.breaker.openMs must be/],
  ]
  for (const [breaker, name, message] of wrong) {
    test(`refuses ${JSON.stringify(breaker)}`, () => {
      assert.throws(() => new Redis({ breaker } as any), { name, message, code: 'ERR_INVALID_ARG' })
    })
  }
})
