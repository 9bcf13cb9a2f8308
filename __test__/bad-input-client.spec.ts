import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { inspect } from 'node:util'
import { createClients, Redis, type RedisOptions } from '../index.js'
import { recordEvents } from './support/client-events'
import { fakeRedis } from './support/client-fake'
import { runNode } from './support/node'
import { fakeServer, realServer } from './support/servers'
import { until } from './support/until'

const server = await realServer()
after(() => server.stop())

type Wrong = [what: string, given: unknown, kind: typeof TypeError | typeof RangeError, message: string | RegExp]

const nothing = <T>(names: T[], values: [unknown, typeof TypeError | typeof RangeError, string][]) =>
  names.flatMap((name) => values.map(([value, kind, message]): Wrong => [`${name}: ${inspect(value)}`, { [name as string]: value }, kind, `options.${name} ${message}`]))

const durations: [unknown, typeof TypeError | typeof RangeError, string][] = [
  [0, RangeError, 'must be from 1 ms to 100 years, got 0'],
  [-1, RangeError, 'must be from 1 ms to 100 years, got -1'],
  [NaN, RangeError, 'must be from 1 ms to 100 years, got NaN'],
  [0.5, RangeError, 'must be from 1 ms to 100 years, got 0.5'],
  [Infinity, RangeError, 'must be from 1 ms to 100 years, got Infinity'],
  [2 ** 31, RangeError, 'must be at most 2147483647 ms, got 2147483648'],
  ['0s', RangeError, 'must be from 1 ms to 100 years, got another span'],
  ['soon', TypeError, `must be a number or a string such as '250ms', '10s', '5m', '2h' or '7d', got another string`],
  ['-5s', TypeError, `must be a number or a string such as '250ms', '10s', '5m', '2h' or '7d', got another string`],
  [true, TypeError, `must be a number or a string such as '10s', got a boolean`],
  [null, TypeError, `must be a number or a string such as '10s', got null`],
  [10n, TypeError, `must be a number or a string such as '10s', got a bigint`],
]

const strings: [unknown, typeof TypeError, string][] = [
  [5, TypeError, 'must be a string, got a number'],
  [null, TypeError, 'must be a string, got null'],
  [{}, TypeError, 'must be a string, got an instance of Object'],
  ['a\0b', TypeError, 'must not contain a NUL character'],
]

const whole = (least: number, most: number, values: unknown[]) =>
  values.map((value): [unknown, typeof RangeError, string] => [value, RangeError, `must be an integer from ${least} to ${most}, got ${value}`])

