import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'
import express from 'express'
import { rateLimit } from 'express-rate-limit'
import { RateLimitStore } from '../express.js'
import { Redis } from '../index.js'
import { MortalServer } from './support/client-server'
import { ask, type HttpServer, serve } from './support/http'
import { until } from './support/until'

const SOON = { minMs: 5, maxMs: 50 }
/** So long each call takes while the server is away. */
const DEADLINE_MS = 500
const client = (server: MortalServer) => new Redis({ url: server.url, reconnect: SOON, commandTimeout: DEADLINE_MS })
const works = (redis: Redis) => until('it works', () => redis.ping().then(() => true, () => false))

let app: HttpServer | undefined
afterEach(async () => {
  await app?.close()
  app = undefined
})
async function start(store: RateLimitStore): Promise<string> {
  const application = express()
  application.use(rateLimit({ limit: 3, windowMs: 3_600_000, store, validate: false }))
  application.use((_req, res) => void res.send('ok'))
  app = await serve(application)
  return app.url
}
async function statuses(url: string, times: number): Promise<number[]> {
  const list: number[] = []
  for (let i = 0; i < times; i++) list.push((await ask(url)).status)
  return list
}
function make(redis: Redis, options?: object): RateLimitStore {
  const store = new RateLimitStore(redis, options)
  store.init({ windowMs: 3_600_000 })
  return store
}

describe('a RateLimitStore over a server', () => {
  test('answers where there is none at the start, and counts there when it comes', async () => {
    await using server = MortalServer.prepare()
    await using redis = client(server)
    const url = await start(new RateLimitStore(redis))
    assert.deepEqual(await statuses(url, 4), [200, 200, 200, 429])
    await server.start()
    await works(redis)
    assert.deepEqual(await statuses(url, 1), [429])
    assert.equal(await redis.command('GET', 'rl:127.0.0.1'), '5')
  })

  for (const [what, away, back] of [
    ['stands still', (server: MortalServer) => server.kill('SIGSTOP'), (server: MortalServer) => server.kill('SIGCONT')],
    ['crashes', (server: MortalServer) => server.crash(), (server: MortalServer) => server.start()],
  ] as const) {
    test(`answers while it ${what}, and goes on afterwards`, async () => {
      await using server = await MortalServer.start()
      await using redis = client(server)
      const url = await start(new RateLimitStore(redis))
      assert.deepEqual(await statuses(url, 1), [200])
      await away(server)
      const during = await statuses(url, 4)
      assert.deepEqual(during, [200, 200, 200, 429])
      await back(server)
      await works(redis)
      let asked = 5
      let total = 0
      await until('Redis counts', async () => {
        await ask(url)
        asked++
        total = Number(await redis.command('GET', 'rl:127.0.0.1').catch(() => 0))
        return total > 0
      })
      // What was sent and not answered counts where it was executed, and never twice.
      assert.ok(total <= asked, `${total} hits of ${asked}`)
      assert.ok((await redis.command<number>('PTTL', 'rl:127.0.0.1')) > 0)
    })
  }

  test('keeps its keys as rate-limit-redis does, each with a TTL', async () => {
    await using server = await MortalServer.start()
    await using redis = client(server)
    await redis.command('SET', 'rl:moved', '7', 'PX', 60_000)
    const store = make(redis)
    assert.equal((await store.increment('moved')).totalHits, 8)
    await store.increment('new')
    await store.decrement('nobody')
    await store.decrement('new')
    await store.decrement('new')
    assert.equal((await store.get('new'))!.totalHits, 0)
    assert.equal(await store.get('nobody'), undefined)
    const keys = (await redis.command<string[]>('KEYS', '*')).sort()
    assert.deepEqual(keys, ['rl:moved', 'rl:new'])
    for (const key of keys) assert.ok((await redis.command<number>('PTTL', key)) > 0, key)
  })

  test('gives a key without a TTL one', async () => {
    await using server = await MortalServer.start()
    await using redis = client(server)
    await redis.command('SET', 'rl:immortal', '1000')
    const { totalHits } = await make(redis).increment('immortal')
    assert.equal(totalHits, 1)
    assert.ok((await redis.command<number>('PTTL', 'rl:immortal')) > 0)
  })

  test('resets a client, and all of its own', async () => {
    await using server = await MortalServer.start()
    await using redis = client(server)
    const store = make(redis, { prefix: 'a*:' })
    const other = make(redis, { prefix: 'ab:' })
    for (const key of ['x', 'y', 'z']) await store.increment(key)
    await other.increment('x')
    await store.resetKey('x')
    assert.equal(await store.get('x'), undefined)
    assert.equal((await store.get('y'))!.totalHits, 1)
    await store.resetAll()
    assert.deepEqual(await redis.command('KEYS', '*'), ['ab:x'])
  })
})
