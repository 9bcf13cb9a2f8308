import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { Redis, type Credentials, type RedisOptions } from '../index.js'
import { namesOf, recordEvents } from './support/client-events'
import { MortalServer } from './support/client-server'
import { runNode } from './support/node'
import { fakeServer } from './support/servers'
import { until } from './support/until'

/** Arguments of a server: a user who may do everything. */
const user = (name: string, password: string) => ['--user', name, 'on', `>${password}`, '~*', '&*', '+@all']
const SOON = { minMs: 5, maxMs: 50 }
const whoIs = (redis: Redis) => redis.command<string>('ACL', 'WHOAMI')
/** Ends the connections of everybody but who asks. */
const kick = (admin: Redis) => admin.command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')

/** A callback that gives what it is told to, and counts. */
function source(...given: Credentials[]) {
  const credentials = () => given[Math.min(credentials.calls++, given.length - 1)]!
  credentials.calls = 0
  return credentials
}

for (const protocol of [2, 3] as const) {
  describe(`credentials over RESP${protocol}`, () => {
    const connect = (server: MortalServer, options: RedisOptions) => new Redis({ url: server.url, protocol, reconnect: SOON, commandTimeout: '30s', ...options })

    test('are asked for on first use, once for all', async () => {
      await using server = await MortalServer.start(...user('alice', 'pw'))
      const credentials = source({ username: 'alice', password: 'pw' })
      await using redis = connect(server, { credentials })
      await pause(20)
      assert.equal(credentials.calls, 0)
      assert.deepEqual(await Promise.all([whoIs(redis), whoIs(redis)]), ['alice', 'alice'])
      await using twin = redis.duplicate()
      assert.equal(await whoIs(twin), 'alice')
      await using other = await Redis.connect({ url: server.url, protocol, credentials: () => pause(50, { password: 'any' }) })
      assert.equal(await whoIs(other), 'default')
      assert.equal(credentials.calls, 2)
    })

    test('go over those of a URL, and are replaced by a name or a password given to duplicate', async () => {
      await using server = await MortalServer.start('--requirepass', 'right')
      await using redis = connect(server, { url: `redis+unix://nobody:wrong@localhost${server.path}`, credentials: source({ password: 'right' }) })
      assert.equal(await whoIs(redis), 'default')
      await using twin = redis.duplicate({ password: 'wrong' })
      await assert.rejects(twin.ping(), { code: 'ERR_AUTH' })
      await using back = twin.duplicate({ credentials: source({ password: 'right' }) })
      assert.equal(await whoIs(back), 'default')
      await using bare = redis.duplicate({ url: server.url })
      await assert.rejects(bare.ping(), { code: 'ERR_AUTH' })
    })

    for (const [what, change] of [
      ['CONFIG SET requirepass', (admin: Redis, password: string) => admin.command('CONFIG', 'SET', 'requirepass', password)],
      ['ACL SETUSER', (admin: Redis, password: string) => admin.command('ACL', 'SETUSER', 'default', 'resetpass', `>${password}`)],
    ] as const) {
      test(`a password that changes under load, by ${what}: the connection goes on, the next one has the new password, and nothing is refused`, async () => {
        await using server = await MortalServer.start('--requirepass', 'first-SECRET')
        let password = 'first-SECRET'
        let calls = 0
        const credentials = async () => (calls++, await pause(5), { password })
        await using admin = await Redis.connect({ url: server.url, password })
        await using redis = connect(server, { credentials })
        const events = recordEvents(redis)
        const load = underLoad(redis)
        await until('it works', () => load.acknowledged > 100)

        password = 'second-SECRET'
        await change(admin, password)
        const before = load.acknowledged
        await until('the connection goes on', () => load.acknowledged > before + 100)
        assert.deepEqual([redis.metrics().connections, calls], [1, 1])

        await kick(admin)
        const later = load.acknowledged
        await until('the next one works', () => redis.metrics().connections === 2 && load.acknowledged > later + 100)
        await load.stop()
        assert.deepEqual([redis.metrics().connectFailures, calls], [0, 2])
        // What was under way may have been executed; nothing else was lost, and nobody heard of passwords.
        for (const failure of load.failures) assert.deepEqual([failure.code, failure.maybeExecuted], ['ERR_UNAVAILABLE', true])
        const count = Number(await redis.command('GET', 'n'))
        assert.ok(count >= load.acknowledged && count <= load.acknowledged + load.failures.length, `${count} of ${load.acknowledged} + ${load.failures.length}`)
        assert.deepEqual(namesOf(events).filter((name) => name === 'error').length, 1)
        assert.doesNotMatch(JSON.stringify(events), /SECRET/)
      })
    }

    test('that end are renewed before, and the standing connection presents the new ones', async () => {
      await using server = await MortalServer.start(...user('one', '1'), ...user('two', '2'), ...user('three', '3'))
      const given: Credentials[] = [{ username: 'one', password: '1', ttlMs: 100 }, { username: 'two', password: '2', ttlMs: 100 }, { username: 'three', password: '3' }]
      let calls = 0
      let seen = 0
      // None comes before the one before it was seen.
      const credentials = async () => {
        const next = given[calls++]!
        await until('the last one was seen', () => seen >= given.indexOf(next))
        return next
      }
      await using redis = connect(server, { credentials })
      const events = recordEvents(redis)
      for (const { username } of given) {
        await until(`it is ${username}`, async () => (await whoIs(redis)) === username)
        seen++
      }
      assert.deepEqual([calls, redis.metrics().connections, namesOf(events)], [3, 1, ['connect', 'ready']])
    })

    test('that ended while there was no connection are asked for when there is one again', async () => {
      await using server = await MortalServer.start('--requirepass', 'x')
      const credentials = source({ password: 'x', ttlMs: 200 }, { password: 'x' })
      await using redis = connect(server, { credentials })
      await redis.ping()
      await server.crash()
      await until('they have ended', () => redis.metrics().connectFailures > 20)
      await server.start()
      await redis.ping()
      assert.equal(credentials.calls, 2)
    })
  })
}

