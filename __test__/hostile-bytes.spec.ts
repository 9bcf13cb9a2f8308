import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { Redis, TypeSafeCache } from '../index.js'
import type { RedisOptions } from '../index.js'
import { bulk, fakeRedis } from './support/client-fake'
import { BYTES, many, MESSAGES, STREAMS, UNASKED } from './support/hostile-bytes'
import { HostileServer, type Misbehaviour, REPLIES, REPLIES_OF_RESP3 } from './support/hostile-server'
import { inTime } from './support/in-time'
import { until } from './support/until'

const QUICK = { commandTimeout: 200, connectTimeout: 500, watchdogMs: 100, reconnect: { minMs: 1, maxMs: 5 } }

/** For whoever is answered at once. */
const PATIENT = { commandTimeout: '1m', watchdogMs: '1m' } as const

async function connect(server: HostileServer, options: RedisOptions = {}): Promise<Redis> {
  const redis = new Redis({ url: server.url, ...QUICK, ...options })
  await inTime('it connects', () => redis.ping())
  return redis
}

/** What calls ended in, each typed. A value is a call's own, but for the first `lied`, to which the server may have said anything. */
async function endsOf(redis: Redis, lied = 0): Promise<string[]> {
  const calls = Array.from({ length: 8 }, (_, i) => redis.command('ECHO', `own ${i}`))
  const ends = await Promise.allSettled(calls)
  return ends.map((end, i) => {
    if (end.status === 'rejected') {
      assert.equal(end.reason.name, 'RedwrightError', end.reason.stack)
      return end.reason.code
    }
    if (i < lied) return 'a lie'
    assert.equal(end.value, `own ${i}`)
    return 'its own'
  })
}

/** The server behaves from now on, and all is well. */
async function worksAgain(server: HostileServer, redis: Redis): Promise<void> {
  server.misbehave = undefined
  // Replies that never came shift those behind them, until the watchdog asks for its word.
  await until('replies are right again', () => redis.command('ECHO', 'right').then((word) => word === 'right', () => false))
  // The deadlines are short, and a busy machine may miss one.
  await until('it works again', async () => (await endsOf(redis)).every((end) => end === 'its own'))
  await until('nothing is pending', () => redis.metrics().pending === 0)
}

for (const protocol of [2, 3] as const) {
  describe(`what is no reply, over RESP${protocol}`, () => {
    for (const [what, bytes] of Object.entries({ ...BYTES, ...(protocol === 3 ? STREAMS : {}) })) {
      test(what, async () => {
        await using server = await HostileServer.start()
        await using redis = await connect(server, { protocol })
        let told = false
        server.lieTo('ECHO', () => (told ? '' : ((told = true), bytes)))
        const ends = await endsOf(redis, 1)
        assert.ok(told && !ends.includes('its own'), ends.join())
        await worksAgain(server, redis)
      })
    }
  })
}

describe('a stream that comes in parts', () => {
  for (const [what, bytes] of Object.entries(STREAMS)) {
    test(`${what} is a value or a typed error`, async () => {
      await using server = await HostileServer.start()
      await using redis = await connect(server, { commandTimeout: 500, watchdogMs: 500 })
      const parts = bytes.match(/;[1-9]\d*\r\n.*\r\n|[^]*?\r\n/g)!.slice(0, 20)
      server.lieTo('ECHO', (_, socket) => {
        // Each in a read of its own, since of those that come together only the first is looked at.
        parts.forEach((part, i) => setTimeout(() => socket.write(part), 5 * i))
        server.misbehave = undefined
        return ''
      })
      const end = await redis.command('ECHO', 'a').catch((error) => error.name)
      assert.ok(end === 'Hello' || end === 'RedwrightError', String(end))
      await worksAgain(server, redis)
    })
  }
})

