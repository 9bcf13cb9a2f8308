import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Keyv } from 'keyv'
import { Keyv as Keyv6 } from 'keyv6'
import { Redis } from '../index.js'
import { KeyvRedwright } from '../keyv.js'
import type { TestServer } from '../testing.js'
import { realServer } from './support/servers'

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

describe('KeyvRedwright by itself', () => {
  test('takes keys as they are where Keyv 5 is told so', async () => {
    const store = new KeyvRedwright(redis, { useKeyPrefix: false })
    const keyv = new Keyv({ store, namespace: 'bare', useKeyPrefix: false })
    await keyv.set('bare:a', 1)
    await keyv.set('a', 2)
    assert.deepEqual(await keys('keyv:bare:*'), ['keyv:bare:a', 'keyv:bare:bare:a'])
    assert.deepEqual(await collect(keyv.iterator!(undefined)), [['a', 2], ['bare:a', 1]])
  })

  test('keeps keys apart that begin with the namespace, under Keyv 6', async () => {
    const keyv = new Keyv6({ store: new KeyvRedwright(redis), namespace: 'apart' })
    await keyv.set('a', 1)
    await keyv.set('apart:a', 2)
    assert.deepEqual([await keyv.get('a'), await keyv.get('apart:a')], [1, 2])
  })

  test('keeps strings, objects and bytes as they are given', async () => {
    const store = new KeyvRedwright(redis, { namespace: 'raw' })
    const values = ['{"value":1}', 'plain', '', { value: 1 }, Buffer.from([0, 255]), 7]
    for (const [i, value] of values.entries()) await store.set(`k${i}`, value)
    assert.deepEqual(await store.getMany(values.map((_, i) => `k${i}`)), values)
  })

  test('stores nothing whose life is over, and gives no end to what outlives everybody', async () => {
    const store = new KeyvRedwright(redis, { namespace: 'lives' })
    await store.set('a', 'old')
    await store.set('a', 'new', -1)
    assert.equal(await store.get('a'), undefined)
    await store.set('b', 'x', Number.MAX_SAFE_INTEGER)
    assert.equal(await redis.command('PTTL', 'keyv:lives:b'), -1)
    await store.set('c', 'x', 59_999.5)
    assert.ok((await redis.command<number>('PTTL', 'keyv:lives:c')) > 0)
    await assert.rejects(store.set('d', 'x', Number.NaN), { name: 'TypeError', code: 'ERR_INVALID_ARG' })
  })

  test('rejects while Redis cannot serve, and an error that nobody listens to throws nowhere', async () => {
    const client = new Redis({ url: server.url })
    const store = new KeyvRedwright(client)
    await client.close()
    for (const call of [() => store.get('a'), () => store.getMany(['a']), () => store.set('a', 'x'), () => store.has('a'), () => store.clear()]) {
      await assert.rejects(call, { code: 'ERR_CLOSED' })
    }
    assert.equal(store.emit('error', new Error('nobody listens')), false)
  })

  test('goes on without Redis where it is told to degrade', async () => {
    const client = new Redis({ url: server.url })
    const store = new KeyvRedwright(client, { onUnavailable: 'degrade' })
    await client.close()
    assert.equal(await store.get('a'), undefined)
    assert.equal(await store.set('a', 'x'), true)
  })

  test('refuses wrong options by name', () => {
    const wrong = (options: any) => () => new KeyvRedwright(redis, options)
    assert.throws(wrong({ prefx: 'x' }), /options\.prefx is not an option; did you mean 'prefix'/)
    assert.throws(wrong({ useKeyPrefix: 1 }), /options\.useKeyPrefix must be a boolean/)
    assert.throws(wrong([]), { name: 'TypeError', code: 'ERR_INVALID_ARG' })
    assert.throws(wrong(null), { name: 'TypeError', code: 'ERR_INVALID_ARG' })
    assert.throws(() => new KeyvRedwright({} as any), /redis must be a Redis of this package/)
  })
})
