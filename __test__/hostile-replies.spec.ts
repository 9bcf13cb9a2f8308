import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { inspect } from 'node:util'
import { Redis, RedisRepository, TypeSafeCache } from '../index.js'
import { HostileServer, REPLIES, REPLIES_OF_RESP2, REPLIES_OF_RESP3 } from './support/hostile-server'
import { inTime } from './support/in-time'
import { until } from './support/until'

const CODES = ['ERR_PROTOCOL', 'ERR_SERVER', 'ERR_AUTH', 'ERR_UNAVAILABLE', 'ERR_TIMEOUT']

/** What JSON, a plain string or nothing becomes. */
const isValue = (value: unknown) => value === null || ['string', 'number'].includes(typeof value)
const isBoolean = (value: unknown) => typeof value === 'boolean'
/** A wrong reply must not look like a miss, nor like the end of what was asked for. */
const isHitOrMiss = (value: unknown, reply: string) => isValue(value) && (value !== null || /^([$*]-1\r|_|\$3\r\n\xff|\|1[^]*_\r\n$)/.test(reply))
const isDone = (value: unknown, reply: string) => value === undefined && reply === '+OK\r\n'
const isDeleted = (value: unknown, reply: string) => value === undefined && reply.startsWith(':')
const isAnswered = (value: unknown, reply: string) => isBoolean(value) && reply.startsWith(':')
const isWalked = (value: unknown, reply: string) => isCount(10)(value) && reply.startsWith('*2\r\n$1\r\n0')
const isInteger = (value: unknown) => Number.isInteger(value) || typeof value === 'bigint'
const isCount = (most: number) => (value: unknown) => Number.isInteger(value) && (value as number) >= 0 && (value as number) <= most
const isListOf = (count: number) => (value: unknown) => Array.isArray(value) && value.length === count && value.every(isValue)
const isBytesOr = (isOther: typeof isValue) => (value: unknown) => value instanceof Uint8Array || isOther(value)

interface Public {
  redis: Redis
  cache: TypeSafeCache
  repository: RedisRepository<unknown>
}

/** Every way in which a reply reaches a user: the command that is answered wrongly, the call, and what it may then give. */
const CALLS: [title: string, lie: string, call: (of: Public) => Promise<unknown>, may: (value: any, reply: string) => boolean][] = [
  ['cache.get', 'GET', ({ cache }) => cache.get('k'), isHitOrMiss],
  ['cache.lookup, its value', 'GET', ({ cache }) => cache.lookup('k'), ({ hit, value, ttlMs }) => isBoolean(hit) && isValue(value) && ttlMs >= 0],
  ['cache.lookup, its life', 'PTTL', ({ cache }) => cache.lookup('k'), ({ hit, value, ttlMs }) => isBoolean(hit) && isValue(value) && ttlMs >= 0],
  ['cache.exists', 'EXISTS', ({ cache }) => cache.exists('k'), isAnswered],
  ['cache.set', 'SET', ({ cache }) => cache.set('k', 'v'), isDone],
  ['cache.del', 'UNLINK', ({ cache }) => cache.del('k'), isDeleted],
  ['cache.getOrSet, its read', 'GET', ({ cache }) => cache.getOrSet<unknown>('k', () => 'loaded'), isValue],
  ['cache.getOrSet, its store', 'SET', ({ cache }) => cache.getOrSet('other', () => 'loaded', { forceFresh: true }), (value) => value === 'loaded'],
  ['cache.getMany', 'MGET', ({ cache }) => cache.getMany(['k', 'l']), isListOf(2)],
  ['cache.getMany of four', 'MGET', ({ cache }) => cache.getMany(['k', 'l', 'm', 'n']), isListOf(4)],
  ['cache.setMany', 'SET', ({ cache }) => cache.setMany([['k', 1], ['l', 2]]), isDone],
  ['cache.deleteMany', 'UNLINK', ({ cache }) => cache.deleteMany(['k', 'l']), isCount(2)],
  ['cache.deletePattern, its walk', 'SCAN', ({ cache }) => cache.deletePattern('*'), isWalked],
  ['cache.deletePattern, its end', 'UNLINK', ({ cache }) => cache.deletePattern('*'), isCount(10)],
  ['repository.get', 'GET', ({ repository }) => repository.get('k'), isHitOrMiss],
  ['repository.set', 'SET', ({ repository }) => repository.set('k', 'v'), isDone],
  ['repository.delete', 'UNLINK', ({ repository }) => repository.delete('k'), isDeleted],
  ['repository.exists', 'EXISTS', ({ repository }) => repository.exists('k'), isAnswered],
  ['repository.getMany', 'MGET', ({ repository }) => repository.getMany(['k', 'l']), isListOf(2)],
  ['redis.ping', 'PING', ({ redis }) => redis.ping(), (value) => value === 'PONG'],
  ['redis.health, its ping', 'PING', ({ redis }) => redis.health(), ({ ok }) => isBoolean(ok)],
  ['redis.health, its memory', 'INFO', ({ redis }) => redis.health(), ({ ok, memory }) => isBoolean(ok) && (memory === undefined || memory.usedBytes >= 0)],
  ['GET by name', 'GET', ({ redis }) => redis.command('GET', 'k'), isBytesOr(isValue)],
  ['SET by name', 'SET', ({ redis }) => redis.command('SET', 'k', 'v'), (value) => value === 'OK'],
  ['MGET by name', 'MGET', ({ redis }) => redis.command('MGET', 'k', 'l', 'm'), (list) => list.length === 3 && list.every(isBytesOr(isValue))],
  ['EXISTS by name', 'EXISTS', ({ redis }) => redis.command('EXISTS', 'k', 'l'), isCount(2)],
  ['UNLINK by name', 'UNLINK', ({ redis }) => redis.command('UNLINK', 'k', 'l'), isCount(2)],
  ['PTTL by name', 'PTTL', ({ redis }) => redis.command('PTTL', 'k'), isInteger],
  ['INCR by name', 'INCR', ({ redis }) => redis.command('INCR', 'n'), isInteger],
  ['a command of one answer', 'STRLEN', ({ redis }) => redis.command('STRLEN', 'k'), (value) => typeof value !== 'object' || value === null || value instanceof Uint8Array],
  // Nothing is known of their replies, so they are given as they came.
  ['a list by name', 'LRANGE', ({ redis }) => redis.command('LRANGE', 'l', 0, -1), () => true],
  ['a script', 'EVAL', ({ redis }) => redis.command('EVAL', 'return 1', 0), () => true],
]

