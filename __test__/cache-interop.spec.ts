import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { Redis, RedisRepository, TypeSafeCache } from '../index.js'
import type { TestServer } from '../testing.js'
import { root } from './support/root'
import { realServer } from './support/servers'

const SCRIPT = path.join(root, '__test__/python/values.py')
const missing =
  (process.platform === 'win32' && 'Python has no unix sockets on Windows') ||
  (spawnSync('python3', ['--version']).status !== 0 && 'python3 is not installed')

describe('a Python program over a plain socket', { skip: missing }, () => {
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

  const python = (action: string, key: string, input = '') =>
    execFileSync('python3', [SCRIPT, server.path!, action, key], { input, encoding: 'utf8', timeout: 60_000 })

  const value = { name: 'Größe 😀', list: [1, 2.5, -3e-7, true, null], nested: { '': '007', quote: '"\\\n' } }

  test('reads what the cache and the repository have stored', async () => {
    await new TypeSafeCache(redis, { namespace: 'shared' }).set('to:python', value)
    await new RedisRepository(redis, 'shared').set('to python', value)
    assert.deepEqual(JSON.parse(python('read', 'cache:shared:to:python')), value)
    assert.deepEqual(JSON.parse(python('read', 'repo:shared:to python')), value)
  })

  test('writes what the cache and the repository read', async () => {
    python('write', 'cache:shared:from python', JSON.stringify(value))
    python('write', 'repo:shared:from python', JSON.stringify(value))
    const cache = new TypeSafeCache(redis, { namespace: 'shared' })
    assert.deepEqual(await cache.get('from python'), value)
    assert.deepEqual(await cache.getMany(['from python', 'x']), [value, null])
    assert.deepEqual(await cache.getOrSet<unknown>('from python', () => assert.fail('a hit')), value)
    assert.deepEqual(await new RedisRepository(redis, 'shared').get('from python'), value)
  })
})
