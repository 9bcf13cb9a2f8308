import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fresh } from './support/cache-tools'
import { onEveryBackend } from './support/backends'
import { keyOf, keysOf, managerOf, newId, nameOf, now, pttl, secret, sessionsOf } from './support/session-tools'
import { until } from './support/until'

const DAY_MS = 86_400_000

onEveryBackend('SessionManager', (backend) => {
  test('makes sessions of 256 random bits, which are read as they were made', async () => {
    const manager = managerOf(backend.redis)
    const user = fresh('user')
    const made = await manager.create(user, { theme: 'dark', n: [1, null, { a: 'ü' }] }, { meta: { browser: 'lynx' } })
    assert.match(made.id, /^[A-Za-z0-9_-]{43}$/)
    assert.equal(Buffer.from(made.id, 'base64url').length, 32)
    assert.deepEqual([made.handle, made.userId, made.lastSeenAt, made.expiresAt], [nameOf(made.id), user, made.createdAt, made.createdAt + DAY_MS])
    const { lastSeenAt, expiresAt, ...found } = (await manager.get(made.id))!
    const { lastSeenAt: _1, expiresAt: _2, ...before } = made
    assert.deepEqual(found, before)
    // An imitation's clock goes on within a command.
    assert.ok(lastSeenAt >= made.createdAt && Math.abs(expiresAt - lastSeenAt - DAY_MS) <= 3)
    assert.deepEqual((await manager.create(user)).data, {})
    assert.equal(new Set((await Promise.all(Array.from({ length: 50 }, () => manager.create('u')))).map(({ id }) => id)).size, 50)
    // Changing what was read changes nothing.
    found.data.theme = 'light'
    assert.equal((await manager.get(made.id))!.data.theme, 'dark')
  })

  test('lets a session live on by get, update and refresh, each for the time that it was given', async () => {
    const manager = managerOf(backend.redis, { ttl: '1h' })
    for (const [options, ms] of [[{}, 3_600_000], [{ ttl: '30d' }, 30 * DAY_MS], [{ ttl: 90 }, 90_000]] as const) {
      const { id, expiresAt, createdAt } = await manager.create('u', {}, options)
      assert.equal(expiresAt - createdAt, ms)
      const key = keyOf(manager, id)
      for (const see of [() => manager.get(id), () => manager.update(id, { a: 1 }), () => manager.refresh(id)]) {
        await backend.redis.command('PEXPIRE', key, '50000')
        const before = await now(backend.redis)
        assert.ok(await see())
        const left = await pttl(backend.redis, key)
        assert.ok(left <= ms + 2 && left >= ms - ((await now(backend.redis)) - before) - 2, `${left} of ${ms}`)
      }
    }
    const { id } = await manager.create('u', {}, { ttl: '1ms' })
    await until('it is over', async () => (await manager.get(id)) === null)
    assert.deepEqual([await manager.refresh(id), await manager.update(id, {}), await manager.destroy(id), await manager.rotate(id)], [false, false, false, null])
  })

  test('loses no key of ten that are written at once', async () => {
    const manager = managerOf(backend.redis)
    const other = managerOf(await backend.connect(), { prefix: manager.prefix })
    const { id } = await manager.create('u', { first: 0, gone: 1, hits: 0 })
    const puts = Array.from({ length: 10 }, (_, i) => (i % 2 === 0 ? manager : other).update(id, { [`k${i}`]: i }))
    const hits = Array.from({ length: 10 }, (_, i) => (i % 2 === 0 ? manager : other).update(id, (data) => ({ ...data, hits: data.hits + 1 })))
    assert.ok((await Promise.all([...puts, ...hits, manager.update(id, { gone: undefined })])).every(Boolean))
    const { data } = (await manager.get(id))!
    assert.deepEqual(data, { first: 0, hits: 10, ...Object.fromEntries(puts.map((_, i) => [`k${i}`, i])) })
    assert.ok(manager.metrics().conflicts + other.metrics().conflicts > 0, 'they met')
  })

  test('takes from a function what it gives, or what it makes of what it is given, and nothing where it throws', async () => {
    const manager = managerOf(backend.redis)
    const { id } = await manager.create('u', { list: [1] })
    assert.equal(await manager.update(id, async (data) => ({ list: [...data.list, 2] })), true)
    assert.equal(await manager.update(id, (data) => void data.list.push(3)), true)
    assert.deepEqual((await manager.get(id))!.data, { list: [1, 2, 3] })
    const mine = new Error('mine')
    await assert.rejects(manager.update(id, () => { throw mine }), (error) => error === mine)
    await assert.rejects(manager.update(id, (() => 5) as any), { name: 'TypeError', code: 'ERR_INVALID_ARG' })
    await assert.rejects(manager.update(id, () => ({ n: 5n })), { name: 'TypeError', code: 'ERR_INVALID_ARG' })
    assert.deepEqual((await manager.get(id))!.data, { list: [1, 2, 3] })
    assert.equal(await manager.update(newId(), () => assert.fail('there is nothing to change')), false)
  })

  test('lists the devices of a user without their ids, and ends one of them, others, all', async () => {
    const manager = managerOf(backend.redis)
    const user = fresh('user')
    const [phone, tv, desk] = [await manager.create(user, {}, { meta: { on: 'phone' } }), await manager.create(user, {}, { meta: { on: 'tv' } }), await manager.create(user)]
    const listed = await manager.listForUser(user)
    assert.deepEqual(listed.map(({ meta }) => meta?.on ?? null).sort(), ['phone', 'tv', null].sort())
    assert.ok(!JSON.stringify(listed).includes(phone!.id) && listed.every((one) => !('id' in one)))
    assert.equal(await manager.destroyListed(user, tv!.handle), true)
    assert.deepEqual([await manager.get(tv!.id), await manager.destroyListed('another', phone!.handle)], [null, false])
    assert.equal(await manager.destroyAllForUser(user, { except: desk!.id }), 1)
    assert.deepEqual([await manager.get(phone!.id), (await manager.listForUser(user)).map(({ handle }) => handle)], [null, [desk!.handle]])
    // A handle opens nothing.
    assert.equal(await manager.get(desk!.handle), null)
    assert.deepEqual([await manager.destroyAllForUser(user), await manager.listForUser(user)], [1, []])
  })

  test('gives another id, and the old one leads there for a while', async () => {
    const manager = managerOf(backend.redis, { rotationGraceMs: '1m' })
    const made = await manager.create('u', { cart: 1 }, { meta: { on: 'phone' } })
    const rotated = (await manager.rotate(made.id))!
    assert.match(rotated.id, /^[A-Za-z0-9_-]{43}$/)
    assert.deepEqual([rotated.id === made.id, rotated.handle, rotated.data, rotated.meta, rotated.createdAt], [false, nameOf(rotated.id), made.data, made.meta, made.createdAt])
    assert.equal((await manager.get(made.id))!.handle, rotated.handle)
    assert.equal(await manager.update(made.id, { late: true }), true)
    const last = (await manager.rotate(made.id, { graceMs: 0 }))!
    assert.deepEqual([last.data, await manager.get(made.id), await manager.get(rotated.id)], [{ cart: 1, late: true }, null, null])
    assert.equal((await manager.get(last.id))!.userId, 'u')
  })

  test('refuses one more where that is wanted', async () => {
    const manager = managerOf(backend.redis, { maxSessionsPerUser: 2, onLimit: 'refuse' })
    const first = await manager.create('u')
    await manager.create('u')
    await assert.rejects(manager.create('u'), { name: 'RedwrightError', code: 'ERR_SESSION_LIMIT', retryable: false, maybeExecuted: false })
    await manager.create('v')
    await manager.destroy(first.id)
    await manager.create('u')
  })

  test('leaves no trace of an id, and no tombstone for one that never was', async () => {
    const manager = managerOf(backend.redis, { idKeys: [secret('k')], encryptionKeys: [secret('k')] })
    const { id, handle } = await manager.create('alice', { secret: 'hunter2' })
    assert.equal(handle, nameOf(id, secret('k')))
    assert.deepEqual(await manager.destroy(newId()), false)
    const keys = await keysOf(backend.redis, manager)
    assert.equal(keys.length, 2)
    assert.ok(keys.every((key) => !key.includes(id) && !key.includes('alice')))
    assert.equal(await manager.destroy(id), true)
    assert.equal(await manager.get(id), null)
  })

  test('has the keys and the guarantees of every other door', async () => {
    const manager = managerOf(backend.redis)
    const sessions = sessionsOf(backend.redis, { prefix: manager.prefix })
    const { id, createdAt } = await manager.create('u', { a: 1 })
    const found = await sessions.read(id)
    assert.deepEqual([found.data, found.userId, found.createdAt], ['{"a":1}', 'u', createdAt])
    await sessions.write(id, { ...found, data: '{"a":2}', cookie: '{"path":"/"}' })
    await manager.update(id, { b: 3 })
    assert.deepEqual([(await sessions.read(id)).data, (await sessions.read(id)).cookie], ['{"a":2,"b":3}', '{"path":"/"}'])
    const anonymous = newId()
    await sessions.write(anonymous, { version: '', data: '{}', cookie: '{}' })
    assert.equal((await manager.get(anonymous))!.userId, null)
  })
})