const wrong: Wrong[] = [
  ['null', null, TypeError, 'options must be an object, got null'],
  ['a number', 6379, TypeError, 'options must be an object, got a number'],
  ['an array', [], TypeError, 'options must be an object, got an array'],
  ['a function', () => {}, TypeError, 'options must be an object, got a function'],
  ['a symbol', Symbol('x'), TypeError, 'options must be an object, got a symbol'],
  ['an unknown option', { hots: 'a' }, TypeError, "options.hots is not an option; did you mean 'host'?"],
  ["another client's option", { commandTimeOut: 1 }, TypeError, "options.commandTimeOut is not an option; did you mean 'commandTimeout'?"],
  ['an unknown option inside', { reconnect: { minMS: 1 } }, TypeError, "options.reconnect.minMS is not an option; did you mean 'minMs'?"],
  ['reconnect: 5', { reconnect: 5 }, TypeError, 'options.reconnect must be an object, got a number'],
  ['reconnect upside down', { reconnect: { minMs: 20, maxMs: 10 } }, RangeError, 'options.reconnect.minMs must not exceed maxMs (20 > 10)'],
  ['reconnect.minMs: 0', { reconnect: { minMs: 0 } }, RangeError, 'options.reconnect.minMs must be from 1 ms to 100 years, got 0'],
  ['a path and a port', { path: '/s', port: 1 }, TypeError, 'options.path excludes options.host and options.port'],
  ['a port of the embedded server', { url: 'embedded://', port: 6380 }, TypeError, 'options.port is of no use with embedded://'],
  ['a cluster that is embedded', { url: 'embedded://', cluster: { nodes: [{ host: 'a' }] } }, TypeError, 'options.cluster is of no use with embedded://'],
  ['an empty host', { host: '' }, TypeError, 'options.host must not be empty'],
  ['an empty path', { path: '' }, TypeError, 'options.path must not be empty'],
  ['a name with a space', { connectionName: 'a b' }, TypeError, 'options.connectionName must hold no spaces and printable ASCII only'],
  ['a host and a cluster', { host: 'a', cluster: { nodes: [{ host: 'b' }] } }, TypeError, 'options.cluster excludes options.host'],
  ['sentinels and a cluster', { sentinels: [{ host: 'a' }], name: 'm', cluster: {} }, TypeError, 'options.cluster excludes options.sentinels'],
  ['sentinels without a name', { sentinels: [{ host: 'a' }] }, TypeError, 'options.name must be a string, got undefined'],
  ['a name without sentinels', { name: 'm' }, TypeError, 'options.sentinels must be an array of { host, port }, got undefined'],
  ['no sentinels', { sentinels: [], name: 'm' }, TypeError, 'options.sentinels must not be empty'],
  ['a sentinel without a host', { sentinels: [{ port: 1 }], name: 'm' }, TypeError, 'options.sentinels[0].host must be a string, got undefined'],
  ['a sentinel as a string', { sentinels: ['a:1'], name: 'm' }, TypeError, 'options.sentinels[0] must be an object, got a string'],
  ['a cluster without nodes', { cluster: {} }, TypeError, 'options.cluster.nodes must be an array of { host, port }, got undefined'],
  ['an unknown option of a cluster', { cluster: { node: [] } }, TypeError, "options.cluster.node is not an option; did you mean 'nodes'?"],
  ['a cluster and a database', { cluster: { nodes: [{ host: 'a' }] }, db: 1 }, RangeError, 'options.db must be 0: a cluster has one database'],
  ['scaleReads: slave', { cluster: { nodes: [{ host: 'a' }], scaleReads: 'slave' } }, TypeError, "options.cluster.scaleReads must be one of 'master', 'replica', 'all'"],
  ['a natMap without ports', { cluster: { nodes: [{ host: 'a' }], natMap: { a: { host: 'b' } } } }, TypeError, "options.cluster.natMap: each key must be an address, 'host:port'"],
  ['a natMap to nowhere', { cluster: { nodes: [{ host: 'a' }], natMap: { 'a:1': {} } } }, TypeError, "options.cluster.natMap['a:1'].host must be a string, got undefined"],
  ['url: 5', { url: 5 }, TypeError, 'options.url must be a string, got a number'],
  ...nothing(['host', 'path', 'username', 'password', 'connectionName'], strings),
  ...nothing(['connectTimeout', 'commandTimeout', 'watchdogMs', 'keepAlive'], durations),
  ...nothing(['port'], [['6379', TypeError, 'must be a number, got a string'], ...whole(1, 65535, [0, -1, 65536, 1.5, NaN, Infinity])]),
  ...nothing(['db'], whole(0, 255, [-1, 256, 0.5, NaN])),
  ...nothing(['protocol'], whole(2, 3, [1, 4, 2.5])),
  ...nothing(['poolSize'], whole(1, 64, [0, -1, 1.5, NaN, 65])),
  ...nothing(['maxPending'], whole(1, 1_000_000, [0, -5, 1.5, NaN, 1_000_001])),
]

const SECRET = 'pass-SECRET-word'
const urls: [url: string, kind: typeof TypeError | typeof RangeError, message: string][] = [
  ['', TypeError, 'options.url is not a URL; expected redis://[[user]:password@]host[:port][/db]'],
  ['localhost', TypeError, 'options.url is not a URL; expected redis://[[user]:password@]host[:port][/db]'],
  [`redis://:${SECRET}@host:99999`, TypeError, 'options.url is not a URL; expected redis://[[user]:password@]host[:port][/db]'],
  [`redis://u:${SECRET}@`, TypeError, 'options.url is not a URL; expected redis://[[user]:password@]host[:port][/db]'],
  [`redis://:${SECRET}@ho st`, TypeError, 'options.url is not a URL; expected redis://[[user]:password@]host[:port][/db]'],
  [`redis://:${SECRET}%E0%A4%A@host`, TypeError, 'options.url: user name and password must be percent-encoded'],
  [`redis://:${SECRET}@host:0`, RangeError, 'options.port must be an integer from 1 to 65535, got 0'],
  [`redis://:${SECRET}@host/300`, RangeError, 'options.url: the database must be an integer from 0 to 255'],
  [`redis://:${SECRET}@host/abc`, RangeError, 'options.url: the database must be an integer from 0 to 255'],
  [`redis://:${SECRET}@host?pool=5`, TypeError, "options.url: the parameter 'pool' is not known"],
  [`rediss://:${SECRET}@host?pool=5`, TypeError, "options.url: the parameter 'pool' is not known"],
  [`redis+sentinel://:${SECRET}@host`, TypeError, 'options.url names no master; expected redis+sentinel://host[:port][,…]/name[/db]'],
  [`redis+sentinel://:${SECRET}@host,/name`, TypeError, 'options.url names no host; expected host[:port] with commas between several'],
  [`redis+sentinel://:${SECRET}@host/name/x`, RangeError, 'options.url: the database must be an integer from 0 to 255'],
  [`redis+cluster://u:a?${SECRET}@host:7000`, TypeError, 'options.url has parameters that are not known; user name and password must be percent-encoded'],
  [`redis+sentinel://u:a?${SECRET}@host/name`, TypeError, 'options.url has parameters that are not known; user name and password must be percent-encoded'],
  [`redis://u:1?${SECRET}@host`, TypeError, 'options.url has parameters that are not known; user name and password must be percent-encoded'],
  [`${SECRET}:x@host`, TypeError, 'options.url is not a URL; expected redis://[[user]:password@]host[:port][/db]'],
  [`redis+cluster://:${SECRET}@host/1`, TypeError, 'options.url: a cluster has one database, so no path may follow the hosts'],
  [`redis+cluster://:${SECRET}@host:99999`, RangeError, 'options.cluster.nodes[0].port must be an integer from 1 to 65535, got 99999'],
  [`http://:${SECRET}@host`, TypeError, 'options.url: http:// is not known; expected redis://, rediss://, redis+cluster://, redis+sentinel://, redis+unix:// or embedded://'],
  [`redis+unix://:${SECRET}@`, TypeError, 'options.url is not a URL; expected redis://[[user]:password@]host[:port][/db]'],
  ['redis+unix://', TypeError, 'options.url names no socket; expected redis+unix:///path/to.sock'],
  ['redis+unix:///a%E0%A4%A', TypeError, 'options.url: the path must be percent-encoded'],
]