describe('what nobody asked for', () => {
  /** Before the replies, between them, behind them. */
  const places: Record<string, (bytes: string) => Misbehaviour> = {
    'before a reply': (bytes) => ([, word]) => (word === 'own 3' ? `${bytes}$5\r\nown 3\r\n` : undefined),
    'behind a reply': (bytes) => ([, word]) => (word === 'own 3' ? `$5\r\nown 3\r\n${bytes}` : undefined),
    'again and again': (bytes) => ([, word]) => `${bytes.repeat(100)}$${word!.length}\r\n${word}\r\n`,
  }
  for (const [where, lie] of Object.entries(places)) {
    for (const [what, bytes] of Object.entries({ ...UNASKED, ...MESSAGES })) {
      test(`${what}, ${where}, is never another's reply`, async () => {
        await using server = await HostileServer.start()
        await using redis = await connect(server, what in MESSAGES ? PATIENT : {})
        server.lieTo('ECHO', lie(bytes))
        const ends = await endsOf(redis)
        if (what in MESSAGES) assert.deepEqual(ends, Array(8).fill('its own'))
        await worksAgain(server, redis)
      })
    }
  }
})

test('a push is no answer to a question of our own either', async () => {
  await using server = await HostileServer.start()
  await using redis = await connect(server)
  server.misbehave = ([, section]) => (section === 'memory' ? `>2\r\n+a\r\n+b\r\n${bulk('used_memory:1\r\n')}` : undefined)
  const [health, ends] = await Promise.all([redis.health(), endsOf(redis)])
  assert.equal(health.memory, undefined)
  assert.ok(!ends.includes('its own'), ends.join())
  await worksAgain(server, redis)
})

describe('a server that loses count', () => {
  /** Calls without a pause until some have got the right answers again. */
  async function untilRight(redis: Redis, name: string): Promise<void> {
    await until('answers are right again', async () => {
      const ends = await Promise.allSettled(Array.from({ length: 4 }, (_, i) => redis.command('ECHO', `${name} ${i}`)))
      for (const end of ends) {
        if (end.status === 'rejected') assert.equal(end.reason.name, 'RedwrightError')
        // The watchdog's own word is for nobody else.
        else assert.doesNotMatch(String(end.value), /^redwright-/)
      }
      return ends.every((end, i) => end.status === 'fulfilled' && end.value === `${name} ${i}`)
    })
  }

  for (const [what, lie] of [
    ['answers once too often', (word: string) => `+surplus\r\n$${word.length}\r\n${word}\r\n`],
    ['answers once too rarely', () => ''],
  ] as const) {
    test(`and ${what} is found out under steady traffic, though every reply looks right`, async () => {
      await using server = await HostileServer.start()
      // So that nothing but the watchdog's own word tells.
      await using redis = await connect(server, { commandTimeout: '1m', watchdogMs: 50 })
      let told = false
      server.lieTo('ECHO', ([, word]) => (told ? undefined : ((told = true), lie(word!))))
      const first = Promise.allSettled(['a', 'b', 'c'].map((name) => redis.command('ECHO', name)))
      await Promise.all([untilRight(redis, 'x'), untilRight(redis, 'y'), first])
      await worksAgain(server, redis)
    })
  }

  test('and answers without end what nobody asked is given up', async () => {
    await using server = await HostileServer.start()
    await using redis = await connect(server)
    server.lieTo('ECHO', (_, socket) => {
      const chunk = many('+surplus\r\n')
      const flood = () => {
        while (!socket.destroyed && socket.write(chunk));
      }
      socket.on('drain', flood)
      flood()
      return ''
    })
    await Promise.allSettled([redis.command('ECHO', 'a')])
    await until('the connection is made anew', () => redis.metrics().connections > 1)
    await worksAgain(server, redis)
  })
})

test('a walk over the keys ends, though none of its connections lasts', async () => {
  await using server = await HostileServer.start()
  await using redis = await connect(server, { commandTimeout: '1m', watchdogMs: '1m', breaker: false })
  const cache = new TypeSafeCache(redis)
  const walked = new WeakSet()
  server.lieTo('SCAN', (_, socket) => {
    if (walked.has(socket)) socket.destroy()
    walked.add(socket)
    return socket.destroyed ? '' : '*2\r\n$1\r\n5\r\n*0\r\n'
  })
  await assert.rejects(cache.deletePattern('*'), { code: 'ERR_UNAVAILABLE', message: /again and again/ })
  await worksAgain(server, redis)
  assert.equal(await cache.deletePattern('*'), 0)
})