/** Many callers that each wait for their answer. */
function underLoad(redis: Redis) {
  const load = {
    going: true,
    acknowledged: 0,
    failures: [] as { code: string; maybeExecuted: boolean }[],
    async stop() {
      load.going = false
      await Promise.all(callers)
    },
  }
  const callers = Array.from({ length: 20 }, async () => {
    while (load.going) await redis.command('INCR', 'n').then(() => load.acknowledged++, (error) => load.failures.push(error))
  })
  return load
}

test('a client that nobody holds is answered, however long its callback takes', async () => {
  await using server = await MortalServer.start('--requirepass', 'x')
  const { reports, code, stderr } = await runNode(
    `const { Redis } = require(${JSON.stringify(new URL('../index.js', import.meta.url).pathname)})
     const collect = setInterval(gc, 5)
     const call = () => new Redis({ url: '${server.url}', commandTimeout: '30s', credentials: () => new Promise((resolve) => setTimeout(resolve, 100, { password: 'x' })) }).ping()
     report(await Promise.all([call(), call()]))
     clearInterval(collect)`,
    {},
    ['--expose-gc'],
  ).ended
  assert.deepEqual([reports, code], [[['PONG', 'PONG']], 0], stderr)
})

test('what renews them does not keep the process alive', async () => {
  await using server = await MortalServer.start('--requirepass', 'x')
  const { reports, code, stderr } = await runNode(
    `const { Redis } = require(${JSON.stringify(new URL('../index.js', import.meta.url).pathname)})
     const redis = new Redis({ url: '${server.url}', credentials: () => ({ password: 'x', ttlMs: '1h' }) })
     report(await redis.ping())`,
  ).ended
  assert.deepEqual([reports, code], [['PONG'], 0], stderr)
})

test('a client that closes asks for what is pending still', async () => {
  await using server = await MortalServer.start('--requirepass', 'x')
  const redis = new Redis({ url: server.url, credentials: () => pause(50, { password: 'x' }) })
  const ping = redis.ping()
  const closing = redis.close({ timeoutMs: '30s' })
  assert.equal(await ping, 'PONG')
  await closing
})

test('options that are wrong', async () => {
  await using server = await fakeServer()
  const wrong: [options: unknown, message: string][] = [
    [{ credentials: { password: 'pw-SECRET' } }, 'options.credentials must be a function, got an instance of Object'],
    [{ credentials: null }, 'options.credentials must be a function, got null'],
    [{ credentials: source(), password: 'pw-SECRET' }, 'options.credentials excludes options.username and options.password'],
    [{ credentials: source(), username: 'SECRET' }, 'options.credentials excludes options.username and options.password'],
    [{ credentials: source(), url: 'embedded://' }, 'options.credentials is of no use with embedded://'],
  ]
  for (const [options, message] of wrong) {
    const given = { url: server.url, ...(options as RedisOptions) }
    assert.throws(() => new Redis(given), { name: 'TypeError', code: 'ERR_INVALID_ARG', message })
    await assert.rejects(Redis.connect(given), { message })
  }
  assert.equal(server.accepted, 0)
})
