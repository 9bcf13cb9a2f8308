import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { Redis, TypeSafeCache, type RedisOptions } from '../index.js'
import { FaultProxy } from './support/fault-proxy'
import { realServer } from './support/servers'
import { untilTold } from './support/told'
import { until } from './support/until'
import { ask } from './support/wire'

const server = await realServer()
after(() => server.stop())
const SOON = { minMs: 1, maxMs: 20 }

/** A client through a fault proxy, and a way to the server past it. */
async function throughProxy(options?: RedisOptions) {
  const proxy = await FaultProxy.start(server)
  const redis = new Redis({ url: proxy.url, reconnect: SOON, commandTimeout: '30s', ...options })
  await until('it stands', () => redis.ping().then(() => true, () => false))
  return {
    proxy,
    redis,
    async [Symbol.asyncDispose]() {
      await redis.close({ timeoutMs: 1 })
      await proxy.stop()
    },
  }
}

const past = async (command: string) => (await ask(server, `${command}\r\n`, /^([-+:].*|\$-1|\$\d+\r\n[^]*)\r\n$/)).trim()
const works = (redis: Redis) => until('it works', () => redis.ping().then(() => true, () => false))

describe('nothing is sent twice that does not bear it', () => {
  for (const [command, ...args] of [['INCR', 'twice'], ['INCRBY', 'twice', 1], ['EVAL', `return redis.call('INCR', 'twice')`, 0], ['SET', 'twice', '1']] as const) {
    test(`${command}: its reply is lost, and it is rejected as maybe executed`, async () => {
      await using _ = await throughProxy()
      const { proxy, redis } = _
      await redis.command('DEL', 'twice')
      proxy.dropReplies = true
      const call = assert.rejects(redis.command(command, ...args), {
        code: 'ERR_UNAVAILABLE', retryable: true, maybeExecuted: true, message: 'the connection was lost before the reply came',
      })
      await until('executed, and the reply lost', async () => proxy.repliesDropped > 0 && (await past('EXISTS twice')) === ':1')
      proxy.dropReplies = false
      proxy.reset()
      await call
      await works(redis)
      assert.equal(await redis.command('GET', 'twice'), '1')
    })
  }

  test('but reads are sent again, and succeed', async () => {
    await using _ = await throughProxy()
    const { proxy, redis } = _
    const cache = new TypeSafeCache(redis, { namespace: 'again' })
    await cache.set('a', { n: 1 })
    proxy.dropReplies = true
    const reads = Promise.all([cache.get('a'), cache.getMany(['a', 'b']), cache.exists('a'), redis.ping()])
    await until('lost', () => proxy.repliesDropped > 0)
    proxy.dropReplies = false
    proxy.reset()
    assert.deepEqual(await reads, [{ n: 1 }, [{ n: 1 }, null], true, 'PONG'])
  })

  test('a script that has written and then answers with a passing error is not run again', async () => {
    await using _ = await throughProxy()
    const { redis } = _
    for (const code of ['TRYAGAIN', 'LOADING', 'READONLY', 'CLUSTERDOWN']) {
      await redis.command('DEL', 'ran')
      const script = `redis.call('INCR', 'ran') return redis.error_reply('${code} of its own')`
      await assert.rejects(redis.command('EVAL', script, 0))
      assert.equal(await past('GET ran'), '$1\r\n1', code)
    }
  })

  test('an error that ends the connection is not taken for the answer to other calls', async () => {
    await using _ = await throughProxy()
    const { redis } = _
    await redis.command('DEL', 'bystander')
    const calls = await Promise.allSettled([
      redis.command('EVAL', `return redis.error_reply('CLUSTERDOWN of its own')`, 0),
      ...Array.from({ length: 100 }, () => redis.command('INCR', 'bystander')),
    ])
    const increments = calls.slice(1)
    const acknowledged = increments.filter(({ status }) => status === 'fulfilled').length
    const doubtful = increments.filter((call) => call.status === 'rejected' && call.reason.maybeExecuted).length
    await works(redis)
    const count = Number(await redis.command('GET', 'bystander'))
    assert.ok(acknowledged <= count && count <= acknowledged + doubtful, `${acknowledged} <= ${count} <= ${acknowledged} + ${doubtful}`)
  })
})