/** Throws what `throws` has to be thrown, with nothing of the secret. */
function assertRefused(construct: () => unknown, kind: typeof TypeError, message: string | RegExp) {
  assert.throws(construct, (error: any) => {
    assert.ok(error instanceof kind, `${error.name}: ${error.message}`)
    assert.equal((error as any).code, 'ERR_INVALID_ARG')
    if (typeof message === 'string') assert.equal(error.message, message)
    else assert.match(error.message, message)
    assert.doesNotMatch(error.message, /SECRET/)
    return true
  })
}

describe('options that are wrong', () => {
  for (const [what, given, kind, message] of wrong) {
    test(what, async () => {
      for (const construct of [() => new Redis(given as RedisOptions), () => createClients(given as RedisOptions)]) assertRefused(construct, kind, message)
      await assert.rejects(Redis.connect(given as RedisOptions), kind)
    })
  }

  for (const [url, kind, message] of urls) {
    test(url.replace(SECRET, '…') || 'an empty URL', () => {
      assertRefused(() => new Redis(url), kind, message)
      assertRefused(() => new Redis({ url }), kind, message)
    })
  }

  test('of duplicate, health and close', async () => {
    await using redis = new Redis(server.url)
    assertRefused(() => redis.duplicate({ db: -1 }), RangeError, 'options.db must be an integer from 0 to 255, got -1')
    assertRefused(() => redis.duplicate({ dbb: 1 } as {}), TypeError, "options.dbb is not an option; did you mean 'db'?")
    const message = 'options.timeoutMs must be from 1 ms to 100 years, got 0'
    await assert.rejects(redis.health({ timeoutMs: 0 }), { name: 'RangeError', code: 'ERR_INVALID_ARG', message })
    await assert.rejects(redis.close({ timeoutMs: 0 }), { name: 'RangeError', code: 'ERR_INVALID_ARG', message })
    assert.equal(redis.status, 'idle')
  })
})

