import assert from 'node:assert/strict'
import type net from 'node:net'
import { describe, test } from 'node:test'
import { Redis } from '../index.js'
import type { RedisOptions } from '../index.js'
import { BYTES, many, MESSAGES, STREAMS, UNASKED } from './support/hostile-bytes'
import { HostileServer, REPLIES, REPLIES_OF_RESP3 } from './support/hostile-server'
import { inTime } from './support/in-time'

const QUICK = { commandTimeout: 200, connectTimeout: 300, watchdogMs: 100, reconnect: { minMs: 1, maxMs: 5 } }
const CODES = ['ERR_PROTOCOL', 'ERR_SERVER', 'ERR_AUTH', 'ERR_UNAVAILABLE', 'ERR_TIMEOUT']

/** What connecting ended in: `undefined` when it worked. */
async function connecting(options: RedisOptions): Promise<any> {
  try {
    await (await Redis.connect(options)).close({ timeoutMs: 100 })
  } catch (error: any) {
    assert.equal(error.name, 'RedwrightError', error.stack)
    assert.ok(CODES.includes(error.code), error.code)
    assert.doesNotMatch(error.message, /pass-SECRET|[^\x20-\x7e…]/)
    return error
  }
}

async function works(server: HostileServer, redis: Redis): Promise<void> {
  server.misbehave = undefined
  await inTime('it works', () => redis.ping())
  await inTime('it takes a value', () => redis.command('SET', 'k', 'v'))
  await inTime('it gives the value', () => redis.command('GET', 'k'), (value) => value === 'v')
}

const NONSENSE: Record<string, string> = { ...REPLIES, ...REPLIES_OF_RESP3, ...BYTES, ...STREAMS, ...UNASKED, ...MESSAGES }

describe('nonsense in the handshake', () => {
  const steps: [title: string, name: string, options: RedisOptions][] = [
    ['HELLO', 'HELLO', {}],
    ['HELLO with a password', 'HELLO', { username: 'me', password: 'pass-SECRET' }],
    ['AUTH', 'AUTH', { protocol: 2, password: 'pass-SECRET' }],
    ['PING', 'PING', { protocol: 2 }],
    ['SELECT', 'SELECT', { db: 3 }],
    ['CLIENT', 'CLIENT', { connectionName: 'me' }],
    ['INFO', 'INFO', {}],
  ]
  for (const [title, name, options] of steps) {
    test(`for an answer to ${title}: a typed error or a connection, and a client that works when the server does`, async () => {
      await Promise.all(
        Object.entries(NONSENSE).map(async ([what, reply]) => {
          await using server = await HostileServer.start()
          server.lieTo(name, reply)
          await connecting({ url: server.url, ...QUICK, ...options })
          await using redis = new Redis({ url: server.url, ...QUICK, ...options })
          await Promise.allSettled([redis.ping()])
          await works(server, redis).catch((error) => assert.fail(`${what}: ${error.stack}`))
          assert.ok(redis.server.version.length < 40)
        }),
      )
    })
  }

  test('a version of no end, or of no sense, is cut', async () => {
    await using server = await HostileServer.start()
    const info = `redis_version:${'9'.repeat(100_000)}\u001b[31m\r\n`
    server.lieTo('INFO', `$${info.length}\r\n${info}\r\n`)
    await using redis = await Redis.connect(server.url)
    assert.equal(redis.server.version, '9'.repeat(32))
  })

  test('an error of no end is told in a line', async () => {
    await using server = await HostileServer.start()
    server.lieTo('HELLO', `-ERR ${'no '.repeat(100_000)}\r\n`)
    const error = await connecting({ url: server.url })
    assert.equal(error.code, 'ERR_SERVER')
    assert.ok(error.message.length < 600)
  })
})

describe('a handshake without an end', () => {
  const drips: Record<string, string> = { silence: '', 'a string that goes on': '$99999999999\r\n', 'a list that goes on': '*2147483647\r\n', 'a line that goes on': '+' }
  for (const [what, beginning] of Object.entries(drips)) {
    test(`${what}: connecting ends in time`, async () => {
      await using server = await HostileServer.start()
      server.misbehave = (_, socket) => drip(socket, beginning)
      const begun = performance.now()
      const error = await connecting({ url: server.url, ...QUICK })
      assert.equal(error.code, 'ERR_TIMEOUT')
      assert.ok(performance.now() - begun < 10_000)
      await using redis = new Redis({ url: server.url, ...QUICK })
      await assert.rejects(redis.ping(), { code: 'ERR_UNAVAILABLE', maybeExecuted: false })
      await works(server, redis)
    })
  }

  /** A little now and then, so that the connection is never silent. */
  function drip(socket: net.Socket, beginning: string): string {
    if (beginning === '') return ''
    const unit = beginning.startsWith('*') ? ':1\r\n' : 'x'
    const timer = setInterval(() => socket.write(unit), 5)
    socket.once('close', () => clearInterval(timer))
    return beginning
  }

  test('what is said before anything was asked is no answer', async () => {
    await using server = await HostileServer.start()
    const url = server.url
    server.misbehave = ([name], socket) => {
      if (name === 'HELLO') socket.write(many('+surplus\r\n'))
      return undefined
    }
    await connecting({ url, ...QUICK })
    await using redis = new Redis({ url, ...QUICK })
    await works(server, redis)
  })
})