describe('a network that', () => {
  test('delays: calls wait', async () => {
    await using _ = await throughProxy()
    const { proxy, redis } = _
    proxy.delayMs = 100
    const begun = performance.now()
    assert.deepEqual(await Promise.all([redis.command('ECHO', 'a'), redis.command('ECHO', 'b')]), ['a', 'b'])
    assert.ok(performance.now() - begun >= 190)
    assert.equal(redis.metrics().connections, 1)
  })

  test('delays longer than the deadline: late replies go to nobody', async () => {
    await using _ = await throughProxy({ commandTimeout: 500, watchdogMs: '1h' })
    const { proxy, redis } = _
    await redis.command('SET', 'late', 'late')
    proxy.freeze()
    const calls = Array.from({ length: 20 }, (_, i) => assert.rejects(redis.command('ECHO', `early ${i}`), { code: 'ERR_TIMEOUT', maybeExecuted: true }))
    await Promise.all(calls)
    proxy.thaw()
    await works(redis)
    for (let i = 0; i < 20; i++) assert.equal(await redis.command('ECHO', `after ${i}`), `after ${i}`)
    assert.equal(redis.metrics().connections, 1)
  })

  test('goes half-open under steady traffic: the watchdog makes the connection anew', async () => {
    await using _ = await throughProxy({ watchdogMs: 100, commandTimeout: 300 })
    const { proxy, redis } = _
    proxy.halfOpen()
    const failures = new Set<string>()
    let healed = false
    // Nobody waits for an answer before the next write, as under load.
    await until('healed', () => {
      redis.command('ECHO', 'x').then(() => (healed = true), ({ code }) => failures.add(code))
      return healed
    })
    assert.ok(redis.metrics().watchdogTrips >= 1)
    assert.ok(failures.size > 0)
  })

  test('goes half-open while nothing is asked: the next call finds a sound connection', async () => {
    await using _ = await throughProxy({ watchdogMs: 50 })
    const { proxy, redis } = _
    proxy.halfOpen()
    await until('noticed and healed', () => redis.metrics().watchdogTrips >= 1 && redis.metrics().connections >= 2)
    assert.equal(await redis.ping(), 'PONG')
  })

  test('freezes: the watchdog tries until it is over', async () => {
    await using _ = await throughProxy({ watchdogMs: 50, connectTimeout: 100 })
    const { proxy, redis } = _
    proxy.freeze()
    const call: Promise<any> = redis.command('INCR', 'frozen').catch((error) => error)
    await until('given up more than once', () => redis.metrics().watchdogTrips >= 1 && redis.metrics().connectFailures > 1)
    assert.deepEqual([(await call).code, (await call).maybeExecuted], ['ERR_UNAVAILABLE', true])
    proxy.thaw()
    await works(redis)
  })

  test('resets and refuses for a while', async () => {
    await using _ = await throughProxy({ commandTimeout: 200 })
    const { proxy, redis } = _
    proxy.refuse()
    proxy.reset()
    await assert.rejects(redis.command('GET', 'k'), { code: 'ERR_UNAVAILABLE' })
    await untilTold(() => redis.ping(), { code: 'ERR_UNAVAILABLE', maybeExecuted: false }, `no connection in time: 127.0.0.1:${proxy.port}: Connection refused`)
    await proxy.accept()
    await works(redis)
  })

  test('ends a connection after any number of bytes: no caller gets a wrong answer', async () => {
    await using _ = await throughProxy({ reconnect: { minMs: 1, maxMs: 1 } })
    const { proxy, redis } = _
    await redis.command('RPUSH', 'numbers', ...Array.from({ length: 20 }, (_, i) => i))
    const big = 'x'.repeat(5000)
    await redis.command('SET', 'big', big)
    const numbers = Array.from({ length: 20 }, (_, i) => String(i))
    // A linear congruential generator (Numerical Recipes), so that every run cuts at the same places.
    let seed = 12345
    const cuts = [...Array.from({ length: 150 }, (_, i) => i), ...Array.from({ length: 100 }, () => (seed = (seed * 1664525 + 1013904223) >>> 0) % 8000)]
    for (const [i, cut] of cuts.entries()) {
      proxy.cutAfter(cut)
      const wanted: [reply: unknown, call: Promise<unknown>][] = [
        [`a ${i}`, redis.command('ECHO', `a ${i}`)],
        [numbers, redis.command('LRANGE', 'numbers', 0, -1)],
        [big, redis.command('GET', 'big')],
        [null, redis.command('GET', 'absent')],
        [`b ${i}`, redis.command('ECHO', `b ${i}`)],
      ]
      const answers = await Promise.all(wanted.map(async ([reply, call]) => [reply, await call.catch((error) => error)]))
      for (const [reply, got] of answers) {
        if (got instanceof Error) assert.deepEqual([(got as any).code, (got as any).maybeExecuted], ['ERR_UNAVAILABLE', true], `after ${cut} bytes: ${got.stack}`)
        else assert.deepEqual(got, reply, `after ${cut} bytes`)
      }
    }
    proxy.cutAfter(1e9)
    await works(redis)
    assert.ok(redis.metrics().connections > 100, `${redis.metrics().connections} connections`)
    assert.equal(redis.metrics().pending, 0)
  })
})
