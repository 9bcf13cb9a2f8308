import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { createRequire } from 'node:module'
import { describe, test } from 'node:test'
import { inspect } from 'node:util'
import { Redis, SessionManager } from '../index.js'
import { draft, managerOf, newId, secret, sessionsOf } from './support/session-tools'
import { realServer } from './support/servers'

const { sources } = createRequire(import.meta.url)('../lib/registry.js')
/** It would connect when something is sent. */
const redis = new Redis({ path: '/nowhere.sock' })

describe('ids that can be none', () => {
  const good = newId()
  const wrong: [what: string, id: unknown][] = [
    ['none', undefined], ['null', null], ['a number', 5], ['an object', { id: good }], ['a list', [good]], ['a symbol', Symbol('x')], ['bytes', Buffer.from(good)],
    ['empty', ''], ['a megabyte', 'x'.repeat(1 << 20)], ['with NUL', `${good.slice(1)}\0`], ['with a line end', `${good.slice(1)}\n`], ['with a lone surrogate', `${good.slice(1)}\ud800`],
    ['no UTF-8, as a cookie has it', Buffer.from([0xff, 0xfe, 0x00]).toString('latin1')],
  ]
  /** What an id of ours is not, and another program's may be. */
  const foreign: [what: string, id: unknown][] = [['cut off', good.slice(1)], ['too long by one', `${good}x`], ['padded', `${good.slice(1)}=`], ['with a colon', `user:${good.slice(5)}`], ['a glob', '*'.repeat(43)], ['signed', `s:${good}.abc`]]

  for (const [what, id] of [...wrong, ...foreign]) {
    test(`are answered without a round trip: ${what}`, async () => {
      const manager: any = new SessionManager(redis)
      assert.deepEqual(
        [await manager.get(id), await manager.update(id, {}), await manager.refresh(id), await manager.destroy(id), await manager.rotate(id)],
        [null, false, false, false, null],
      )
      assert.equal(redis.metrics().operations, 0)
    })
  }

  for (const [what, id] of wrong) {
    test(`are answered so by every door: ${what}`, async () => {
      const sessions = sessionsOf(redis)
      assert.deepEqual([await sessions.read(id), await sessions.touch(id), await sessions.destroy(id), await sessions.rotate(id, good)], [null, false, false, null])
      assert.deepEqual([(await sessions.write(id, draft({}))).outcome, (await sessions.bind(id, 'u')).outcome], ['gone', 'gone'])
      assert.equal(redis.metrics().operations, 0)
    })
  }
})

