import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { fresh } from './support/cache-tools'
import { onEveryBackend } from './support/backends'
import { all, draft, fieldsOf, indexOf, keyOf, LONG_MS, managerOf, newId, now, pttl, sessionsOf } from './support/session-tools'

/** What a sound session has, with some of it changed; `undefined` takes it out. */
const WRONG: [what: string, change: Record<string, string | Uint8Array | undefined>][] = [
  ['no version', { v: undefined }],
  ['an empty version', { v: '' }],
  ['no data', { d: undefined }],
  ['no beginning', { t0: undefined }],
  ['a beginning that is no time', { t0: 'yesterday' }],
  ['a beginning of too many digits', { t0: '9'.repeat(40) }],
  ['a last sight that is none', { l: '0x10' }],
  ['no time that it may go unseen', { n: undefined }],
  ['a time of 0', { n: '0' }],
  ['a negative time', { n: '-5' }],
  ['a time that is none', { n: 'nan' }],
  ['infinite time', { n: 'inf' }],
  ['an index that is none', { i: 'alice' }],
  ['a version that is no text', { v: new Uint8Array([0xff]) }],
  ['a cookie that is no text', { c: new Uint8Array([0xff, 0xfe]) }],
  ['data that is no text', { d: new Uint8Array([0x7b, 0xff, 0x7d]) }],
  ['a user that is no text', { u: new Uint8Array([0xff]) }],
  ['a pointer to nowhere', { v: '>' }],
  ['a pointer to what is no name', { v: '>', r: 'there', g: '9999999999999' }],
  ['a pointer without an end', { v: '>', r: 'x'.repeat(43) }],
]
/** Other types. */
const TYPES: [what: string, command: string, ...args: string[]][] = [
  ['a string', 'SET', '{"user":"alice"}'],
  ['an empty string', 'SET', ''],
  ['a list', 'RPUSH', 'a'],
  ['a set', 'SADD', 'a'],
  ['a sorted set', 'ZADD', '1', 'a'],
  ['an empty hash, but for another\'s field', 'HSET', 'x', '1'],
]