describe('arguments of command that are wrong', () => {
  const calls: [args: unknown[], kind: typeof TypeError | typeof RangeError, message: string][] = [
    [[], TypeError, 'name must be a string, got undefined'],
    [[5], TypeError, 'name must be a string, got a number'],
    [[''], TypeError, 'name must not be empty'],
    [['GET\0'], TypeError, 'name must not contain a NUL character'],
    [['\ud800'], TypeError, 'name must not contain a lone surrogate'],
    [['X'.repeat(65537)], RangeError, 'name must be at most 65536 bytes, got 65537'],
    [['GET', undefined], TypeError, 'args[0] must be a string, a number, a bigint or a Uint8Array, got undefined'],
    [['SET', 'k', null], TypeError, 'args[1] must be a string, a number, a bigint or a Uint8Array, got null'],
    [['SET', 'k', true], TypeError, 'args[1] must be a string, a number, a bigint or a Uint8Array, got a boolean'],
    [['SET', 'k', { secret: SECRET }], TypeError, 'args[1] must be a string, a number, a bigint or a Uint8Array, got an instance of Object'],
    [['SET', 'k', [SECRET]], TypeError, 'args[1] must be a string, a number, a bigint or a Uint8Array, got an array'],
    [['SET', 'k', NaN], TypeError, 'args[1] must not be NaN'],
    [['SET', 'k', `${SECRET}\udc00`], TypeError, 'args[1] must not contain a lone surrogate'],
    [['SET', 'k', Object.create(null)], TypeError, 'args[1] must be a string, a number, a bigint or a Uint8Array, got an instance of Object'],
  ]
  for (const [args, kind, message] of calls) {
    test(inspect(args, { breakLength: Infinity, maxStringLength: 20 }).replace(SECRET, '…'), async () => {
      await using redis = new Redis(server.url)
      await assert.rejects(redis.command(...(args as [string])), { name: kind.name, code: 'ERR_INVALID_ARG', message })
      assert.equal(redis.status, 'idle', 'nothing was sent')
    })
  }
})

