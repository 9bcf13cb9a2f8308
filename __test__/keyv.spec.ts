import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Keyv } from 'keyv'
import { Keyv as Keyv6 } from 'keyv6'
import { Redis, TypeSafeCache } from '../index.js'
import { KeyvRedwright } from '../keyv.js'
import type { TestServer } from '../testing.js'
import { fakeServer, realServer } from './support/servers'
import { until } from './support/until'

let server: TestServer
let redis: Redis
before(async () => {
  server = await realServer()
  redis = await Redis.connect(server.url)
})
after(async () => {
  await redis.close()
  await server.stop()
})

const collect = async (walk: AsyncIterable<any>) => {
  const found: [string, unknown][] = []
  for await (const entry of walk) found.push(entry)
  return found.sort()
}
const keys = async (pattern: string) => (await redis.command<string[]>('KEYS', pattern)).sort()

for (const [version, Class] of [[5, Keyv], [6, Keyv6]] as const) {
  describe(`Keyv ${version}`, () => {
    let count = 0
    /** A Keyv in a namespace of its own. */
    const make = (options = {}, adapter = {}): any => {
      const namespace = `v${version}-${count++}`
      return new (Class as any)({ store: new KeyvRedwright(redis, adapter), namespace, ...options })
    }

    test('puts its namespace into a key once', async () => {
      const keyv = make()
      await keyv.set('a', 1)
      await keyv.setMany([{ key: 'b', value: 2 }])
      assert.deepEqual(await keys(`*${keyv.namespace}*`), [`keyv:${keyv.namespace}:a`, `keyv:${keyv.namespace}:b`])
      const named = make({ namespace: 'of:keyv' }, { prefix: 'app' })
      await named.set('a', 1)
      assert.deepEqual(await keys('app:*'), ['app:of%3Akeyv:a'])
    })

    test('keeps values of every kind', async () => {
      const keyv = make()
      const value = { text: 'Größe 😀 "', list: [1, null, true], bytes: Buffer.from([0, 255]) }
      await keyv.set('object', value)
      await keyv.set('null', null)
      await keyv.set('zero', 0)
      assert.deepEqual(await keyv.get('object'), value)
      assert.deepEqual(await keyv.getMany(['zero', 'nobody', 'null']), [0, undefined, null])
    })

    test('gives Redis the life of an entry in milliseconds, and none where there is none', async () => {
      const keyv = make()
      await keyv.set('soon', 1, 60_000)
      await keyv.set('never', 1)
      await keyv.setMany([{ key: 'many', value: 1, ttl: 30_000 }, { key: 'endless', value: 1 }])
      const ttl = (key: string) => redis.command<number>('PTTL', `keyv:${keyv.namespace}:${key}`)
      const [soon, never, many, endless] = await Promise.all(['soon', 'never', 'many', 'endless'].map(ttl))
      assert.ok(soon > 30_000 && soon <= 60_000, String(soon))
      assert.ok(many > 0 && many <= 30_000, String(many))
      assert.deepEqual([never, endless], [-1, -1])
    })

    test('is without an entry that Redis has ended', async () => {
      const keyv = make()
      await keyv.set('a', 1, 1)
      await until('the entry has ended', async () => (await keyv.get('a')) === undefined)
      await until('Redis has deleted it', async () => (await keys(`keyv:${keyv.namespace}:*`)).length === 0)
    })

    test('tells what was there, of one and of many', async () => {
      const keyv = make()
      await keyv.set('a', 1)
      await keyv.set('b', 2)
      assert.equal(await keyv.has('a'), true)
      assert.deepEqual(await keyv.hasMany(['a', 'x', 'b']), [true, false, true])
      assert.equal(await keyv.delete('a'), true)
      assert.equal(await keyv.delete('a'), false)
      await keyv.deleteMany(['b', 'x'])
      assert.equal(await keyv.get('b'), undefined)
    })

    test('asks for more keys than a client lets wait at once', async () => {
      await using client = new Redis({ url: server.url, maxPending: 1000 })
      const keyv: any = new (Class as any)({ store: new KeyvRedwright(client), namespace: `many${version}` })
      const many = Array.from({ length: 10_000 }, (_, i) => `k${i}`)
      await keyv.set('k9999', 1)
      const found = await keyv.hasMany(many)
      assert.deepEqual([found.length, found.filter(Boolean).length, found[9999]], [10_000, 1, true])
    })

    test('clears its own namespace and nothing else', async () => {
      const [one, other] = [make({ namespace: 'one*' }), make({ namespace: 'one*2' })]
      const cache = new TypeSafeCache(redis, { namespace: 'one*' })
      await Promise.all([one.set('a', 1), other.set('a', 2), cache.set('a', 3)])
      await one.clear()
      assert.deepEqual([await one.get('a'), await other.get('a'), await cache.get('a')], [undefined, 2, 3])
    })

    test('walks over its own namespace', async () => {
      const [one, other] = [make({ namespace: `walk[${version}]` }), make()]
      await Promise.all([one.set('a:b', 1), one.set('c', 2), other.set('d', 3)])
      await redis.command('SET', Buffer.concat([Buffer.from(`keyv:walk[${version}]:`), Buffer.from([255])]), 'no text')
      assert.deepEqual(await collect(one.iterator()), [['a:b', 1], ['c', 2]])
    })

    test('has the namespace of the options where Keyv has none', async () => {
      const keyv = make({ namespace: undefined }, { namespace: `own${version}`, ttl: 60 })
      await keyv.set('a', 1)
      assert.equal(await keyv.get('a'), 1)
      assert.deepEqual(await keys(`keyv:own${version}:*`), [`keyv:own${version}:a`])
      assert.ok((await redis.command<number>('TTL', `keyv:own${version}:a`)) > 0)
      assert.deepEqual(await collect(keyv.iterator()), [['a', 1]])
      await keyv.clear()
      assert.equal(await keyv.get('a'), undefined)
    })

    test('leaves the client open when it disconnects', async () => {
      await make().disconnect()
      assert.equal(await redis.ping(), 'PONG')
    })

    test('tells of a read that failed, within the deadline, and gives a miss', async () => {
      await using silent = await fakeServer()
      const client = new Redis({ url: silent.url, commandTimeout: 100, reconnect: { minMs: 10, maxMs: 10 } })
      const keyv: any = new (Class as any)({ store: new KeyvRedwright(client) })
      const told: any[] = []
      keyv.on('error', (error: any) => told.push(error.code))
      assert.equal(await keyv.get('a'), undefined)
      assert.equal(await keyv.set('a', 1), false)
      assert.equal(told.length, 2, 'once for the read and once for the write')
      for (const code of told) assert.match(code, /^ERR_(TIMEOUT|UNAVAILABLE)$/)
      await client.close()
    })
  })
}
