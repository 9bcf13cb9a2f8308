import 'reflect-metadata'
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { CACHE_MANAGER, CacheModule } from '@nestjs/cache-manager'
import type { DynamicModule } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { type Cache, createCache } from 'cache-manager'
import { Keyv } from 'keyv'
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

describe('cache-manager', () => {
  const make = (namespace: string) => createCache({ stores: [new Keyv({ store: new KeyvRedwright(redis), namespace })] })

  test('gets, sets and deletes, one and many', async () => {
    const cache = make('one')
    await cache.set('a', { name: 'Ada' })
    assert.deepEqual(await cache.get('a'), { name: 'Ada' })
    await cache.mset([{ key: 'b', value: 2 }, { key: 'c', value: 3, ttl: 60_000 }])
    assert.deepEqual(await cache.mget(['b', 'x', 'c']), [2, undefined, 3])
    await cache.del('a')
    await cache.mdel(['b'])
    assert.deepEqual(await cache.mget(['a', 'b', 'c']), [undefined, undefined, 3])
  })

  test('tells when an entry ends', async () => {
    const cache = make('ttl')
    const now = Date.now()
    await cache.set('a', 1, 60_000)
    const ends = await cache.ttl('a')
    assert.ok(ends! >= now + 60_000 && ends! <= Date.now() + 60_000)
    await cache.set('b', 1)
    assert.equal(await cache.ttl('b'), undefined)
  })

  test('wraps a function, and shares what it gave with another process', async () => {
    let calls = 0
    const load = async () => ({ calls: ++calls })
    const [one, other] = [make('wrap'), make('wrap')]
    assert.deepEqual(await one.wrap('a', load, 60_000), { calls: 1 })
    assert.deepEqual(await other.wrap('a', load, 60_000), { calls: 1 })
  })

  test('clears its own entries', async () => {
    const [one, other] = [make('clear'), make('keep')]
    await Promise.all([one.set('a', 1), other.set('a', 2)])
    await one.clear()
    assert.deepEqual([await one.get('a'), await other.get('a')], [undefined, 2])
  })
})

describe('@nestjs/cache-manager', () => {
  test('has its entries in Redis, and leaves the client open when the application ends', async () => {
    const useFactory = async () => ({ stores: [new KeyvRedwright(redis)], ttl: 60_000, namespace: 'nest' })
    const module: DynamicModule = CacheModule.registerAsync({ useFactory })
    const app = await NestFactory.createApplicationContext(module, { logger: false, abortOnError: false })
    const cache = app.get<Cache>(CACHE_MANAGER)
    await cache.set('a', { name: 'Ada' })
    assert.deepEqual(await cache.get('a'), { name: 'Ada' })
    assert.equal(await cache.wrap('b', async () => 'loaded'), 'loaded')
    const ttl = await redis.command<number>('PTTL', 'keyv:nest:a')
    assert.ok(ttl > 0 && ttl <= 60_000, String(ttl))
    await app.close()
    assert.equal(await redis.ping(), 'PONG')
  })
})