describe('a peer that is no Redis server', () => {
  const peers: [what: string, handler: Parameters<typeof fakeServer>[0], code: string, message: RegExp][] = [
    ['an HTTP server', (socket) => socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n')), 'ERR_PROTOCOL', /does not speak the Redis protocol$/],
    ['an SSH server', (socket) => socket.write('SSH-2.0-OpenSSH_9.2\r\n'), 'ERR_PROTOCOL', /does not speak the Redis protocol$/],
    ['a mail server', (socket) => socket.write('220 mail ESMTP\r\n'), 'ERR_PROTOCOL', /does not speak the Redis protocol$/],
    ['a TLS server', (socket) => socket.write(Buffer.from('15030300020250', 'hex')), 'ERR_TLS', /the server at that port speaks TLS: /],
    ['one that answers in lists only', (socket) => socket.on('data', () => socket.write('*0\r\n')), 'ERR_PROTOCOL', /does not speak the Redis protocol$/],
    ['garbage', (socket) => socket.write(Buffer.from(Array.from({ length: 4096 }, (_, i) => (i * 7919) % 256))), 'ERR_PROTOCOL', /does not speak the Redis protocol$/],
    ['a length that is no number', (socket) => socket.write('*zwei\r\n'), 'ERR_PROTOCOL', /does not speak the Redis protocol$/],
    ['one that hangs up', (socket) => socket.end(), 'ERR_UNAVAILABLE', /closed|reset|Broken pipe/],
    ['one that hangs up after HELLO', (socket) => socket.once('data', () => socket.end()), 'ERR_UNAVAILABLE', /closed|reset|Broken pipe/],
    ['a silent one', () => {}, 'ERR_TIMEOUT', /nothing answers in time$/],
  ]
  for (const [what, handler, code, message] of peers) {
    for (const protocol of [2, 3] as const) {
      // Over RESP2 an answer of the wrong kind and none at all look the same.
      if (what === 'one that answers in lists only' && protocol === 2) continue
      test(`${what}, over RESP${protocol}: a typed error that says where`, async () => {
        await using fake = await fakeServer(handler)
        const options = { url: `redis://:${SECRET}@${fake.host}:${fake.port}`, protocol, connectTimeout: 300, commandTimeout: 300 } as const
        await assert.rejects(Redis.connect(options), (error: any) => {
          assert.deepEqual([error.name, error.code], ['RedwrightError', code], error.message)
          assert.ok(error.message.startsWith(`127.0.0.1:${fake.port}: `), error.message)
          assert.match(error.message, message)
          assert.doesNotMatch(inspect(error), /SECRET/)
          return true
        })
        await using redis = new Redis(options)
        await assert.rejects(redis.command('SET', 'k', 'v'), (error: any) => ['ERR_UNAVAILABLE', code].includes(error.code) && !error.maybeExecuted)
      })
    }
  }

  test('a server that loses its senses later: calls reject, and the next connection is sound', async () => {
    let mad = true
    await using fake = await fakeRedis(([name]) => (mad && name === 'GET' ? 'what?\r\n' : undefined))
    await using redis = await Redis.connect({ url: fake.url, reconnect: { minMs: 1, maxMs: 10 } })
    await assert.rejects(redis.command('GET', 'k'), { code: 'ERR_UNAVAILABLE', maybeExecuted: true })
    mad = false
    assert.equal(await redis.command('GET', 'k'), 'OK')
  })

  test('a reply that claims to be endless does not end the process', async () => {
    const { code, reports, stderr } = await runNode(
      `const net = require('node:net')
       const { Redis } = require(${JSON.stringify(new URL('../index.js', import.meta.url).pathname)})
       const replies = ['$9223372036854775807\\r\\n', '*9223372036854775807\\r\\n', '*2147483647\\r\\n', '%2147483647\\r\\n', '~2147483647\\r\\n', '*1\\r\\n'.repeat(1000), '$-5\\r\\n']
       for (const reply of replies) {
         const server = net.createServer((socket) => { socket.on('error', () => {}); socket.write(reply) }).listen(0, '127.0.0.1')
         await new Promise((resolve) => server.once('listening', resolve))
         await Redis.connect({ port: server.address().port, connectTimeout: 300 }).then(() => report('connected'), (error) => report(error.code))
         server.close()
       }
       process.exit(0)`,
    ).ended
    assert.equal(code, 0, stderr)
    for (const report of reports) assert.match(report, /^ERR_(PROTOCOL|TIMEOUT|UNAVAILABLE)$/)
    assert.equal(reports.length, 7)
  })
})

test('no error, event, metric or health report holds a password, a key or a value', async () => {
  const seen: unknown[] = []
  const look = async (redis: Redis) => {
    recordEvents(redis).push = (...events) => seen.push(...events)
    const call = (name: string, ...args: (string | Uint8Array)[]) => redis.command(name, ...args).catch((error) => void seen.push(error))
    await call('SET', 'key-SECRET', 'value-SECRET')
    for (const [name, ...args] of [
      ['LPUSH', 'key-SECRET', 'value-SECRET'], ['INCR', 'key-SECRET'], ['EXPIRE', 'key-SECRET', 'ttl-SECRET'], ['NOSUCH', 'key-SECRET', 'value-SECRET'],
      ['SET', 'key-SECRET', 'value-SECRET', 'PX', 'SECRET'], ['XREADGROUP', 'GROUP', 'group-SECRET', 'c', 'STREAMS', 'stream-SECRET', '>'],
      ['XGROUP', 'CREATE', 'stream-SECRET', 'group-SECRET', '$'], ['OBJECT', 'SECRET'], ['CONFIG', 'SET', 'option-SECRET', 'value-SECRET'], ['CONFIG', 'SET', 'maxmemory', 'SECRET'],
      ['EVALSHA', 'sha-SECRET', '0', 'SECRET'], ['CLIENT', 'KILL', 'ID', 'SECRET'], ['ACL', 'SETUSER', 'user-SECRET', 'rule-SECRET'], ['MIGRATE', 'host-SECRET', 'SECRET', 'key-SECRET', '0', '1'],
      ['SORT', 'key-SECRET', 'BY', 'SECRET'], ['GEOADD', 'key-SECRET', 'SECRET', '1', 'SECRET'], ['BITFIELD', 'key-SECRET', 'GET', 'SECRET'], ['FCALL', 'function-SECRET', '0'],
      ['CLIENT', 'SETNAME', 'name SECRET'], ['DEBUG', 'SECRET'], ['SCRIPT', 'SECRET'], ['XADD', 'stream-SECRET', 'id-SECRET', 'f', 'v'],
    ] as [string, ...string[]][]) {
      await call(name, ...args)
    }
    await call('LPUSH', Buffer.from('key-SECRET'), Buffer.from('\xffSECRET', 'latin1'))
    await call('BLPOP', 'key-SECRET', '0')
    seen.push(redis.metrics(), await redis.health(), redis.status, redis.server)
    await redis.close()
    await call('GET', 'key-SECRET')
    seen.push(inspect(redis, { depth: 5 }))
  }
  await using tcp = await realServer({ tcp: true })
  await look(new Redis({ url: server.url, username: 'default', password: SECRET, connectionName: 'fine' }))
  await look(new Redis({ url: tcp.url, username: 'nobody-SECRET', password: SECRET, commandTimeout: 50 }))
  await look(new Redis({ url: `redis://user-SECRET:${SECRET}@127.0.0.1:1`, commandTimeout: 50 }))
  await using parrot = await fakeRedis((words) => (words[0] === 'INFO' ? undefined : `-ERR I do not know ${words.map((word) => `'${word}'`).join(' ')}\r\n`))
  await look(new Redis({ url: parrot.url, password: SECRET, commandTimeout: 50 }))
  await look(new Redis({ url: parrot.url, protocol: 2, commandTimeout: 50 }))
  await until('errors were seen', () => seen.filter((one) => one instanceof Error).length > 50)
  for (const one of seen) {
    for (const text of [inspect(one, { depth: 10, showHidden: true }), JSON.stringify(one), String((one as any)?.stack)]) assert.doesNotMatch(text ?? '', /SECRET/)
  }
})