test('replies that come a byte at a time are whole', async () => {
  // Everything that may stand in a list, in one.
  const { 'the null of RESP2': _1, 'a chunk outside of a stream': _2, 'the end of no stream': _3, 'a greeting': _4, ...plain } = REPLIES_OF_RESP3
  const { 'a set of lists': _5, 'a map with a list for a key': _6, 'an attribute before nothing': _7, 'a set': _noOrder, ...whole } = plain
  const all = Object.values({ ...REPLIES, ...whole })
  const list = `*${all.length}\r\n${all.join('')}`
  let line = Promise.resolve()
  await using server = await fakeRedis(([name, word], socket) => {
    if (name !== 'LRANGE' && (name !== 'PING' || word === undefined)) return undefined
    line = line.then(async () => {
      for (const byte of name === 'LRANGE' ? list : bulk(word!)) {
        socket.write(byte, 'latin1')
        await new Promise(setImmediate)
      }
    })
    return ''
  })
  await using redis = await Redis.connect({ url: server.url, commandTimeout: '1m', watchdogMs: '1m' })
  const slow = await redis.command<unknown[]>('LRANGE', 'l', 0, -1)
  await using quick = await fakeRedis(([name]) => (name === 'LRANGE' ? list : undefined))
  await using other = await Redis.connect(quick.url)
  assert.deepEqual(slow, await other.command('LRANGE', 'l', 0, -1))
  assert.equal(slow.length, all.length)
})

/** Bytes that look like the protocol, and are not always. */
const nonsense = fc
  .array(
    fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom(...Object.values({ ...REPLIES, ...REPLIES_OF_RESP3, ...UNASKED, ...MESSAGES })) },
      { weight: 3, arbitrary: fc.tuple(fc.constantFrom(...'+-:$*%~>|!=(#,_;.H'), fc.constantFrom('0', '1', '2', '-1', '?', '7', '99999999999', 'x', ''), fc.string({ maxLength: 8 })).map(([kind, length, text]) => `${kind}${length}\r\n${text}\r\n`) },
      { weight: 1, arbitrary: fc.constantFrom(...Object.values({ ...BYTES, ...STREAMS })) },
      { weight: 1, arbitrary: fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes).toString('latin1')) },
    ),
    { minLength: 1, maxLength: 6 },
  )
  .chain((parts) => fc.tuple(fc.constant(parts.join('')), fc.nat(200)))
  // Cut anywhere, so that what follows is out of step.
  .map(([bytes, cut]) => (cut < 100 ? bytes.slice(0, Math.ceil((bytes.length * cut) / 100)) : bytes))

test('whatever a server sends, every call ends typed and the client works when the server does', async () => {
  const script = fc.array(fc.option(nonsense, { nil: undefined }), { minLength: 1, maxLength: 6 })
  await fc.assert(
    fc.asyncProperty(script, fc.constantFrom(2, 3), fc.constantFrom('GET', 'MGET', 'SET', 'SCAN', 'ECHO', 'LRANGE', 'PING'), async (script, protocol, lie) => {
      await using server = await HostileServer.start()
      await using redis = await connect(server, { protocol, commandTimeout: 60, watchdogMs: 30 } as RedisOptions)
      const cache = new TypeSafeCache(redis)
      let said = 0
      server.lieTo(lie, () => script[said++ % script.length])
      const calls = [
        ...['a', 'b', 'c'].flatMap((key) => [cache.get(key), cache.set(key, key), cache.lookup(key)]),
        cache.getMany(['a', 'b']), cache.deletePattern('*'), redis.ping(), redis.command('LRANGE', 'l', 0, -1), redis.command('ECHO', 'x'),
      ]
      for (const end of await Promise.allSettled<unknown>(calls)) {
        if (end.status === 'rejected') assert.equal(end.reason.name, 'RedwrightError', end.reason.stack)
      }
      server.misbehave = undefined
      // A reply that swallowed another's shifts those behind it, until the watchdog asks for its word.
      await until('all is right again', async () => {
        const ends = await Promise.allSettled(['x', 'y', 'z'].map((word) => redis.command('ECHO', word)))
        return ends.map((end) => end.status === 'fulfilled' && end.value).join() === 'x,y,z'
      })
      await worksAgain(server, redis)
    }),
    { seed: 1, numRuns: 60 },
  )
})