describe('SessionManager refuses, and sends nothing, for', () => {
  const options: [what: string, options: unknown, kind: string, message: RegExp][] = [
    ['a misspelt option', { absoluteTTl: 5 }, 'TypeError', /^options.absoluteTTl is not an option; did you mean 'absoluteTtl'\?/],
    ['an option of another door', { legacyPrefix: 'sess:' }, 'TypeError', /^options.legacyPrefix is not an option/],
    ['options that are none', 5, 'TypeError', /^options must be an object/],
    ['a ttl of 0', { ttl: 0 }, 'RangeError', /^options.ttl must be from 1 ms/],
    ['an endless ttl', { ttl: Infinity }, 'RangeError', /^options.ttl must be from 1 ms/],
    ['a ttl of NaN', { ttl: NaN }, 'RangeError', /^options.ttl must be from 1 ms/],
    ['a negative absolute ttl', { absoluteTtl: -1 }, 'RangeError', /^options.absoluteTtl must be from 1 ms/],
    ['a ttl in words', { ttl: 'a day' }, 'TypeError', /^options.ttl must be a number or a string/],
    ['no tombstone', { tombstoneMs: 0 }, 'RangeError', /^options.tombstoneMs/],
    ['a grace that is none', { rotationGraceMs: -1 }, 'RangeError', /^options.rotationGraceMs/],
    ['an empty prefix', { prefix: '' }, 'TypeError', /^options.prefix must not be empty/],
    ['a namespace that is none', { namespace: 5 }, 'TypeError', /^options.namespace must be a string/],
    ['no keys', { idKeys: [] }, 'TypeError', /^options.idKeys must not be an empty array/],
    ['one key', { idKeys: secret('a') }, 'TypeError', /^options.idKeys must be an array/],
    ['a short key', { encryptionKeys: [secret('a'), 'hunter2'] }, 'RangeError', /^options.encryptionKeys\[1\] must have at least 32 bytes, got 7$/],
    ['a key that is none', { idKeys: [5] }, 'TypeError', /^options.idKeys\[0\] must be a string or a Uint8Array, got a number/],
    ['too many keys', { idKeys: Array(17).fill(secret('a')) }, 'RangeError', /^options.idKeys must hold at most 16/],
    ['no sessions at all', { maxSessionsPerUser: 0 }, 'RangeError', /^options.maxSessionsPerUser must be an integer from 1/],
    ['half a session', { maxSessionsPerUser: 1.5 }, 'RangeError', /^options.maxSessionsPerUser must be an integer from 1/],
    ['another way', { onLimit: 'hunter2' }, 'TypeError', /^options.onLimit must be 'evict' or 'refuse', got another string$/],
    ['a deadline that is none', { timeoutMs: 0 }, 'RangeError', /^options.timeoutMs/],
  ]
  for (const [what, given, name, message] of options) {
    test(what, () => assert.throws(() => new SessionManager(redis, given as any), { name, code: 'ERR_INVALID_ARG', message }))
  }
  test('a client that is none', () => {
    for (const wrong of [undefined, null, {}, 'redis://']) assert.throws(() => new SessionManager(wrong as any), { name: 'TypeError', code: 'ERR_INVALID_ARG', message: /^redis must be a Redis/ })
  })

  const manager: any = new SessionManager(redis)
  const cyclic: any = { hunter2: 1 }
  cyclic.self = cyclic
  const calls: [what: string, call: () => Promise<unknown>, kind: string, message: RegExp][] = [
    ['no user', () => manager.create(), 'TypeError', /^userId must be a string, got undefined/],
    ['an empty user', () => manager.create(''), 'TypeError', /^userId must not be empty/],
    ['a user that is a number', () => manager.create(42), 'TypeError', /^userId must be a string/],
    ['a user with NUL', () => manager.create('a\0b'), 'TypeError', /^userId must not contain a NUL/],
    ['a user that is too long', () => manager.create('x'.repeat(70_000)), 'RangeError', /^userId must be at most/],
    ['data that is a list', () => manager.create('u', []), 'TypeError', /^data must be an object, got an array/],
    ['data that is null', () => manager.create('u', null), 'TypeError', /^data must be an object, got null/],
    ['data that is cyclic', () => manager.create('u', cyclic), 'TypeError', /^data cannot be stored as JSON/],
    ['data that becomes something else', () => manager.create('u', { toJSON: () => 'x' }), 'TypeError', /^data must be an object also as JSON/],
    ['data of 9 MiB', () => manager.create('u', { x: 'x'.repeat(9 << 20) }), 'RangeError', /^data must be at most 8388608 bytes/],
    ['meta that is none', () => manager.create('u', {}, { meta: 'x' }), 'TypeError', /^options.meta must be an object/],
    ['meta that is too large', () => manager.create('u', {}, { meta: { x: 'x'.repeat(70_000) } }), 'RangeError', /^meta must be at most 65536 bytes/],
    ['an option of create that is none', () => manager.create('u', {}, { metta: {} }), 'TypeError', /did you mean 'meta'/],
    ['a ttl of create', () => manager.create('u', {}, { ttl: 0 }), 'RangeError', /^options.ttl/],
    ['a change that is none', () => manager.update(newId(), 5), 'TypeError', /^data must be an object, got a number/],
    ['a list for a user that is none', () => manager.listForUser(5), 'TypeError', /^userId must be a string/],
    ['a log-out of a user that is none', () => manager.destroyAllForUser(), 'TypeError', /^userId must be a string/],
    ['an exception that is none', () => manager.destroyAllForUser('u', { except: 5 }), 'TypeError', /^options.except must be the id of a session/],
    ['a misspelt exception', () => manager.destroyAllForUser('u', { exept: 'x' }), 'TypeError', /did you mean 'except'/],
    ['a grace that is none', () => manager.rotate(newId(), { graceMs: 'x' }), 'TypeError', /^options.graceMs/],
  ]
  for (const [what, call, name, message] of calls) {
    test(what, async () => {
      await assert.rejects(call(), (error: any) => {
        assert.deepEqual([error.name, error.code], [name, 'ERR_INVALID_ARG'])
        assert.match(error.message, message)
        assert.doesNotMatch(inspect(error.message), /hunter2/)
        return true
      })
      assert.equal(redis.metrics().operations, 0)
    })
  }
})

describe('what is told of sessions', () => {
  test('is counted under their name, and by events without secrets', async () => {
    await using server = await realServer()
    await using redis = await Redis.connect(server.url)
    const manager = managerOf(redis, { name: 'told', maxSessionsPerUser: 1, encryptionKeys: [secret('a')] })
    const strict = managerOf(redis, { prefix: manager.prefix, name: 'told', maxSessionsPerUser: 1, onLimit: 'refuse', encryptionKeys: [secret('b')] })
    const told: [string, any][] = []
    const events = ['unreadable', 'refused', 'evicted', 'limited'].map((event) => [`redwright:session:${event}`, (message: any) => told.push([event, message])] as const)
    for (const [name, listener] of events) subscribe(name, listener)

    const first = await manager.create('alice', { secret: 'hunter2' })
    const second = await manager.create('alice')
    await assert.rejects(strict.create('alice'), (error) => !inspect(error).includes('alice'))
    await strict.get(second.id)
    await manager.update(second.id, { a: 1 })
    const sessions = sessionsOf(redis, { prefix: manager.prefix, name: 'told', encryptionKeys: [secret('a')] })
    await sessions.write(first.id, draft({}))
    const third = (await manager.rotate(second.id))!
    await manager.destroy(third.id)
    await manager.get(third.id)

    for (const [name, listener] of events) unsubscribe(name, listener)
    assert.deepEqual(told, [
      ['evicted', { session: 'told', count: 1 }],
      ['limited', { session: 'told' }],
      ['unreadable', { session: 'told', reason: 'sealed' }],
      ['refused', { session: 'told', reason: 'destroyed' }],
    ])
    const expected = { created: 2, found: 1, missing: 2, written: 1, conflicts: 0, refused: 1, destroyed: 1, rotated: 1, evicted: 1, limited: 1, unreadable: 1 }
    assert.deepEqual(new Map<string, any>(sources('session')).get('told'), expected)
    assert.deepEqual(Object.keys(manager.metrics()), Object.keys(expected))
  })
})
