import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Redis } from '../index.js'
import { realServer } from './support/servers'
import { until } from './support/until'

const server = await realServer()
after(() => server.stop())

for (const protocol of [2, 3] as const) {
  describe(`RESP${protocol} replies`, () => {
    let redis: Redis
    before(async () => {
      redis = await Redis.connect({ url: server.url, protocol, db: protocol })
    })
    after(() => redis.close())
    const resp3 = protocol === 3

    const lua = (script: string) => redis.command('EVAL', script, 0)

    test('nil is null, and an empty list a list', async () => {
      assert.equal(await redis.command('GET', 'absent'), null)
      assert.equal(await redis.command('HGET', 'absent', 'field'), null)
      assert.deepEqual(await redis.command('LRANGE', 'absent', 0, -1), [])
      assert.deepEqual(await redis.command('MGET', 'absent', 'absent'), [null, null])
    })

    test('integers are numbers, and big ones bigints', async () => {
      assert.equal(await redis.command('INCRBY', 'number', '9007199254740992'), 2 ** 53)
      assert.equal(await redis.command('INCR', 'number'), 9007199254740993n)
      await redis.command('SET', 'number', '-9223372036854775807')
      assert.equal(await redis.command('DECR', 'number'), -9223372036854775808n)
    })

    test('strings come back as they went, whatever they look like', async () => {
      for (const text of ['', 'QUEUED', 'OK', 'nil', 'null', '1', '1.0', 'inf', 'NaN', 'true', '{"a":1}', 'ünï ☃ 🎈', 'a\r\nb', ' x ']) {
        await redis.command('SET', 'text', text)
        assert.equal(await redis.command('GET', 'text'), text)
        assert.deepEqual(await redis.command('MGET', 'text', 'absent'), [text, null])
        assert.equal(await redis.command('ECHO', text), text)
      }
      const nul = 'a\0b'
      await redis.command('SET', 'text', nul)
      assert.equal(await redis.command('GET', 'text'), nul)
    })

    test('bytes that are no text come as Uint8Array', async () => {
      const bytes = Uint8Array.from({ length: 256 }, (_, i) => i)
      await redis.command('SET', bytes, bytes)
      const read = await redis.command<Uint8Array>('GET', bytes)
      assert.ok(read instanceof Uint8Array && !Buffer.isBuffer(read))
      assert.deepEqual(read, bytes)
      assert.deepEqual(await redis.command('KEYS', Buffer.from('*\xff', 'latin1')), [bytes])
    })

    test('numbers are sent as text, and a command name in any case', async () => {
      await redis.command('sEt', 'n', 1.5)
      assert.equal(await redis.command('get', 'n'), '1.5')
      await redis.command('SET', 'n', -0)
      assert.equal(await redis.command('GET', 'n'), '0')
      await redis.command('SET', 'n', Infinity)
      assert.equal(await redis.command('GET', 'n'), 'Infinity')
    })

    if (resp3) test('a hash is an object with own fields only', async () => {
      await redis.command('HSET', 'hash', '__proto__', 'p', 'constructor', 'c', 'toString', 't', '1', 'one')
      const hash = await redis.command<Record<string, string>>('HGETALL', 'hash')
      assert.deepEqual(Object.entries(hash).sort(), [['1', 'one'], ['__proto__', 'p'], ['constructor', 'c'], ['toString', 't']])
      assert.equal(Object.getPrototypeOf(hash), Object.prototype)
      assert.equal(({} as any).p, undefined)
    })

    if (!resp3) test('a hash is a flat list', async () => {
      await redis.command('HSET', 'flat', 'a', '1', 'b', '2')
      assert.deepEqual(await redis.command('HGETALL', 'flat'), ['a', '1', 'b', '2'])
    })

    test('a set is an array', async () => {
      await redis.command('SADD', 'set', 'a', 'b')
      assert.deepEqual((await redis.command<string[]>('SMEMBERS', 'set')).sort(), ['a', 'b'])
    })

    if (resp3) test('doubles and booleans are themselves where the protocol knows them', async () => {
      await redis.command('ZADD', 'scores', 1.5, 'a', '-inf', 'b')
      assert.equal(await redis.command('ZSCORE', 'scores', 'a'), 1.5)
      assert.equal(await redis.command('ZSCORE', 'scores', 'b'), -Infinity)
      assert.deepEqual(await lua('redis.setresp(3) return {true, false, {double=1.25}}'), [true, false, 1.25])
      const big = await lua('return {big_number="1234567999999999999999999999999999999"}')
      // Scripts before Redis 7 know none: there it is a table without elements.
      assert.deepEqual(big, Array.isArray(big) ? [] : '1234567999999999999999999999999999999')
      assert.match(await redis.command('INFO', 'server'), /^# Server\r\n/)
    })

    test('an error inside a list stays where it is', async () => {
      const reply = await lua(`return {1, redis.error_reply('MINE went wrong'), {'deep', redis.error_reply('MINE too')}}`)
      const [one, error, [deep, inner]] = reply as any
      assert.deepEqual([one, deep], [1, 'deep'])
      for (const [found, message] of [[error, 'MINE went wrong'], [inner, 'MINE too']]) {
        assert.ok(found instanceof Error, `an Error, got ${JSON.stringify(found)}`)
        assert.deepEqual([(found as any).code, (found as any).serverCode, found.message], ['ERR_SERVER', 'MINE', message])
      }
    })

    test('an error says what the server said', async () => {
      await redis.command('SET', 'string', 'x')
      await assert.rejects(redis.command('LPUSH', 'string', 'x'), {
        name: 'RedwrightError', code: 'ERR_SERVER', serverCode: 'WRONGTYPE', retryable: false, maybeExecuted: false, message: /^WRONGTYPE /,
      })
    })

    test('a list that begins like a published message never goes to the wrong caller', async () => {
      for (const list of [
        ['message', 'a', 'b'], ['pmessage', 'a', 'b', 'c'], ['smessage', 'a', 'b'], ['subscribe', 'a', 'b'], ['unsubscribe', 'a', 'b', 'c'],
        ['pubsub', 'message', 'a', 'b'],
      ]) {
        await redis.command('DEL', 'list')
        await redis.command('RPUSH', 'list', ...list)
        const answers = await Promise.allSettled([
          redis.command('ECHO', 'before'),
          redis.command('LRANGE', 'list', 0, -1),
          ...Array.from({ length: 50 }, (_, i) => redis.command('ECHO', `echo ${i}`)),
        ])
        const [first, range, ...echoes] = answers
        if (first.status === 'fulfilled') assert.equal(first.value, 'before')
        if (range.status === 'fulfilled') assert.deepEqual(range.value, list)
        else assert.equal(range.reason.code, 'ERR_PROTOCOL')
        echoes.forEach((echo, i) => {
          if (echo.status === 'fulfilled') assert.equal(echo.value, `echo ${i}`)
          else assert.deepEqual([echo.reason.code, echo.reason.maybeExecuted], ['ERR_UNAVAILABLE', true])
        })
        await until('it works again', () => redis.ping().then(() => true, () => false))
        assert.equal(await redis.command('ECHO', 'after'), 'after')
      }
    })

    test('values that begin like a published message are read', async () => {
      await redis.command('MSET', 'm1', 'message', 'm2', 'pmessage', 'm3', 'subscribe')
      for (const keys of [['m1', 'm2', 'm3'], ['m3', 'm1', 'm2', 'm2'], ['m2', 'm1', 'm3', 'm1', 'm1']]) {
        const values = keys.map((key) => ({ m1: 'message', m2: 'pmessage', m3: 'subscribe' })[key])
        assert.deepEqual(await redis.command('MGET', ...keys), values)
      }
    })

    test('commands leave in the order in which they were given', async () => {
      const replies = await Promise.all([
        redis.command('RPUSH', 'order', 'a'),
        redis.command('LRANGE', 'order', 0, -1),
        redis.command('RPUSH', 'order', 'b'),
        redis.command('LRANGE', 'order', 0, -1),
        redis.command('DEL', 'order'),
        redis.command('LRANGE', 'order', 0, -1),
      ])
      assert.deepEqual(replies, [1, ['a'], 2, ['a', 'b'], 1, []])
    })
  })
}

describe('commands that would change or hold up the shared connection are refused', () => {
  const lines: [string, ...(string | Uint8Array)[]][] = [
    ['BLPOP', 'list', '0'], ['subscribe', 'a'], ['MULTI'], ['EXEC'], ['SELECT', '1'], ['AUTH', 'secret'], ['HELLO', '3'], ['WATCH', 'k'],
    ['MONITOR'], ['QUIT'], ['RESET'], ['CLIENT', 'REPLY', 'OFF'], ['client', 'reply', 'skip'], ['CLIENT', Buffer.from('REPLY'), 'OFF'],
    ['CLIENT', 'TRACKING', 'ON'], ['XREAD', 'BLOCK', '0', 'STREAMS', 's', '$'],
    ['XREADGROUP', 'GROUP', 'g', 'c', 'COUNT', '1', 'block', '0', 'STREAMS', 's', '>'], ['SCRIPT', 'DEBUG', 'YES'],
  ]
  for (const [name, ...args] of lines) {
    test([name, ...args.map(String)].join(' '), async () => {
      await using redis = new Redis(server.url)
      await assert.rejects(redis.command(name, ...args), (error: any) => {
        assert.ok(error instanceof TypeError)
        assert.match(error.message, new RegExp(`^name: ${name.toUpperCase()}\\b.* cannot be sent on a shared connection$`))
        assert.equal(redis.status, 'idle', 'nothing was sent')
        return true
      })
    })
  }

  test('and their harmless relatives are sent', async () => {
    await using redis = await Redis.connect(server.url)
    assert.equal(typeof (await redis.command('CLIENT', 'ID')), 'number')
    assert.equal(await redis.command('XREAD', 'STREAMS', 'BLOCK', '0'), null)
    assert.equal(await redis.command('SET', 'REPLY', 'BLOCK'), 'OK')
  })
})
