import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import { describe, test } from 'node:test'
import { CacheManager, Redis, RedisRepository, ResilientCache, TypeSafeCache } from '../index.js'
import { metricsText } from '../prometheus.js'
import { MortalServer } from './support/client-server'
import { eventsOf } from './support/events-of'
import { until } from './support/until'

const KEY = 'marker-of-a-key'
const VALUE = 'marker-of-a-value'
const TAG = 'marker-of-a-tag'
const SECRET = /marker-of-a/

/** All that was said meanwhile but by the user's own code: errors, events, warnings, metrics. */
async function listening(work: (note: (promise: Promise<unknown>) => Promise<void>, throws: (call: () => unknown) => void) => Promise<void>) {
  const errors: unknown[] = []
  const warnings: Error[] = []
  const onWarning = (warning: Error) => warnings.push(warning)
  process.on('warning', onWarning)
  using events = eventsOf()
  const note = (promise: Promise<unknown>) => promise.then(() => {}, (error) => void errors.push(error))
  const throws = (call: () => unknown) => {
    try {
      call()
    } catch (error) {
      errors.push(error)
    }
  }
  await work(note, throws)
  await new Promise(setImmediate)
  process.off('warning', onWarning)
  return { errors, told: events.told, said: inspect([errors, warnings, events.told, metricsText()], { depth: 12, maxStringLength: null, maxArrayLength: null }) }
}

describe('neither a key, a value nor a tag is in an error, an event, a warning or a metric', () => {
  test('over a server that answers, whatever is asked of it', async () => {
    await using server = await MortalServer.start()
    await using redis = await Redis.connect(server.url)
    const schema = { '~standard': { version: 1, vendor: 'test', validate: (value: any) => ({ issues: [{ message: String(value) }] }) } } as any
    const { errors, told, said } = await listening(async (note, throws) => {
      for (const cache of [
        new TypeSafeCache(redis, { near: true }),
        new TypeSafeCache(redis, { codec: 'typed', compress: true, maxValueBytes: 100 }),
        new TypeSafeCache(redis, { schema, migrate: () => Promise.reject(new Error(VALUE)) }),
        new ResilientCache(redis, { near: true }),
      ]) {
        await note(cache.set(KEY, VALUE, { tags: [TAG] }))
        for (let i = 0; i < 3; i++) await note(cache.get(KEY))
        await note(cache.getMany([KEY, `${KEY}-2`]))
        await note(cache.getOrSet(KEY, () => VALUE, { tags: [TAG] }))
        await note(cache.getOrSetMany([KEY, `${KEY}-3`], () => new Map([[`${KEY}-3`, VALUE]])))
        await note(cache.getOrSetMany([`${KEY}-4`], () => VALUE as any))
        const circle: any = { [VALUE]: VALUE }
        circle.circle = circle
        for (const value of [10n, circle, Symbol(VALUE), () => VALUE, undefined, VALUE.repeat(100)]) await note(cache.set(KEY, value))
        for (const key of [`${KEY}\0`, `${KEY}\ud800`, KEY.repeat(10_000), { [KEY]: 1 }, [KEY]] as any[]) {
          await note(cache.get(key))
          await note(cache.getMany([key]))
          await note(cache.del(key))
          throws(() => cache.peek(key))
          await note(cache.getOrSet(key, () => VALUE))
        }
        await note(cache.set(KEY, VALUE, { tags: [`${TAG}\0`] }))
        await note(cache.set(KEY, VALUE, { ttl: VALUE as any }))
        await note(cache.set(KEY, VALUE, { [VALUE]: 1 } as any))
        await note(cache.deletePattern(`${KEY}*`))
      }
      await redis.command('RPUSH', `cache:default:${KEY}`, VALUE)
      const cache = new TypeSafeCache(redis, { onError: () => { throw new Error('of the user') } })
      await note(cache.get(KEY))
      await note(cache.lookup(KEY))
      await note(cache.getOrSet(KEY, () => VALUE, { tags: [TAG] }))
      await note(new CacheManager(redis).invalidateByTag(TAG))
      await note(new RedisRepository(redis, 'r').set(KEY, 10n))
      throws(() => cache.wrap(VALUE as any, { key: () => KEY }))
      throws(() => new TypeSafeCache(redis, { codec: VALUE as any }))
      throws(() => new TypeSafeCache(redis, { near: { copy: VALUE as any } }))
    })
    assert.ok(errors.length > 50 && told.length > 20)
    // What a user names an option is no secret, and helps to find the mistake.
    const ours = said.replaceAll(`options.${VALUE} is not an option`, '')
    assert.doesNotMatch(ours, SECRET)
  })

  test('over a server that is away', async () => {
    await using server = await MortalServer.start()
    await using redis = await Redis.connect({ url: server.url, commandTimeout: 200, breaker: false, reconnect: { minMs: 1, maxMs: 20 } })
    const { errors, told, said } = await listening(async (note) => {
      const caches = [new TypeSafeCache(redis, { near: true, name: 'away' }), new ResilientCache(redis, { near: true, name: 'away' })]
      await caches[0]!.set(KEY, VALUE)
      await caches[0]!.get(KEY)
      await server.crash()
      await until('it is missed', () => redis.ping().then(() => false, () => true))
      await Promise.all(
        caches.flatMap((cache) => [
          note(cache.get(KEY)),
          note(cache.set(KEY, VALUE)),
          note(cache.getMany([KEY])),
          note(cache.getOrSet(KEY, () => VALUE, { tags: [TAG] })),
          note(cache.getOrSetMany([KEY], () => new Map([[KEY, VALUE]]))),
          note(cache.getOrSet(KEY, () => Promise.reject(Object.assign(new Error('no'), { code: VALUE })))),
          note(cache.deleteMany([KEY])),
          note(cache.clear()),
        ]),
      )
      await note(new CacheManager(redis).invalidateByTag(TAG))
    })
    const failed = errors.filter((error: any) => error.code !== VALUE)
    assert.ok(failed.length >= 5)
    const failures = told.filter(({ event }) => event === 'error').map(({ message }) => message)
    assert.ok(failures.length >= 4)
    for (const { code, operation, ...rest } of failures) {
      assert.ok(/^ERR_[A-Z_]+$/.test(code) && ['get', 'set'].includes(operation))
      assert.deepEqual(rest, { cache: 'away' })
    }
    assert.doesNotMatch(said.replaceAll(`code: '${VALUE}'`, ''), SECRET)
    assert.doesNotMatch(inspect(told, { depth: 9, maxArrayLength: null }), SECRET)
  })
})
