import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { inspect } from 'node:util'
import { Redis, type RedisOptions, type SessionManager } from '../index.js'
import { MortalServer } from './support/client-server'
import { FaultProxy } from './support/fault-proxy'
import { draft, LONG_MS, managerOf, newId, sessionsOf } from './support/session-tools'
import { realServer } from './support/servers'
import { until } from './support/until'

/** For clients in trouble. A breaker that opens would change what is tested. */
const TROUBLED: RedisOptions = { connectTimeout: 1000, reconnect: { minMs: 1, maxMs: 20 }, breaker: false }
/** The machine may stand still for a while, and a call that hangs takes for ever. */
const CEILING_MS = 20_000

type Call = [what: string, call: (manager: SessionManager, id: string) => Promise<unknown>]
const CALLS: Call[] = [
  ['create', (manager) => manager.create('alice', { secret: 'hunter2' })],
  ['get', (manager, id) => manager.get(id)],
  ['update', (manager, id) => manager.update(id, { secret: 'hunter2' })],
  ['refresh', (manager, id) => manager.refresh(id)],
  ['destroy', (manager, id) => manager.destroy(id)],
  ['rotate', (manager, id) => manager.rotate(id)],
  ['listForUser', (manager) => manager.listForUser('alice')],
  ['destroyAllForUser', (manager) => manager.destroyAllForUser('alice')],
  ['destroyListed', (manager) => manager.destroyListed('alice', 'x'.repeat(43))],
]

/** Every call is refused within its deadline, by an error that says what can be said and no secret. */
async function assertRefused(manager: SessionManager, id: string, codes: readonly string[]): Promise<void> {
  const begun = performance.now()
  const ends = await Promise.all(CALLS.map(async ([what, call]) => [what, await call(manager, id).then((value) => ({ value }), (error) => error)] as const))
  assert.ok(performance.now() - begun < CEILING_MS, `it took ${performance.now() - begun} ms`)
  for (const [what, error] of ends) {
    assert.equal(error.name, 'RedwrightError', `${what}: ${inspect(error)}`)
    assert.ok(codes.includes(error.code), `${what}: ${error.code}`)
    assert.equal(error.retryable, true)
    for (const secret of [id, 'alice', 'hunter2']) assert.ok(!inspect(error).includes(secret), `${what} tells ${secret}`)
  }
}

describe('sessions on a server', () => {
  test('that hangs are refused in time, and are there when it goes on', async () => {
    await using server = await realServer({ tcp: true })
    await using proxy = await FaultProxy.start(server)
    await using redis = await Redis.connect({ url: proxy.url, ...TROUBLED })
    const patient = managerOf(redis)
    const { id } = await patient.create('alice')
    const hasty = managerOf(redis, { prefix: patient.prefix, timeoutMs: 300 })
    proxy.freeze()
    await assertRefused(hasty, id, ['ERR_TIMEOUT', 'ERR_UNAVAILABLE'])
    proxy.thaw()
    // What was sent may have been executed in the end, a log-out with it.
    await until('it answers', async () => patient.create('bob').then(() => true, () => false))
  })

  test('that is stopped, and one that is gone, are refused in time, and work again by themselves', async () => {
    await using server = await MortalServer.start()
    await using redis = await Redis.connect({ url: server.url, commandTimeout: 500, ...TROUBLED })
    const manager = managerOf(redis)
    const { id } = await manager.create('alice')
    server.kill('SIGSTOP')
    await assertRefused(manager, id, ['ERR_TIMEOUT', 'ERR_UNAVAILABLE'])
    server.kill('SIGCONT')
    await until('it answers', async () => manager.create('bob').then(() => true, () => false))
    await server.crash()
    await assertRefused(manager, id, ['ERR_UNAVAILABLE', 'ERR_TIMEOUT'])
    await server.start()
    await until('it answers', async () => manager.create('bob').then(() => true, () => false))
    // It has forgotten everything.
    assert.deepEqual([await manager.get(id), await manager.update(id, { a: 1 }), await manager.refresh(id)], [null, false, false])
  })

  test('that forgets its scripts notice nothing', async () => {
    await using server = await realServer()
    await using redis = await Redis.connect(server.url)
    const manager = managerOf(redis, { maxSessionsPerUser: 2, rotationGraceMs: 0 })
    for (let i = 0; i < 2; i++) {
      for (const [what, call] of CALLS) {
        const { id } = await manager.create('alice')
        await redis.command('SCRIPT', 'FLUSH')
        const end = await call(manager, id)
        assert.ok(end !== null && (end !== false || what === 'destroyListed'), what)
      }
      await manager.create('bob')
      await manager.create('bob')
      await redis.command('SCRIPT', 'FLUSH')
      await manager.create('bob')
      assert.equal((await manager.listForUser('bob')).length, 2)
    }
  })

  test('whose memory is full take nothing new, and are read and logged out as ever', async () => {
    await using server = await realServer()
    await using redis = await Redis.connect({ url: server.url, breaker: false })
    const manager = managerOf(redis)
    const { id } = await manager.create('alice')
    await redis.command('CONFIG', 'SET', 'maxmemory', '1')
    for (const act of [() => manager.create('alice'), () => manager.update(id, { a: 1 })]) {
      await assert.rejects(act(), { code: 'ERR_SERVER', serverCode: 'OOM', retryable: true })
    }
    // Whoever is logged in stays so.
    assert.deepEqual([(await manager.get(id))!.data, await manager.refresh(id)], [{}, true])
    const rotated = (await manager.rotate(id))!
    assert.equal((await manager.listForUser('alice')).length, 1)
    assert.deepEqual([await manager.destroy(rotated.id), await manager.get(rotated.id), await manager.get(id)], [true, null, null])
  })

  test('that a client has closed are refused', async () => {
    await using server = await realServer()
    const redis = await Redis.connect(server.url)
    const manager = managerOf(redis)
    const { id } = await manager.create('alice')
    await redis.close()
    for (const [, call] of CALLS) await assert.rejects(call(manager, id), { name: 'RedwrightError', code: 'ERR_CLOSED' })
  })
})

