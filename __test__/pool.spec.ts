import assert from 'node:assert/strict'
import net from 'node:net'
import { after, before, describe, test } from 'node:test'
import { Redis, TypeSafeCache } from '../index.js'
import type { TestServer } from '../testing.js'
import { MortalServer } from './support/client-server'
import { realServer } from './support/servers'
import { until } from './support/until'

let server: TestServer
before(async () => {
  server = await realServer({ tcp: true })
})
after(() => server?.stop())

/** What `MONITOR` tells: by key, the connections over which something was asked about it. */
async function watch() {
  const { hostname, port, password } = new URL(server.url)
  const socket = net.connect(Number(port), hostname).setEncoding('utf8')
  const connections = new Map<string, Set<string>>()
  let rest = ''
  let greetings = 0
  socket.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\r\n')
    rest = lines.pop()!
    for (const line of lines) {
      if (line === '+OK') greetings++
      const [, from, key] = /^\+[\d.]+ \[\d+ ([^\]]+)\] "\w+" "([^"]+)"/.exec(line) ?? []
      if (from === undefined) continue
      const known = connections.get(key!) ?? new Set()
      connections.set(key!, known.add(from))
    }
  })
  socket.write(`AUTH ${password}\r\nMONITOR\r\n`)
  await until('the server tells', () => greetings === 2)
  return { connections, [Symbol.dispose]: () => void socket.destroy() }
}

describe('a pool', () => {
  test('spreads keys over its connections, and each key stays on one of them', async () => {
    await using redis = await Redis.connect({ url: server.url, poolSize: 4 })
    assert.deepEqual(redis.metrics().nodes.map(({ standing, connections }) => [standing, connections]), [[4, 4]])
    const monitor = await watch()
    const keys = Array.from({ length: 400 }, (_, i) => `k${i}`)
    const answers = await Promise.all(
      keys.flatMap((key) => [1, 2].flatMap((n) => [redis.command('SET', key, n), redis.command('GET', key), redis.command('STRLEN', key), redis.command('DEL', key)])),
    )
    assert.deepEqual(answers, keys.flatMap(() => [1, 2].flatMap((n) => ['OK', String(n), 1, 1])))
    await until('all has been told', () => monitor.connections.size === keys.length)
    monitor[Symbol.dispose]()
    const used = new Map<string, number>()
    for (const [key, over] of monitor.connections) {
      assert.equal(over.size, 1, `${key} over ${[...over]}`)
      for (const one of over) used.set(one, (used.get(one) ?? 0) + 1)
    }
    assert.equal(used.size, 4)
    for (const count of used.values()) assert.ok(count > 50, `${[...used.values()]}`)
  })

  test('gives commands without a key to its connections in turn', async () => {
    await using redis = await Redis.connect({ url: server.url, poolSize: 3 })
    const counts = new Map<number, number>()
    for (const id of await Promise.all(Array.from({ length: 300 }, () => redis.command<number>('CLIENT', 'ID')))) {
      counts.set(id, (counts.get(id) ?? 0) + 1)
    }
    assert.deepEqual([...counts.values()], [100, 100, 100])
  })

  test('reads and deletes many keys over all of its connections, in the order of asking', async () => {
    await using redis = await Redis.connect({ url: server.url, poolSize: 3 })
    const cache = new TypeSafeCache(redis, { namespace: 'pool' })
    const keys = Array.from({ length: 2500 }, (_, i) => `n${i}`)
    await cache.setMany(keys.map((key, i) => [key, i]))
    assert.deepEqual(await cache.getMany(keys), [...keys.keys()])
    const stores = keys.map((key) => cache.set(key, 'late'))
    const deleted = cache.deleteMany(keys)
    await Promise.all(stores)
    assert.equal(await deleted, keys.length)
    assert.equal(await cache.clear(), 0)
  })

  test('is ready when all of its connections are, and comes back as a whole', async () => {
    await using own = await MortalServer.start()
    await using redis = await Redis.connect({ url: own.url, poolSize: 3, reconnect: { minMs: 5, maxMs: 50 }, commandTimeout: '30s' })
    await own.crash()
    await until('it tries again', () => redis.status === 'reconnecting')
    await own.start()
    await until('it is ready', () => redis.status === 'ready')
    assert.deepEqual(redis.metrics().nodes.map(({ standing }) => standing), [3])
    assert.equal(await redis.ping(), 'PONG')
  })

  test('answers what has no key when all of its connections end at once, and does not go round among them', async () => {
    await using own = await MortalServer.start()
    await using redis = await Redis.connect({ url: own.url, poolSize: 3, reconnect: { minMs: 5, maxMs: 50 }, commandTimeout: 300 })
    for (let i = 0; i < 5; i++) {
      // Some are asked again before it is known that the connections have ended, and each leads to the next.
      const work = { asked: 0, answered: 0, isOver: false }
      const ask = async () => {
        for (; !work.isOver; work.answered++) {
          work.asked++
          await redis.ping().catch(() => {})
        }
      }
      const asking = Promise.all(Array.from({ length: 100 }, ask))
      await until('they are under way', () => work.answered > 500)
      await own.crash()
      work.isOver = true
      await until('all are answered', () => work.answered === work.asked)
      await asking
      await own.start()
      await until('it is ready', () => redis.status === 'ready')
    }
  })
})
