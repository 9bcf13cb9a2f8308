import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { RedisRepository, TypeSafeCache, type Duration, type RepositoryOptions } from '../index.js'
import { onEveryBackend } from './support/backends'
import { fresh } from './support/cache-tools'
import { until } from './support/until'

interface User {
  name: string
  tags?: string[]
}

onEveryBackend('a repository', (backend) => {
  const newUsers = (options?: RepositoryOptions) => new RedisRepository<User>(backend.redis, fresh('user'), options)
  const keyOf = (users: RedisRepository<any>, id: string) => `repo:${users.namespace}:${id}`
  const pttl = (users: RedisRepository<any>, id: string) => backend.redis.command<number>('PTTL', keyOf(users, id))

  test('keeps records by id', async () => {
    const users = newUsers()
    assert.equal(await users.get('1'), null)
    assert.equal(await users.exists('1'), false)
    assert.equal(await users.set('1', { name: 'Ada', tags: ['x'] }), undefined)
    assert.deepEqual(await users.get('1'), { name: 'Ada', tags: ['x'] })
    assert.equal(await users.exists('1'), true)
    await users.set('1', { name: 'Grace' })
    assert.deepEqual(await users.get('1'), { name: 'Grace' })
    assert.equal(await users.delete('1'), undefined)
    assert.equal(await users.get('1'), null)
    assert.equal(await users.delete('1'), undefined)
  })

  test('reads many in the order of their ids, null for each that is missing', async () => {
    const users = newUsers()
    assert.deepEqual(await users.getMany([]), [])
    await Promise.all(['a', 'b', 'c'].map((name) => users.set(name, { name })))
    assert.deepEqual(await users.getMany(['c', 'x', 'a', 'c']), [{ name: 'c' }, null, { name: 'a' }, { name: 'c' }])
    const ids = Array.from({ length: 1500 }, (_, i) => String(i))
    await Promise.all(ids.map((id) => users.set(id, { name: id })))
    assert.deepEqual(await users.getMany(ids), ids.map((name) => ({ name })))
  })

  test('stores plain JSON under its prefix, which others read and write', async () => {
    const users = newUsers()
    await users.set('1', { name: 'Größe' })
    assert.equal(await backend.redis.command('GET', keyOf(users, '1')), '{"name":"Größe"}')
    await backend.redis.command('SET', keyOf(users, '2'), '{"name": "foreign"}')
    assert.deepEqual(await users.get('2'), { name: 'foreign' })
    const elsewhere = new RedisRepository<User>(backend.redis, users.namespace, { prefix: 'else:where' })
    await elsewhere.set('1', { name: 'other' })
    assert.equal(await backend.redis.command('GET', `else%3Awhere:${users.namespace}:1`), '{"name":"other"}')
    assert.deepEqual(await users.get('1'), { name: 'Größe' })
  })

  test('does not share keys with a cache of the same namespace', async () => {
    const users = newUsers()
    const cache = new TypeSafeCache(backend.redis, { namespace: users.namespace })
    await users.set('1', { name: 'Ada' })
    assert.equal(await cache.get('1'), null)
    assert.equal(await cache.clear(), 0)
    assert.equal(await users.exists('1'), true)
  })

  test('gives bytes and any JSON back as they were', async () => {
    const anything = new RedisRepository<any>(backend.redis, fresh())
    await anything.set('1', Uint8Array.of(0xc1, 1, 1, 0))
    assert.deepEqual(await anything.get('1'), Uint8Array.of(0xc1, 1, 1, 0))
    const check = fc.asyncProperty(fc.jsonValue({ stringUnit: 'binary' }), async (value) => {
      await anything.set('1', value)
      const expected = JSON.parse(JSON.stringify(value))
      assert.deepEqual(await anything.get('1'), expected)
      assert.deepEqual(await anything.getMany(['1']), [expected])
    })
    await fc.assert(check, { seed: 1, numRuns: backend.real ? 50 : 5 })
  })

  const lives: [ttl: Duration, ms: number][] = [[90, 90_000], ['30d', 2_592_000_000], ['1.5s', 1500]]
  for (const [ttl, ms] of lives) {
    test(`a ttl of ${ttl} holds for all records, or for one`, async () => {
      const [all, one] = [newUsers({ ttl }), newUsers()]
      const begun = performance.now()
      await Promise.all([all.set('1', { name: 'a' }), one.set('1', { name: 'b' }, ttl)])
      for (const left of [await pttl(all, '1'), await pttl(one, '1')]) {
        assert.ok(left <= ms && left + performance.now() - begun + 2 >= ms, `${left} ms`)
      }
    })
  }

  test('a record lives an hour where nothing is said, and for ever when Infinity is', async () => {
    const users = newUsers()
    await users.set('1', { name: 'a' })
    await users.set('2', { name: 'b' }, Infinity)
    const left = await pttl(users, '1')
    assert.ok(left > 3_500_000 && left <= 3_600_000)
    assert.equal(await pttl(users, '2'), -1)
    const endless = newUsers({ ttl: Infinity })
    await endless.set('1', { name: 'c' })
    assert.equal(await pttl(endless, '1'), -1)
  })

  test('a ttl of 0 stores nothing and leaves no older record', async () => {
    const users = newUsers()
    await users.set('1', { name: 'old' })
    await users.set('1', { name: 'new' }, 0)
    assert.equal(await users.exists('1'), false)
  })

  test('a record is gone at its end', async () => {
    const users = newUsers({ ttl: '30ms' })
    await users.set('1', { name: 'short' })
    await until('the record has expired', async () => (await users.get('1')) === null)
  })

  test('what cannot be read is null, and stays', async () => {
    const users = newUsers()
    await backend.redis.command('SET', keyOf(users, '1'), Uint8Array.of(0xc1, 9, 9, 9))
    assert.deepEqual([await users.get('1'), await users.getMany(['1']), await users.exists('1')], [null, [null], true])
  })

  test('hides no error', async () => {
    const users = newUsers()
    await backend.redis.command('RPUSH', keyOf(users, 'list'), 'a')
    await assert.rejects(users.get('list'), { name: 'RedwrightError', code: 'ERR_SERVER', serverCode: 'WRONGTYPE' })
    const closed = await backend.connect()
    await closed.close()
    const orphans = new RedisRepository<User>(closed, 'user')
    const operations = [orphans.get('1'), orphans.set('1', { name: 'a' }), orphans.delete('1'), orphans.exists('1'), orphans.getMany(['1'])]
    await Promise.all(operations.map((operation) => assert.rejects(operation, { code: 'ERR_CLOSED' })))
  })
})
