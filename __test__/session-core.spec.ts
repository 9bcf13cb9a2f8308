import assert from 'node:assert/strict'
import { test } from 'node:test'
import { onEveryBackend } from './support/backends'
import { all, draft, fieldsOf, keyOf, keysOf, LONG_MS, newId, now, pttl, sessionsOf } from './support/session-tools'
import { until } from './support/until'

onEveryBackend('sessions by version', (backend) => {
  /** A session that a request has loaded, and the request. */
  async function loaded(options?: object) {
    const sessions = sessionsOf(backend.redis, options)
    const id = newId()
    await sessions.write(id, draft({ name: 'alice' }))
    return { sessions, id, request: await sessions.read(id) }
  }

  test('are read as they were written', async () => {
    const sessions = sessionsOf(backend.redis)
    const id = newId()
    assert.equal(await sessions.read(id), null)
    const { version } = await sessions.write(id, draft({ name: 'ålice 😀' }, { cookie: '{"path":"/"}' }))
    const { createdAt, lastSeenAt, expiresAt, ...rest } = await sessions.read(id)
    assert.deepEqual(rest, { version, data: '{"name":"ålice 😀"}', cookie: '{"path":"/"}', userId: null, meta: null, id: rest.id, movedTo: null, index: '' })
    assert.equal(keyOf(sessions, id).endsWith(`:${rest.id}`), true)
    assert.equal(lastSeenAt, createdAt)
    assert.ok(expiresAt - createdAt > LONG_MS - 60_000 && expiresAt - createdAt <= LONG_MS + 5, `${expiresAt - createdAt}`)
    assert.equal(await sessions.count(), 1)
  })

  test('stay logged out while a slow request ends, whatever it does', async () => {
    for (const act of ['write', 'touch', 'rotate', 'bind', 'write as new']) {
      const { sessions, id, request } = await loaded()
      assert.equal(await sessions.destroy(id), true)
      if (act === 'write') assert.deepEqual(await sessions.write(id, { ...request, ttlMs: LONG_MS }), { outcome: 'gone', reason: 'destroyed' })
      if (act === 'write as new') assert.deepEqual(await sessions.write(id, draft({})), { outcome: 'gone', reason: 'destroyed' })
      if (act === 'touch') assert.equal(await sessions.touch(id, { cookie: '{}', ttlMs: LONG_MS }), false)
      if (act === 'rotate') assert.equal(await sessions.rotate(id, newId(), { graceMs: 1000 }), null)
      if (act === 'bind') assert.deepEqual(await sessions.bind(id, 'alice'), { outcome: 'gone', reason: 'destroyed' })
      assert.equal(await sessions.read(id, { sees: true }), null, act)
      assert.deepEqual([await sessions.count(), await all(sessions), await sessions.destroy(id)], [0, [], false], act)
    }
  })

  test('stay logged out while many slow requests end at once', async () => {
    const { sessions, id, request } = await loaded()
    const other = sessionsOf(await backend.connect(), { prefix: sessions.prefix })
    const ends = Array.from({ length: 60 }, (_, i) => {
      const door = i % 2 === 0 ? sessions : other
      if (i === 30) return sessions.destroy(id)
      if (i % 3 === 0) return door.touch(id, { ttlMs: LONG_MS })
      return i % 3 === 1 ? door.write(id, { ...request, ttlMs: LONG_MS }) : door.rotate(id, newId(), { graceMs: LONG_MS })
    })
    await Promise.all(ends)
    // What was rotated away is ended by the name that it had.
    await sessions.destroy(id)
    assert.equal(await sessions.read(id), null)
    assert.equal((await sessions.write(id, { ...request, ttlMs: LONG_MS })).outcome, 'gone')
    assert.equal(await sessions.count(), 0)
  })

  test('cannot be brought back when they are over, or were cleared', async () => {
    const { sessions, id, request } = await loaded()
    await backend.redis.command('DEL', keyOf(sessions, id))
    assert.deepEqual(await sessions.write(id, { ...request, ttlMs: LONG_MS }), { outcome: 'gone', reason: 'expired' })
    await sessions.write(id, draft({ name: 'bob' }))
    // Nor by a request that knows the one before.
    assert.equal((await sessions.write(id, { ...request, ttlMs: LONG_MS })).outcome, 'conflict')
    const again = await sessions.read(id)
    await sessions.clear()
    assert.deepEqual(await sessions.write(id, { ...again, ttlMs: LONG_MS }), { outcome: 'gone', reason: 'expired' })
    assert.deepEqual(await keysOf(backend.redis, sessions), [])
  })

  test('tell of two writers the second what the first has written', async () => {
    const { sessions, id, request } = await loaded()
    const first = await sessions.write(id, { ...request, data: '{"by":1}', ttlMs: LONG_MS })
    assert.equal(first.outcome, 'written')
    const second = await sessions.write(id, { ...request, data: '{"by":2}', ttlMs: LONG_MS })
    assert.deepEqual(second, { outcome: 'conflict', version: first.version, data: '{"by":1}', cookie: '{}' })
    assert.equal((await sessions.write(id, { ...request, version: second.version, data: '{"by":2}', ttlMs: LONG_MS })).outcome, 'written')
    assert.equal((await sessions.read(id)).data, '{"by":2}')
  })

  test('end to the ms that their time says, and a shorter one holds at once', async () => {
    const { sessions, id } = await loaded()
    const key = keyOf(sessions, id)
    for (const ttlMs of [98_765, 50_001, 1_234_567, 86_400_000]) {
      await assertLives(key, ttlMs, () => sessions.touch(id, { ttlMs }))
      const found = await sessions.read(id)
      await assertLives(key, ttlMs - 1, () => sessions.write(id, { ...found, ttlMs: ttlMs - 1 }))
      // Without one it is the same as before.
      await assertLives(key, ttlMs - 1, () => sessions.touch(id))
      await assertLives(key, ttlMs - 1, () => sessions.read(id, { sees: true }))
    }
    await sessions.touch(id, { ttlMs: 5 })
    await until('it is over', async () => (await sessions.read(id)) === null)
    assert.equal(await sessions.touch(id), false)
  })

  test('that others have written since keep their cookie and their time when a slow request only touches', async () => {
    const { sessions, id, request } = await loaded()
    const written = await sessions.write(id, { ...request, cookie: '{"remember":true}', ttlMs: 30 * 86_400_000 })
    assert.equal(await sessions.touch(id, { version: request.version, cookie: '{}', ttlMs: 60_000 }), true)
    assert.equal((await sessions.read(id)).cookie, '{"remember":true}')
    assert.ok((await pttl(backend.redis, keyOf(sessions, id))) > 29 * 86_400_000)
    assert.equal(await sessions.touch(id, { version: written.version, cookie: '{}', ttlMs: 60_000 }), true)
    assert.equal((await sessions.read(id)).cookie, '{}')
    assert.ok((await pttl(backend.redis, keyOf(sessions, id))) <= 60_000)
  })

  /** A key ends so many ms behind an act. */
  async function assertLives(key: string, ms: number, act: () => Promise<unknown>) {
    const before = await now(backend.redis)
    await act()
    const [left, after] = [await pttl(backend.redis, key), await now(backend.redis)]
    // Between the two times it was seen, and between the last two it was asked. An imitation's clock may go on within a command.
    assert.ok(left <= ms + 2 && left >= ms - (after - before) - 2, `${left} of ${ms} ms, in ${after - before} ms`)
  }

  test('are over at their absolute end however often they are seen', async () => {
    const sessions = sessionsOf(backend.redis, { absoluteTtl: '1h' })
    const id = newId()
    await sessions.write(id, draft({}, { ttlMs: 1_800_000 }))
    const key = keyOf(sessions, id)
    const ago = async (ms: number) => backend.redis.command('HSET', key, 't0', String((await now(backend.redis)) - ms))
    await ago(2_000_000)
    for (const see of [() => sessions.touch(id), () => sessions.read(id, { sees: true }), async () => sessions.write(id, await sessions.read(id))]) {
      await see()
      const left = await pttl(backend.redis, key)
      assert.ok(left > 1_500_000 && left <= 1_600_002, `${left}`)
    }
    await ago(3_600_001)
    // Its key is there still, and whoever comes finds that it is over.
    assert.deepEqual([await sessions.touch(id), await sessions.read(id), await backend.redis.command('EXISTS', key)], [false, null, 0])
    await sessions.write(id, draft({}, { ttlMs: 86_400_000 }))
    assert.ok((await pttl(backend.redis, key)) <= 3_600_000)
  })

  test('leave a tombstone that ends, also where there was nothing', async () => {
    const { sessions, id } = await loaded({ tombstoneMs: 30_000 })
    const never = newId()
    assert.deepEqual([await sessions.destroy(id), await sessions.destroy(never), await sessions.destroy(newId(), { buries: false })], [true, false, false])
    assert.deepEqual(await keysOf(backend.redis, sessions), [keyOf(sessions, id), keyOf(sessions, never)].sort())
    for (const one of [id, never]) {
      assert.equal((await fieldsOf(backend.redis, keyOf(sessions, one))).v, 'x')
      assert.equal('d' in (await fieldsOf(backend.redis, keyOf(sessions, one))), false)
      const left = await pttl(backend.redis, keyOf(sessions, one))
      assert.ok(left > 0 && left <= 30_000)
    }
    assert.equal((await sessions.write(never, draft({}))).outcome, 'gone')
  })

  test('are walked and counted in steps, whatever else lies there', async () => {
    const sessions = sessionsOf(backend.redis)
    const ids = Array.from({ length: 300 }, newId)
    await Promise.all(ids.map((id, i) => (i % 3 === 0 ? sessions.create(id, { data: `{"i":${i}}`, userId: `u${i % 5}`, meta: null }) : sessions.write(id, draft({ i })))))
    await Promise.all(ids.slice(200).map((id) => sessions.destroy(id)))
    const found = await all(sessions)
    assert.deepEqual(found.map(({ data }) => JSON.parse(data).i).sort((a, b) => a - b), Array.from({ length: 200 }, (_, i) => i))
    assert.equal(await sessions.count(), 200)
    // A namespace of its own is not told.
    assert.equal(await sessionsOf(backend.redis, { prefix: sessions.prefix, namespace: 'other' }).count(), 0)
    await sessions.clear()
    assert.equal(await sessions.count(), 0)
  })
})
