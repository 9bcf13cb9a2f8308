import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fresh } from './support/cache-tools'
import { onEveryBackend } from './support/backends'
import { draft, indexOf, keyOf, keysOf, LONG_MS, newId, now, pttl, sessionsOf } from './support/session-tools'
import { until } from './support/until'

const of = (userId: string, more: object = {}) => ({ data: '{}', userId, meta: null, ttlMs: LONG_MS, ...more })

onEveryBackend('sessions of users', (backend) => {
  /** Sessions of one user, made one after the other. */
  async function made(count: number, options?: object) {
    const sessions = sessionsOf(backend.redis, options)
    const [user, ids] = [fresh('user'), Array.from({ length: count }, newId)]
    for (const id of ids) await sessions.create(id, of(user))
    return { sessions, user, ids }
  }
  const passed = (time: number) => until('time passes', async () => (await now(backend.redis)) > time + 2)
  const members = async (sessions: any, user: string) => Number(await backend.redis.command('ZCARD', indexOf(sessions, user)))
  const alive = async (sessions: any, ids: readonly string[]) => (await Promise.all(ids.map((id) => sessions.read(id)))).filter((found) => found !== null).length

  test('are listed with what was told of them, the one seen last first, and nobody else\'s', async () => {
    const { sessions, user, ids } = await made(3)
    await sessions.create(newId(), of('another'))
    await sessions.write(newId(), draft({}))
    const tv = newId()
    await sessions.create(tv, of(user, { meta: '{"device":"tv"}', data: '{"a":1}' }))
    const first = await sessions.read(ids[0])
    await passed(await now(backend.redis))
    assert.equal(await sessions.touch(ids[0]), true)
    const listed = await sessions.listForUser(user)
    assert.deepEqual([listed.length, listed[0].id, listed.every(({ userId }) => userId === user)], [4, first.id, true])
    const { data, meta } = listed.find(({ id }) => keyOf(sessions, tv).endsWith(id))
    assert.deepEqual([data, meta], ['{"a":1}', '{"device":"tv"}'])
    assert.deepEqual(await sessions.listForUser('nobody'), [])
    // A list is no visit.
    assert.equal((await sessions.listForUser(user))[0].lastSeenAt, listed[0].lastSeenAt)
  })

  test('that are destroyed or over are listed no more, and their names go from the index', async () => {
    const { sessions, user, ids } = await made(4)
    await sessions.destroy(ids[0])
    await until('it is taken out', async () => (await members(sessions, user)) === 3)
    await backend.redis.command('DEL', keyOf(sessions, ids[1]!))
    assert.equal((await sessions.listForUser(user)).length, 2)
    assert.equal(await members(sessions, user), 2)
    await sessions.touch(ids[2], { ttlMs: 1 })
    await until('it is over', async () => (await sessions.read(ids[2])) === null)
    assert.equal((await sessions.listForUser(user)).length, 1)
  })

  test('become a user\'s when he logs in, and another\'s when that one does', async () => {
    const sessions = sessionsOf(backend.redis)
    const [id, alice, bob] = [newId(), fresh('alice'), fresh('bob')]
    const { version } = await sessions.write(id, draft({ cart: 1 }))
    assert.deepEqual(await sessions.bind(id, alice, '{"ua":"x"}'), { outcome: 'bound', evicted: 0 })
    const found = await sessions.read(id)
    assert.deepEqual([found.userId, found.meta, found.data, found.version], [alice, '{"ua":"x"}', '{"cart":1}', version])
    assert.equal((await sessions.listForUser(alice)).length, 1)
    await sessions.bind(id, bob)
    assert.deepEqual([(await sessions.read(id)).userId, (await sessions.read(id)).meta], [bob, null])
    assert.deepEqual([(await sessions.listForUser(alice)).length, (await sessions.listForUser(bob)).length], [0, 1])
    // What was alice's is not ended with hers.
    assert.equal(await sessions.destroyAllForUser(alice), 0)
    assert.equal(await sessions.destroyAllForUser(bob), 1)
    assert.deepEqual(await sessions.bind(newId(), bob), { outcome: 'gone', reason: 'expired' })
  })

  test('end all at once, but for the one that is kept, and none of another user', async () => {
    const { sessions, user, ids } = await made(130)
    const other = newId()
    await sessions.create(other, of('another'))
    assert.equal(await sessions.destroyAllForUser(user, { except: ids[7] }), 129)
    assert.deepEqual([await alive(sessions, ids), (await sessions.listForUser(user)).length], [1, 1])
    assert.notEqual(await sessions.read(ids[7]), null)
    assert.notEqual(await sessions.read(other), null)
    assert.equal(await sessions.destroyAllForUser(user, { except: 'x'.repeat(5000) }), 1)
    assert.deepEqual([await sessions.destroyAllForUser(user), await members(sessions, user)], [0, 0])
  })

  test('that are there when all are ended are ended, whatever is going on', async () => {
    const { sessions, user, ids } = await made(40)
    const other = sessionsOf(await backend.connect(), { prefix: sessions.prefix })
    const loaded = await Promise.all(ids.map((id) => sessions.read(id)))
    const ending = { isOver: false }
    const later: string[] = []
    const traffic = async (seed: number) => {
      for (let i = seed; !ending.isOver; i++) {
        const at = (i * 7) % ids.length
        const door = i % 2 === 0 ? sessions : other
        if (i % 5 === 0) await door.create(later[later.push(newId()) - 1], of(user))
        else if (i % 5 === 1) await door.touch(ids[at], { ttlMs: LONG_MS })
        else if (i % 5 === 2) await door.write(ids[at], { ...loaded[at], ttlMs: LONG_MS })
        else if (i % 5 === 3) await door.rotate(ids[at], newId(), { graceMs: i % 2 === 0 ? 0 : LONG_MS })
        else await door.bind(ids[at], user)
      }
    }
    const going = Promise.all([0, 1, 2, 3, 4, 5].map(traffic))
    await until('there is traffic', () => later.length > 20)
    const known = later.length
    const before = later.slice(0, known - 8)
    await other.destroyAllForUser(user)
    ending.isOver = true
    await going
    assert.deepEqual([await alive(sessions, ids), await alive(sessions, before)], [0, 0])
    // What came later, and nothing else, is listed and there.
    const [listed, lives] = [await sessions.listForUser(user), await alive(sessions, later)]
    assert.equal(listed.length, lives)
    assert.equal(await sessions.count(), lives)
  })

  test('are never more than a user may have, however many come at once', async () => {
    const sessions = sessionsOf(backend.redis, { maxSessionsPerUser: 5 })
    const other = sessionsOf(await backend.connect(), { prefix: sessions.prefix, maxSessionsPerUser: 5 })
    const [user, ids] = [fresh('user'), Array.from({ length: 50 }, newId)]
    const ends = await Promise.all(ids.map((id, i) => (i % 2 === 0 ? sessions : other).create(id, of(user))))
    assert.ok(ends.every(({ outcome }) => outcome === 'written'))
    assert.deepEqual([await alive(sessions, ids), (await sessions.listForUser(user)).length, await members(sessions, user)], [5, 5, 5])
    assert.equal(ends.reduce((sum, { evicted }) => sum + evicted, 0), 45)
    assert.equal(sessions.metrics().evicted + other.metrics().evicted, 45)
  })

  test('are refused where they are too many, if that is wanted, and not one too few', async () => {
    const sessions = sessionsOf(backend.redis, { maxSessionsPerUser: 3, onLimit: 'refuse' })
    const [user, ids] = [fresh('user'), Array.from({ length: 20 }, newId)]
    const ends = await Promise.all(ids.map((id) => sessions.create(id, of(user))))
    assert.equal(ends.filter(({ outcome }) => outcome === 'written').length, 3)
    assert.deepEqual([await alive(sessions, ids), sessions.metrics().limited, await sessions.count()], [3, 17, 3])
    const anonymous = newId()
    await sessions.write(anonymous, draft({}))
    assert.deepEqual(await sessions.bind(anonymous, user), { outcome: 'refused' })
    assert.equal((await sessions.read(anonymous)).userId, null)
    // One that is over, and of which the index does not know, is none.
    const one = ids[ends.findIndex(({ outcome }) => outcome === 'written')]!
    await backend.redis.command('DEL', keyOf(sessions, one))
    assert.deepEqual(await sessions.bind(anonymous, user), { outcome: 'bound', evicted: 0 })
    assert.deepEqual(await sessions.bind(anonymous, user), { outcome: 'bound', evicted: 0 })
    assert.deepEqual(await sessions.create(newId(), of(user)), { outcome: 'refused' })
  })

  test('that have to go are those seen the longest time ago, and ends of their own do not count', async () => {
    const { sessions, user, ids } = await made(3, { maxSessionsPerUser: 3 })
    // The first ends first, and was seen last.
    for (const at of [1, 2, 0]) {
      await sessions.touch(ids[at], { ttlMs: at === 0 ? 60_000 : LONG_MS })
      await passed(await now(backend.redis))
    }
    const fourth = newId()
    assert.equal((await sessions.create(fourth, of(user))).evicted, 1)
    const lives = await Promise.all([...ids, fourth].map(async (id) => (await sessions.read(id)) !== null))
    assert.deepEqual(lives, [true, false, true, true])
    assert.equal((await sessions.write(ids[1], draft({}))).outcome, 'gone')
  })

  test('do not outlive what their index knows of them, and it is told before they could', async () => {
    const { sessions, user, ids } = await made(1)
    const [key, index, name] = [keyOf(sessions, ids[0]!), indexOf(sessions, user), keyOf(sessions, ids[0]!).split(':').at(-1)!]
    const known = async () => Number(await backend.redis.command('ZSCORE', index, name))
    const ends = async () => (await now(backend.redis)) + (await pttl(backend.redis, key))
    for (const see of [(ttlMs: number) => sessions.touch(ids[0], { ttlMs }), async (ttlMs: number) => sessions.write(ids[0], { ...(await sessions.read(ids[0])), ttlMs })]) {
      for (const ttlMs of [LONG_MS, 2 * LONG_MS, 100 * LONG_MS, 1000]) {
        assert.notEqual(await see(ttlMs), false)
        assert.ok((await ends()) <= (await known()) + 50, `it lives ${(await ends()) - (await known())} ms longer than the index knows`)
        const left = await pttl(backend.redis, key)
        assert.ok(left <= ttlMs && left > ttlMs - 60_000, `${left} of ${ttlMs} ms`)
        assert.ok((await now(backend.redis)) + (await pttl(backend.redis, index)) >= (await known()))
        await sessions.touch(ids[0], { ttlMs: LONG_MS })
      }
    }
  })

  test('are ended by a handle, where they are his', async () => {
    const { sessions, user, ids } = await made(2)
    const listed = await sessions.listForUser(user)
    assert.equal(await sessions.destroyListed('another', listed[0].id), false)
    assert.equal(await sessions.destroyListed(user, listed[0].id), true)
    assert.equal(await sessions.destroyListed(user, listed[0].id), false)
    for (const wrong of ['', 'x', `user:${listed[1].id}`, '*', `${listed[1].id}\0`, undefined, null, {}]) assert.equal(await sessions.destroyListed(user, wrong), false)
    assert.equal(await alive(sessions, ids), 1)
  })

  test('have no key that anybody else has', async () => {
    const { sessions, user } = await made(2)
    const keys = await keysOf(backend.redis, sessions)
    assert.equal(keys.length, 3)
    assert.ok(keys.includes(indexOf(sessions, user)))
    assert.ok(keys.every((key) => !key.includes(user)), 'the user is not told by a key')
  })
})
