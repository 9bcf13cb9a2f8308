import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fresh } from './support/cache-tools'
import { onEveryBackend } from './support/backends'
import { all, draft, fieldsOf, indexOf, keyOf, keysOf, newId, secret, sessionsOf } from './support/session-tools'

const of = (userId: string, more: object = {}) => ({ data: '{"secret":"hunter2"}', userId, meta: '{"ua":"netscape"}', ...more })
const [OLD, NEW, OTHER] = ['old', 'new', 'other'].map(secret) as [Buffer, Buffer, Buffer]

onEveryBackend('keys of sessions', (backend) => {
  test('name ids and users, and the present key names what is new', async () => {
    const before = sessionsOf(backend.redis, { idKeys: [OLD] })
    const { prefix } = before
    const during = sessionsOf(backend.redis, { prefix, idKeys: [NEW, OLD] })
    const [id, later, user] = [newId(), newId(), fresh('user')]
    await before.write(id, draft({ a: 1 }))
    assert.deepEqual(await keysOf(backend.redis, before), [keyOf(before, id, OLD)])
    // By whichever it was named, everything finds it.
    const found = await during.read(id)
    assert.equal(found.data, '{"a":1}')
    assert.equal((await during.write(id, { ...found, data: '{"a":2}' })).outcome, 'written')
    assert.equal((await during.write(id, { ...found, data: '{"a":3}' })).outcome, 'conflict')
    assert.deepEqual([await during.touch(id), (await during.bind(id, user)).outcome], [true, 'bound'])
    assert.equal((await before.read(id)).data, '{"a":2}')
    await during.write(later, draft({}))
    assert.deepEqual(await keysOf(backend.redis, before), [keyOf(before, id, OLD), keyOf(before, later, NEW), indexOf(before, user, NEW)].sort())
    // An id is new when it changes.
    const next = newId()
    await during.rotate(id, next)
    assert.ok((await keysOf(backend.redis, before)).includes(keyOf(before, next, NEW)))
    const after = sessionsOf(backend.redis, { prefix, idKeys: [NEW] })
    assert.deepEqual([(await after.read(next)).userId, await after.read(id)], [user, null])
    assert.equal(await sessionsOf(backend.redis, { prefix, idKeys: [OTHER] }).read(next), null)
    assert.equal(await during.destroy(later), true)
    assert.equal((await during.write(later, draft({}))).outcome, 'gone')
  })

  test('that are old find what was destroyed by them, so that it is not made again', async () => {
    const before = sessionsOf(backend.redis, { idKeys: [OLD] })
    const during = sessionsOf(backend.redis, { prefix: before.prefix, idKeys: [NEW, OLD] })
    const id = newId()
    await before.write(id, draft({}))
    const request = await during.read(id)
    await before.destroy(id)
    assert.deepEqual([(await during.write(id, request)).outcome, (await during.write(id, draft({}))).outcome, await during.touch(id)], ['gone', 'gone', false])
    // One that never was is buried under its present name.
    const never = newId()
    assert.equal(await during.destroy(never), false)
    assert.equal((await fieldsOf(backend.redis, keyOf(during, never, NEW))).v, 'x')
  })

  test('that change leave a user his sessions, and not one more than he may have', async () => {
    const before = sessionsOf(backend.redis, { idKeys: [OLD], maxSessionsPerUser: 3 })
    const during = sessionsOf(backend.redis, { prefix: before.prefix, idKeys: [NEW, OLD], maxSessionsPerUser: 3 })
    const [user, ids] = [fresh('user'), Array.from({ length: 3 }, newId)]
    for (const id of ids) await before.create(id, of(user))
    assert.equal((await during.listForUser(user)).length, 3)
    const fourth = newId()
    assert.equal((await during.create(fourth, of(user))).evicted, 1)
    assert.equal((await during.listForUser(user)).length, 3)
    // All of them are in the present index now.
    assert.equal(await backend.redis.command('EXISTS', indexOf(before, user, OLD)), 0)
    assert.equal(await during.destroyAllForUser(user, { except: fourth }), 2)
    await before.create(newId(), of(user))
    assert.equal((await during.listForUser(user)).length, 2)
    assert.equal(await during.destroyAllForUser(user), 2)
    assert.deepEqual(await all(during), [])
  })

  test('seal what is told of a session, so that nobody reads it at rest', async () => {
    const sessions = sessionsOf(backend.redis, { encryptionKeys: [OLD] })
    const [id, user] = [newId(), fresh('user')]
    await sessions.create(id, of(user))
    const fields = await fieldsOf(backend.redis, keyOf(sessions, id))
    const atRest = Buffer.concat(Object.values(fields).map((value) => Buffer.from(value))).toString('latin1')
    for (const told of ['hunter2', 'netscape', user, id]) assert.equal(atRest.includes(told), false, told)
    for (const field of ['d', 'u', 'm']) assert.deepEqual([...fields[field].subarray(0, 2)], [0xff, 1])
    assert.ok((await keysOf(backend.redis, sessions)).every((key) => !key.includes(user) && !key.includes(id)))
    const found = await sessions.read(id)
    assert.deepEqual([found.data, found.userId, found.meta], ['{"secret":"hunter2"}', user, '{"ua":"netscape"}'])
    assert.deepEqual((await sessions.listForUser(user))[0].data, found.data)
    assert.deepEqual((await all(sessions))[0].userId, user)
    assert.equal((await sessions.write(id, { ...found, version: 'another' })).data, found.data)
  })

  test('that are old open what they sealed, and what is written is sealed by the present one', async () => {
    const before = sessionsOf(backend.redis, { encryptionKeys: [OLD] })
    const { prefix } = before
    const [during, after] = [sessionsOf(backend.redis, { prefix, encryptionKeys: [NEW, OLD] }), sessionsOf(backend.redis, { prefix, encryptionKeys: [NEW] })]
    const id = newId()
    await before.write(id, draft({ a: 1 }))
    const found = await during.read(id)
    assert.equal(found.data, '{"a":1}')
    assert.equal(await after.read(id), null)
    assert.deepEqual([after.metrics().unreadable, after.metrics().missing], [1, 1])
    assert.equal((await during.write(id, { ...found, data: '{"a":2}' })).outcome, 'written')
    assert.deepEqual([(await after.read(id)).data, await before.read(id)], ['{"a":2}', null])
  })

  test('of both kinds can change at once, and an id with them', async () => {
    const before = sessionsOf(backend.redis, { idKeys: [OLD], encryptionKeys: [OLD] })
    const during = sessionsOf(backend.redis, { prefix: before.prefix, idKeys: [NEW, OTHER, OLD], encryptionKeys: [NEW, OLD] })
    const [id, next, user] = [newId(), newId(), fresh('user')]
    await before.create(id, of(user))
    const found = await during.read(id)
    assert.equal((await during.write(id, { ...found, data: '{"a":2}' })).outcome, 'written')
    assert.equal((await during.bind(id, user, '{"ua":"lynx"}')).outcome, 'bound')
    await during.rotate(id, next, { graceMs: 60_000 })
    for (const one of [id, next]) assert.deepEqual([(await during.read(one)).data, (await during.read(one)).meta], ['{"a":2}', '{"ua":"lynx"}'])
    assert.equal((await during.write(id, { ...(await during.read(id)), data: '{"a":3}' })).outcome, 'written')
    const after = sessionsOf(backend.redis, { prefix: before.prefix, idKeys: [NEW], encryptionKeys: [NEW] })
    assert.deepEqual([(await after.read(next)).data, (await after.listForUser(user)).length], ['{"a":3}', 1])
    await during.write(newId(), draft({}))
    assert.equal(await during.count(), 2)
  })

  test('open nothing that was moved to another session, another field, changed, cut off or never sealed', async () => {
    const sessions = sessionsOf(backend.redis, { encryptionKeys: [OLD] })
    const [mine, theirs] = [newId(), newId()]
    await sessions.create(mine, of('mallory'))
    await sessions.create(theirs, of('alice'))
    const [own, stolen] = [await fieldsOf(backend.redis, keyOf(sessions, mine)), await fieldsOf(backend.redis, keyOf(sessions, theirs))]
    const flipped = (bytes: Uint8Array, at: number) => bytes.map((byte, i) => (i === (at + bytes.length) % bytes.length ? byte ^ 1 : byte))
    const wrong: [field: string, value: string | Uint8Array][] = [
      ['d', stolen.d], ['u', stolen.u], ['m', stolen.m], ['d', own.m], ['u', own.d], ['d', '{}'], ['u', 'alice'], ['m', '{}'],
      ...[0, 1, 5, 12, 25, -1, -20].map((at): [string, Uint8Array] => ['d', flipped(own.d, at)]),
      ...[0, 1, 2, 10, 22, 38, own.d.length - 1].map((length): [string, Uint8Array] => ['d', own.d.subarray(0, length)]),
    ]
    for (const [i, [field, value]] of wrong.entries()) {
      await backend.redis.command('HSET', keyOf(sessions, mine), field, value)
      assert.equal(await sessions.read(mine), null, `${i}: ${field}`)
      assert.equal((await sessions.listForUser('mallory')).length, 0)
      assert.equal((await sessions.write(mine, { ...draft({}), version: 'another' })).outcome, 'gone')
      await backend.redis.command('HSET', keyOf(sessions, mine), field, own[field])
      assert.notEqual(await sessions.read(mine), null)
    }
    assert.equal(sessions.metrics().unreadable, 3 * wrong.length)
    // Nor does one without keys take for text what is sealed.
    assert.equal(await sessionsOf(backend.redis, { prefix: sessions.prefix }).read(mine), null)
  })
})
