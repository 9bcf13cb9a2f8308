import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fresh } from './support/cache-tools'
import { onEveryBackend } from './support/backends'
import { draft, fieldsOf, indexOf, keyOf, keysOf, LONG_MS, newId, now, pttl, secret, sessionsOf } from './support/session-tools'

onEveryBackend('a session that is given another id', (backend) => {
  for (const [how, options] of [['plain', {}], ['sealed', { encryptionKeys: [secret('a')] }]] as const) {
    const begun = async (more: object = {}) => {
      const sessions = sessionsOf(backend.redis, { ...options, ...more })
      const [id, next, user] = [newId(), newId(), fresh('user')]
      await sessions.create(id, { data: '{"cart":1}', userId: user, meta: '{"ua":"x"}', ttlMs: LONG_MS })
      return { sessions, id, next, user }
    }

    test(`is the same under the new one, ${how}`, async () => {
      const { sessions, id, next, user } = await begun()
      const before = await sessions.read(id)
      const rotated = await sessions.rotate(id, next)
      const after = await sessions.read(next)
      assert.deepEqual({ ...rotated, expiresAt: 0 }, { ...after, expiresAt: 0 })
      assert.ok(Math.abs(rotated.expiresAt - after.expiresAt) <= 3)
      for (const field of ['version', 'data', 'cookie', 'userId', 'meta', 'createdAt']) assert.equal(after[field], before[field], field)
      assert.notEqual(after.id, before.id)
      assert.deepEqual((await sessions.listForUser(user)).map((one) => one.id), [after.id])
      assert.equal(Number(await backend.redis.command('ZCARD', indexOf(sessions, user))), 1)
    })

    test(`is reached by the old one within the grace and not behind it, ${how}`, async () => {
      const { sessions, id, next } = await begun()
      await sessions.rotate(id, next, { graceMs: LONG_MS })
      const found = await sessions.read(id)
      assert.equal(found.movedTo, found.id)
      // A request on the old cookie ends behind the rotation.
      assert.equal((await sessions.write(id, { ...found, data: '{"cart":2}' })).outcome, 'written')
      assert.equal((await sessions.write(id, { ...found, data: '{"cart":3}' })).outcome, 'conflict')
      assert.equal(await sessions.touch(id, { cookie: '{"a":1}' }), true)
      const there = await sessions.read(next)
      assert.deepEqual([there.data, there.cookie, there.movedTo], ['{"cart":2}', '{"a":1}', null])
      assert.ok((await pttl(backend.redis, keyOf(sessions, id))) > LONG_MS)

      // Its grace is over.
      await backend.redis.command('HSET', keyOf(sessions, id), 'g', String((await now(backend.redis)) - 1))
      assert.deepEqual([await sessions.read(id), await sessions.touch(id), (await sessions.write(id, found)).reason], [null, false, 'destroyed'])
      assert.notEqual(await sessions.read(next), null)
    })

    test(`is not reached by the old one where there is no grace, and a log-out by that holds, ${how}`, async () => {
      const { sessions, id, next } = await begun()
      await sessions.rotate(id, next)
      assert.deepEqual([await sessions.read(id), (await sessions.write(id, draft({}))).outcome], [null, 'gone'])
      assert.equal(await sessions.rotate(id, newId()), null)
      assert.equal(await sessions.destroy(id), true)
      assert.equal(await sessions.read(next), null)
    })

    test(`can be given several at once, and all lead to one, ${how}`, async () => {
      const { sessions, id, user } = await begun()
      const nexts = Array.from({ length: 6 }, newId)
      const ends = await Promise.all(nexts.map((next) => sessions.rotate(id, next, { graceMs: LONG_MS })))
      assert.ok(ends.every((end) => end !== null))
      const found = await Promise.all([id, ...nexts].map((one) => sessions.read(one)))
      assert.equal(new Set(found.map((one) => one.id)).size, 1)
      assert.equal(await sessions.count(), 1)
      assert.equal((await sessions.listForUser(user)).length, 1)
      assert.equal(await sessions.destroyAllForUser(user), 1)
      for (const one of [id, ...nexts]) assert.equal(await sessions.read(one), null)
    })

    test(`loses nothing that is written meanwhile, ${how}`, async () => {
      const { sessions, id } = await begun()
      const other = sessionsOf(await backend.connect(), { prefix: sessions.prefix, ...options })
      /** As a request that adds its own key. */
      const put = async (door: any, key: string) => {
        for (let found = await door.read(id); ; ) {
          const written = await door.write(id, { version: found.version, cookie: '', data: JSON.stringify({ ...JSON.parse(found.data), [key]: 1 }) })
          if (written.outcome === 'written') return
          assert.equal(written.outcome, 'conflict')
          found = written
        }
      }
      let last = id
      const rotating = async () => {
        for (let i = 0; i < 5; i++) assert.notEqual(await sessions.rotate(last, (last = newId()), { graceMs: LONG_MS }), null)
      }
      const keys = Array.from({ length: 10 }, (_, i) => `k${i}`)
      await Promise.all([rotating(), ...keys.map((key, i) => put(i % 2 === 0 ? sessions : other, key))])
      const { data } = await sessions.read(last)
      assert.deepEqual(Object.keys(JSON.parse(data)).sort(), ['cart', ...keys])
    })
  }

  test('keeps its absolute end, and its key lives no longer than before', async () => {
    const sessions = sessionsOf(backend.redis, { absoluteTtl: '1h' })
    const [id, next] = [newId(), newId()]
    await sessions.write(id, draft({}, { ttlMs: 3_000_000 }))
    await backend.redis.command('HSET', keyOf(sessions, id), 't0', String((await now(backend.redis)) - 3_000_000))
    await sessions.rotate(id, next, { graceMs: 1000 })
    const left = await pttl(backend.redis, keyOf(sessions, next))
    assert.ok(left > 500_000 && left <= 600_002, `${left}`)
  })

  test('is not there where it was destroyed meanwhile, under no id', async () => {
    for (let i = 0; i < 20; i++) {
      const sessions = sessionsOf(backend.redis)
      const [id, next] = [newId(), newId()]
      await sessions.create(id, { data: '{}', userId: 'u', meta: null })
      const [rotated] = await Promise.all([sessions.rotate(id, next, { graceMs: i % 2 === 0 ? 0 : LONG_MS }), sessions.destroy(id)])
      assert.deepEqual([await sessions.read(id), await sessions.read(next)], [null, null], `${rotated !== null}`)
      assert.equal(await sessions.count(), 0)
    }
  })

  test('has to have another, and one that can be one', async () => {
    const sessions = sessionsOf(backend.redis)
    const id = newId()
    await sessions.write(id, draft({}))
    for (const wrong of [id, '', 5, undefined, 'x'.repeat(2000)]) await assert.rejects(sessions.rotate(id, wrong), { name: 'TypeError', code: 'ERR_INVALID_ARG' })
    assert.deepEqual([await sessions.rotate('', newId()), await sessions.rotate(newId(), newId())], [null, null])
    assert.equal((await keysOf(backend.redis, sessions)).length, 1)
  })

  test('is followed from id to id, and in no circle', async () => {
    const sessions = sessionsOf(backend.redis)
    const ids = Array.from({ length: 20 }, newId)
    await sessions.write(ids[0], draft({ a: 1 }))
    for (let i = 1; i < ids.length; i++) await sessions.rotate(ids[i - 1], ids[i], { graceMs: LONG_MS })
    assert.equal((await sessions.read(ids[0])).data, '{"a":1}')
    assert.equal(await sessions.destroy(ids[0]), true)
    assert.equal(await sessions.read(ids.at(-1)), null)
    // Somebody has made a circle of two.
    const [one, two] = [newId(), newId()]
    for (const id of [one, two]) await sessions.write(id, draft({}))
    const name = async (id: string) => (await sessions.read(id)).id
    const names = [await name(one), await name(two)]
    for (const [id, to] of [[one, names[1]], [two, names[0]]] as const) {
      await backend.redis.command('HSET', keyOf(sessions, id), 'v', '>', 'r', to, 'g', String((await now(backend.redis)) + LONG_MS))
    }
    assert.deepEqual([await sessions.read(one), await sessions.touch(two), (await sessions.write(one, draft({}))).outcome], [null, false, 'gone'])
    assert.equal(await sessions.destroy(one), false)
    assert.equal((await fieldsOf(backend.redis, keyOf(sessions, two))).v, 'x')
  })
})