for (const protocol of [2, 3] as const) {
  const replies = { ...REPLIES, ...(protocol === 3 ? REPLIES_OF_RESP3 : REPLIES_OF_RESP2) }

  describe(`a reply of any kind to any command, over RESP${protocol}`, () => {
    const peers: (Public & { server: HostileServer; what: string; reply: string })[] = []

    before(async () => {
      for (const [what, reply] of Object.entries(replies)) {
        const server = await HostileServer.start()
        const options = { protocol, commandTimeout: 250, connectTimeout: 250, watchdogMs: 100, reconnect: { minMs: 1, maxMs: 5 } }
        const redis = new Redis({ url: server.url, ...options })
        const cache = new TypeSafeCache(redis)
        await inTime('what is its own is there', () => redis.command('SET', 'own', 'value'))
        peers.push({ server, what, reply, redis, cache, repository: new RedisRepository(redis, 'r') })
      }
    })
    after(async () => {
      for (const { redis, server } of peers) {
        await redis.close({ timeoutMs: 100 })
        await server[Symbol.asyncDispose]()
      }
    })

    for (const [title, lie, call, may] of CALLS) {
      test(title, async () => {
        // All of them to their ends: what one left behind would be in the next test's way.
        const ends = await Promise.allSettled(
          peers.map(async (peer) => {
            const { server, what, reply, redis, cache } = peer
            await inTime('the key is there', () => cache.set('k', 'v'))
            server.lieTo(lie, reply)
            // Others on the same connection, behind it.
            const others = [0, 1, 2, 3].map((i) => [() => redis.command('ECHO', `own ${i}`), (value: unknown) => value === `own ${i}`] as const)
            await Promise.all([[() => call(peer), may] as const, ...others].map(([call, may]) => assertTyped(call(), (value) => may(value, reply), what)))
            server.misbehave = undefined
            await inTime(`it works again after ${what}`, () => redis.ping())
            await inTime(`it gives what is its own after ${what}`, () => redis.command('GET', 'own'), (value) => value === 'value')
            await until('nothing is pending', () => redis.metrics().pending === 0)
          }),
        )
        for (const end of ends) if (end.status === 'rejected') throw end.reason
      })
    }
  })
}

/** It gives what it may, or fails as promised. */
async function assertTyped(call: Promise<any>, may: (value: any) => boolean, what: string): Promise<void> {
  let value
  try {
    value = await call
  } catch (error: any) {
    assert.equal(error.name, 'RedwrightError', `${what}: ${error.stack}`)
    assert.ok(CODES.includes(error.code), `${what}: ${error.code}`)
    assert.doesNotMatch(error.message, /[^\x20-\x7e…]/, what)
    return
  }
  assert.ok(may(value), `${what}: ${inspect(value)}`)
}