describe('a reply that is lost', () => {
  /** Does something whose first reply is lost with its connection. */
  async function losing<T>(act: (sessions: any, id: string) => Promise<T>): Promise<{ end: T; sessions: any; id: string; user: string }> {
    await using server = await realServer({ tcp: true })
    await using proxy = await FaultProxy.start(server)
    await using redis = await Redis.connect({ url: proxy.url, commandTimeout: '30s', ...TROUBLED })
    await using direct = await Redis.connect(server.url)
    const behind = sessionsOf(direct, { maxSessionsPerUser: 2 })
    const sessions = sessionsOf(redis, { prefix: behind.prefix, maxSessionsPerUser: 2 })
    const id = newId()
    await behind.create(id, { data: '{}', userId: 'u', meta: null })
    // The script is known.
    await act(sessions, await behind.write('warm', draft({})).then(() => 'warm'))
    proxy.dropReplies = true
    const acting = act(sessions, id)
    acting.catch(() => {})
    await until('its reply is lost', () => proxy.repliesDropped > 0)
    proxy.dropReplies = false
    proxy.reset()
    const end = await acting
    await check(behind, end, id)
    return { end, sessions: behind, id, user: 'u' }
  }
  let check: (behind: any, end: any, id: string) => Promise<void> = async () => {}

  test('of a write does not make it a conflict with itself', async () => {
    check = async (behind, end, id) => {
      assert.equal(end.outcome, 'written')
      assert.equal((await behind.read(id)).version, end.version)
    }
    await losing(async (sessions, id) => {
      const { version } = await sessions.read(id).catch(() => sessions.read(id))
      return sessions.write(id, { version, data: '{"a":1}', cookie: '', ttlMs: LONG_MS })
    })
  })

  test('of a log-out does not say that there was nothing', async () => {
    check = async (behind, end, id) => assert.deepEqual([end, await behind.read(id)], [true, null])
    await losing((sessions, id) => sessions.destroy(id))
  })

  test('of a change of the id does not lose the session', async () => {
    check = async (behind, end, id) => {
      assert.notEqual(end, null)
      assert.equal((await behind.read(id)).movedTo, end.id)
      assert.equal((await behind.listForUser('u')).length, 1)
    }
    await losing((sessions, id) => sessions.rotate(id, newId(), { graceMs: LONG_MS }))
  })

  test('of a new session makes no second one', async () => {
    check = async (behind, end) => {
      assert.equal(end.outcome, 'written')
      assert.equal((await behind.listForUser('u')).length, 2)
      // And the one that was made before.
      assert.equal(await behind.count(), 4)
    }
    await losing((sessions, id) => sessions.create(id === 'warm' ? 'warm2' : newId(), { data: '{}', userId: id === 'warm' ? 'w' : 'u', meta: null }))
  })

  test('of a log-out everywhere counts those that it has ended', async () => {
    check = async (behind, end) => {
      assert.deepEqual(await behind.listForUser('u'), [])
      assert.ok(end === 0 || end === 1)
    }
    await losing((sessions) => sessions.destroyAllForUser('u'))
  })
})
