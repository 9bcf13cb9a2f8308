import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fresh } from './support/cache-tools'
import { onEveryBackend } from './support/backends'
import { all, draft, keyOf, keysOf, newId, pttl, secret, sessionsOf } from './support/session-tools'

onEveryBackend('sessions that connect-redis has left', (backend) => {
  const COOKIE = { originalMaxAge: null, expires: null, httpOnly: true, path: '/' }
  /** One, as connect-redis stores it. */
  async function left(options: object = {}) {
    const legacyPrefix = `${fresh('sess')}:`
    const sessions = sessionsOf(backend.redis, { legacyPrefix, ...options })
    const id = newId()
    const put = (data: object) => backend.redis.command('SET', legacyPrefix + id, JSON.stringify({ cookie: COOKIE, ...data }), 'EX', 3600)
    await put({ user: 'alice', n: 1.5 })
    const isLeft = async () => (await backend.redis.command('EXISTS', legacyPrefix + id)) === 1
    return { sessions, id, put, isLeft, old: legacyPrefix + id }
  }

  for (const [how, options] of [['plain', {}], ['sealed', { encryptionKeys: [secret('a')], idKeys: [secret('b'), secret('c')] }]] as const) {
    test(`are read where they are, and ours from the first write on, ${how}`, async () => {
      const { sessions, id, isLeft } = await left(options)
      const found = await sessions.read(id)
      assert.deepEqual([found.data, found.cookie, found.userId], ['{"user":"alice","n":1.5}', JSON.stringify(COOKIE), null])
      assert.deepEqual([await isLeft(), (await keysOf(backend.redis, sessions)).length], [true, 0])
      const written = await sessions.write(id, { ...found, data: '{"user":"bob"}' })
      assert.equal(written.outcome, 'written')
      assert.deepEqual([await isLeft(), (await keysOf(backend.redis, sessions)).length], [false, 1])
      assert.deepEqual([(await sessions.read(id)).data, (await sessions.read(id)).version], ['{"user":"bob"}', written.version])
      // Of two who have read it there one writes.
      assert.deepEqual(await sessions.write(id, { ...found, data: '{}' }), { outcome: 'conflict', version: written.version, data: '{"user":"bob"}', cookie: found.cookie })
    })

    test(`are ours when they are seen, and can get another id and a user, ${how}`, async () => {
      const { sessions, id, isLeft } = await left(options)
      assert.equal(await sessions.touch(id, { cookie: '{"a":1}', ttlMs: 60_000 }), true)
      assert.equal(await isLeft(), false)
      const found = await sessions.read(id)
      assert.deepEqual([found.data, found.cookie], ['{"user":"alice","n":1.5}', '{"a":1}'])
      assert.ok((await pttl(backend.redis, (await keysOf(backend.redis, sessions))[0]!)) <= 60_000)

      const [second, third] = [await left(options), await left(options)]
      const next = newId()
      assert.notEqual(await second.sessions.rotate(second.id, next), null)
      assert.deepEqual([await second.isLeft(), (await second.sessions.read(next)).data, await second.sessions.read(second.id)], [false, found.data, null])
      assert.equal((await third.sessions.bind(third.id, 'alice')).outcome, 'bound')
      assert.equal(await third.sessions.destroyAllForUser('alice'), 1)
      assert.deepEqual([await third.isLeft(), await third.sessions.read(third.id)], [false, null])
    })
  }

  test('are destroyed for good', async () => {
    const { sessions, id, isLeft } = await left()
    const request = await sessions.read(id)
    assert.equal(await sessions.destroy(id), true)
    assert.deepEqual([await isLeft(), await sessions.read(id)], [false, null])
    assert.deepEqual([(await sessions.write(id, request)).outcome, await sessions.touch(id)], ['gone', false])
    // A process of the old kind that ends slowly writes it once more, and nobody sees that.
    const other = await left()
    await other.sessions.destroy(other.id)
    await other.put({ user: 'alice' })
    assert.deepEqual([await other.sessions.read(other.id), await other.sessions.touch(other.id)], [null, false])
  })

  test('that were changed or are over meanwhile are told so', async () => {
    const { sessions, id, put, old } = await left()
    const found = await sessions.read(id)
    await put({ user: 'carol' })
    const written = await sessions.write(id, { ...found, data: '{}' })
    assert.deepEqual([written.outcome, written.data], ['conflict', '{"user":"carol"}'])
    await backend.redis.command('DEL', old)
    assert.deepEqual(await sessions.write(id, { ...found, version: written.version }), { outcome: 'gone', reason: 'expired' })
    assert.equal(await sessions.touch(id), false)
  })

  test('are taken over once by many who come at once', async () => {
    const { sessions, id, isLeft } = await left()
    const other = sessionsOf(await backend.connect(), { prefix: sessions.prefix, legacyPrefix: (await left()).old.slice(0, -id.length) })
    const doors = [sessions, other]
    const found = await sessions.read(id)
    const ends = await Promise.all(Array.from({ length: 10 }, (_, i) => doors[0].write(id, { ...found, data: `{"by":${i}}` })))
    assert.equal(ends.filter(({ outcome }) => outcome === 'written').length, 1)
    const by = ends.findIndex(({ outcome }) => outcome === 'written')
    assert.ok(ends.every((end, i) => i === by || (end.outcome === 'conflict' && end.data === `{"by":${by}}`)))
    assert.deepEqual([(await sessions.read(id)).data, await isLeft(), await doors[1].count()], [`{"by":${by}}`, false, 2])
  })

  test('do not come back when a new one of the same id is over', async () => {
    const { sessions, id, isLeft } = await left()
    await sessions.write(id, draft({ fresh: true }))
    assert.equal(await isLeft(), false)
    await backend.redis.command('DEL', keyOf(sessions, id))
    assert.equal(await sessions.read(id), null)
  })

  test('are told with all others, and cleared with them', async () => {
    const { sessions, id, isLeft } = await left()
    await sessions.write(newId(), draft({ ours: 1 }))
    const found = await all(sessions)
    assert.deepEqual(found.map(({ data }) => data).sort(), ['{"ours":1}', '{"user":"alice","n":1.5}'])
    assert.equal(await sessions.count(), 2)
    await sessions.clear()
    assert.deepEqual([await sessions.count(), await isLeft(), await sessions.read(id)], [0, false, null])
  })

  test('have a prefix that none of our keys begins with', () => {
    for (const [prefix, legacyPrefix] of [['sess', 'sess:'], ['sess', 'sess:default:a'], ['session', 's'], ['a', '']] as const) {
      assert.throws(() => sessionsOf(backend.redis, { prefix, legacyPrefix }), { name: 'TypeError', code: 'ERR_INVALID_ARG' })
    }
  })

  test('that are none are not read, and counted', async () => {
    const { sessions, id, old } = await left()
    for (const garbage of ['', 'x', '[]', 'null', '5', '"a"', '{"a":', '\0']) {
      await backend.redis.command('SET', old, garbage, 'EX', 60)
      assert.deepEqual([await sessions.read(id), await sessions.touch(id), await all(sessions)], [null, false, []], garbage)
    }
    await backend.redis.command('SET', old, new Uint8Array([0xff, 0xfe]), 'EX', 60)
    assert.equal(await sessions.read(id), null)
    assert.ok(sessions.metrics().unreadable >= 9)
    await backend.redis.command('DEL', old)
    await backend.redis.command('RPUSH', old, 'a')
    assert.deepEqual([await sessions.read(id), await sessions.count()], [null, 0])
    assert.equal(await sessions.destroy(id), true)
  })
})