onEveryBackend('garbage under our keys', (backend) => {
  /** A session whose key holds something else. */
  async function spoilt(spoil: (key: string) => Promise<unknown>) {
    const sessions = sessionsOf(backend.redis)
    const manager = managerOf(backend.redis, { prefix: sessions.prefix })
    const user = fresh('user')
    const { id } = await manager.create(user, { a: 1 })
    const request = await sessions.read(id)
    await spoil(keyOf(sessions, id))
    return { sessions, manager, user, id, request }
  }
  const kinds: [what: string, spoil: (key: string) => Promise<unknown>][] = [
    ...TYPES.map(([what, command, ...args]): (typeof kinds)[number] => [what, async (key) => {
      await backend.redis.command('DEL', key)
      await backend.redis.command(command, key, ...args)
      await backend.redis.command('PEXPIRE', key, String(LONG_MS))
    }]),
    ...WRONG.map(([what, change]): (typeof kinds)[number] => [what, async (key) => {
      for (const [field, value] of Object.entries(change)) {
        await (value === undefined ? backend.redis.command('HDEL', key, field) : backend.redis.command('HSET', key, field, value))
      }
    }]),
  ]

  for (const [what, spoil] of kinds) {
    test(`is no session, and nothing throws: ${what}`, async () => {
      const { sessions, manager, user, id, request } = await spoilt(spoil)
      assert.deepEqual([await sessions.read(id), await sessions.read(id, { sees: true }), await manager.get(id)], [null, null, null])
      assert.deepEqual([await all(sessions), (await manager.listForUser(user)).length], [[], 0])
      assert.equal((await sessions.write(id, { ...request, version: 'f'.repeat(32) })).outcome, 'gone')
      assert.equal(await sessions.rotate(id, newId()), null)
      assert.equal(await manager.update(id, { b: 1 }), false)
      const { unreadable, missing } = sessions.metrics()
      assert.ok(unreadable >= 1 && missing === 2, inspect(sessions.metrics()))
      // It is not taken away by being looked at.
      assert.equal(await backend.redis.command('EXISTS', keyOf(sessions, id)), 1)
      await sessions.destroy(id)
      assert.equal((await fieldsOf(backend.redis, keyOf(sessions, id))).v, 'x')
      assert.equal((await sessions.write(id, draft({}))).outcome, 'gone')
    })
  }

  test('gives way to a new session, and its type with it', async () => {
    for (const [, spoil] of kinds.slice(0, 12)) {
      const { sessions, id } = await spoilt(spoil)
      assert.equal((await sessions.write(id, draft({ b: 2 }))).outcome, 'written')
      assert.deepEqual([(await sessions.read(id)).data, (await sessions.read(id)).userId], ['{"b":2}', null])
      assert.ok((await pttl(backend.redis, keyOf(sessions, id))) > 0)
    }
  })

  test('that is data of another form is no session of a manager', async () => {
    for (const data of ['', 'x', '[]', '5', 'null', '"a"', '{"a":', '{}x', '\0']) {
      const { manager, id } = await spoilt((key) => backend.redis.command('HSET', key, 'd', data))
      assert.deepEqual([await manager.get(id), await manager.update(id, { b: 1 }), await manager.update(id, () => ({}))], [null, false, false], data)
      assert.equal(manager.metrics().unreadable, 3)
    }
    const { manager, id } = await spoilt((key) => backend.redis.command('HSET', key, 'm', '[1]'))
    assert.equal(await manager.get(id), null)
    const { manager: other, id: proto } = await spoilt((key) => backend.redis.command('HSET', key, 'd', '{"__proto__":{"admin":true}}'))
    const { data } = (await other.get(proto))!
    assert.equal(data.admin, undefined)
    await other.update(proto, { b: 1 })
    assert.equal(({} as any).admin, undefined)
  })

  test('in the index of a user costs him nothing', async () => {
    for (const [what, command, ...args] of TYPES) {
      const sessions = sessionsOf(backend.redis, { maxSessionsPerUser: 2 })
      const user = fresh('user')
      const index = indexOf(sessions, user)
      const spoil = () => backend.redis.command('DEL', index).then(() => backend.redis.command(command, index, ...args))
      await spoil()
      assert.deepEqual([await sessions.listForUser(user), await sessions.destroyAllForUser(user)], [[], 0], what)
      await spoil()
      const id = newId()
      assert.equal((await sessions.create(id, { data: '{}', userId: user, meta: null })).outcome, 'written')
      assert.equal((await sessions.listForUser(user)).length, 1)
      await spoil()
      assert.deepEqual([await sessions.touch(id, { ttlMs: LONG_MS * 1000 }), (await sessions.read(id, { sees: true })).userId], [true, user])
      await spoil()
      assert.equal(await sessions.destroy(id), true)
    }
    // Members that are none.
    const sessions = sessionsOf(backend.redis, { maxSessionsPerUser: 2 })
    const user = fresh('user')
    const soon = String((await now(backend.redis)) + LONG_MS)
    for (const member of ['', 'x', '*', 'user:x', new Uint8Array([0xff, 0])]) await backend.redis.command('ZADD', indexOf(sessions, user), soon, member)
    for (const score of ['inf', '-inf', '0']) await backend.redis.command('ZADD', indexOf(sessions, user), score, `s${score}`)
    assert.equal((await sessions.create(newId(), { data: '{}', userId: user, meta: null })).outcome, 'written')
    assert.equal((await sessions.listForUser(user)).length, 1)
    assert.equal(await sessions.destroyAllForUser(user), 1)
  })

  test('is told by an event, which holds neither an id nor a user nor data', async () => {
    const told: any[] = []
    const listener = (message: unknown) => told.push(message)
    subscribe('redwright:session:unreadable', listener)
    const { sessions, id } = await spoilt((key) => backend.redis.command('HDEL', key, 'v'))
    await sessions.read(id)
    unsubscribe('redwright:session:unreadable', listener)
    assert.deepEqual(told, [{ session: sessions.prefix, reason: 'stored' }])
  })
})
