import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { inspect } from 'node:util'
import { Redis, type Credentials } from '../index.js'
import { recordEvents } from './support/client-events'
import { fakeRedis } from './support/client-fake'
import { MortalServer } from './support/client-server'
import { fakeServer } from './support/servers'
import { until } from './support/until'

/** Arguments of a server: a user who may do everything. */
const user = (name: string, password: string) => ['--user', name, 'on', `>${password}`, '~*', '&*', '+@all']
const SOON = { minMs: 5, maxMs: 50 }
const works = (redis: Redis) => until('it works', () => redis.ping().then(() => true, () => false))
const errorsOf = (events: { name: string; info: any }[]) => events.filter(({ name }) => name === 'error').map(({ info }) => info)
const noSecret = (thing: unknown) => assert.doesNotMatch(inspect(thing, { depth: 10, showHidden: true }), /SECRET/)

/** Calls fail at their deadline, and say why, unless the machine was too slow for a reason to be at hand. */
async function toldWhy(redis: Redis, message: string) {
  await until('a call is told why', async () => {
    const error = await redis.command('SET', 'k', 'v').then(() => assert.fail('it works'), (error) => error)
    assert.deepEqual([error.code, error.retryable, error.maybeExecuted], ['ERR_UNAVAILABLE', true, false])
    noSecret(error)
    return error.message === message
  })
}

class VaultError extends Error {
  override name = 'VaultError'
}

describe('a callback that fails', () => {
  const failures: [what: string, credentials: () => any, message: string][] = [
    ['throws', () => { throw new VaultError('token SECRET is wrong') }, 'failed with VaultError'],
    ['rejects', () => Promise.reject(new TypeError('SECRET')), 'failed with TypeError'],
    ['is aborted', () => Promise.reject(AbortSignal.abort().reason), 'failed with AbortError'],
    ['throws a string', () => { throw 'SECRET' }, 'failed with a string'],
    ['throws an error with an odd name', () => { throw Object.assign(new Error('SECRET'), { name: 'the SECRET' }) }, 'failed with an error'],
    ['gives nothing', () => {}, 'gave no credentials: credentials must be an object, got undefined'],
    ['gives null', () => null, 'gave no credentials: credentials must be an object, got null'],
    ['gives a string', () => 'SECRET', 'gave no credentials: credentials must be an object, got a string'],
    ['gives no password', () => ({ username: 'SECRET' }), 'gave no credentials: credentials.password must be a string, got undefined'],
    ['gives a number', () => ({ password: 123 }), 'gave no credentials: credentials.password must be a string, got a number'],
    ['gives a user that is none', () => ({ username: ['SECRET'], password: 'SECRET' }), 'gave no credentials: credentials.username must be a string, got an array'],
    ['gives an odd key', () => ({ user: 'SECRET', password: 'SECRET' }), "gave no credentials: credentials.user is not an option; did you mean 'username'?"],
    ['gives a life of nothing', () => ({ password: 'SECRET', ttlMs: 0 }), 'gave no credentials: credentials.ttlMs must be from 1 ms to 100 years, got 0'],
  ]
  for (const [what, failing, message] of failures) {
    test(what, async () => {
      await using server = await MortalServer.start('--requirepass', 'right-SECRET')
      const told = `the credentials callback ${message}`
      await assert.rejects(Redis.connect({ url: server.url, credentials: failing }), (error: any) => {
        assert.deepEqual([error.code, error.retryable, error.maybeExecuted, error.message], ['ERR_UNAVAILABLE', true, false, told])
        noSecret(error)
        return true
      })
      let credentials = failing
      let calls = 0
      await using redis = new Redis({ url: server.url, reconnect: SOON, commandTimeout: 300, credentials: () => (calls++, credentials()) })
      const events = recordEvents(redis)
      await toldWhy(redis, `no connection in time: ${server.path}: ${told}`)
      // Called again, once an attempt, with the pauses of `reconnect`.
      await until('it is called again', () => redis.metrics().connectFailures > 3)
      assert.ok(calls > 3 && calls <= redis.metrics().connectFailures + 2, `${calls} calls`)
      for (const error of errorsOf(events)) noSecret(error)
      credentials = () => ({ password: 'right-SECRET' })
      await works(redis)
    })
  }
})

test('a callback that hangs: calls answer within their deadline and say so, it is called again, and an answer that is late counts', async () => {
  await using server = await MortalServer.start('--requirepass', 'x')
  const answers: ((given: Credentials) => void)[] = []
  const credentials = () => new Promise<Credentials>((resolve) => answers.push(resolve))
  await using redis = new Redis({ url: server.url, reconnect: SOON, commandTimeout: 200, connectTimeout: 2000, credentials })
  const why = `no connection in time: ${server.path}: the credentials callback has not answered in time`
  const begun = performance.now()
  await assert.rejects(redis.ping(), { code: 'ERR_UNAVAILABLE', maybeExecuted: false })
  assert.ok(performance.now() - begun < 10_000)
  assert.equal(answers.length, 1, 'one question is enough for all attempts of its time')
  await until('it is called again', () => answers.length > 1)
  await toldWhy(redis, why)
  answers[0]!({ password: 'x' })
  await works(redis)
  // What comes behind it is newer.
  await assert.rejects(Redis.connect({ url: server.url, connectTimeout: 100, credentials: () => new Promise(() => {}) }), {
    code: 'ERR_UNAVAILABLE', message: 'the credentials callback has not answered in time',
  })
})

test('a slow callback has the time of an attempt to connect, whatever the deadline of operations is', async () => {
  await using server = await MortalServer.start('--requirepass', 'x')
  const credentials = () => new Promise<Credentials>((resolve) => setTimeout(resolve, 500, { password: 'x' }))
  await using redis = await Redis.connect({ url: server.url, commandTimeout: 100, connectTimeout: '30s', credentials })
  assert.deepEqual([redis.status, redis.metrics().connectFailures], ['ready', 0])
})

test('a slow callback takes nothing from the time of the attempt behind it', async () => {
  await using silent = await fakeServer()
  const credentials = () => new Promise<Credentials>((resolve) => setTimeout(resolve, 1500, { password: 'x' }))
  await assert.rejects(Redis.connect({ url: silent.url, connectTimeout: '3s', credentials }), { code: 'ERR_TIMEOUT', message: /nothing answers in time$/ })
})

describe('credentials that the server refuses', () => {
  test('are asked for anew for each attempt, with its pauses; calls reject at once, and it works when they are right', async () => {
    await using server = await MortalServer.start('--requirepass', 'right-SECRET')
    let password = 'wrong-SECRET'
    let calls = 0
    await using redis = new Redis({ url: server.url, reconnect: SOON, commandTimeout: '1h', credentials: () => (calls++, { password }) })
    const events = recordEvents(redis)
    await assert.rejects(redis.ping(), (error: any) => {
      assert.deepEqual([error.code, error.serverCode, error.retryable], ['ERR_AUTH', 'WRONGPASS', false])
      noSecret(error)
      return true
    })
    await until('five attempts', () => redis.metrics().connectFailures >= 5)
    assert.ok(calls <= redis.metrics().connectFailures + 2, `${calls} calls`)
    password = 'right-SECRET'
    await until('it works', () => redis.ping().then(() => true, () => false))
    noSecret(events)
  })

  test('on a standing connection leave it as it is, are told, and asked for when it is made anew', async () => {
    await using server = await MortalServer.start(...user('one', '1-SECRET'))
    await using admin = await Redis.connect(server.url)
    let calls = 0
    const credentials = () => ({ username: 'one', password: calls++ === 1 ? 'bad-SECRET' : '1-SECRET', ...(calls === 1 && { ttlMs: 200 }) })
    await using redis = new Redis({ url: server.url, reconnect: SOON, commandTimeout: '30s', credentials })
    const events = recordEvents(redis)
    await redis.ping()
    await until('they are refused', () => errorsOf(events).length > 0)
    const [error] = errorsOf(events)
    assert.deepEqual([error.code, error.serverCode], ['ERR_AUTH', 'WRONGPASS'])
    assert.ok(error.message.startsWith(`${server.path}: `))
    noSecret(events)
    assert.equal(await redis.command('ACL', 'WHOAMI'), 'one')
    assert.deepEqual([calls, redis.metrics().connections], [2, 1])
    await admin.command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
    await until('a new one', () => redis.metrics().connections === 2)
    assert.equal(await redis.command('ACL', 'WHOAMI'), 'one')
    assert.deepEqual([calls, redis.metrics().connectFailures], [3, 0])
  })
})

test('a renewal that fails is told and tried again, and the connection stands', async () => {
  await using server = await MortalServer.start(...user('one', '1'), ...user('two', '2'))
  let calls = 0
  const credentials = () => {
    if (++calls === 1) return { username: 'one', password: '1', ttlMs: 200 }
    if (calls < 5) throw new VaultError('SECRET')
    return { username: 'two', password: '2' }
  }
  await using redis = new Redis({ url: server.url, reconnect: SOON, commandTimeout: '30s', credentials })
  const events = recordEvents(redis)
  await until('it is renewed', async () => (await redis.command('ACL', 'WHOAMI')) === 'two')
  const told = ['ERR_UNAVAILABLE', `${server.path}: the credentials callback failed with VaultError`]
  assert.deepEqual(errorsOf(events).map(({ code, message }) => [code, message]), [told, told, told])
  assert.deepEqual([calls, redis.metrics().connections], [5, 1])
})

for (const protocol of [2, 3] as const) {
  test(`a server that repeats what it is told makes no password known, over RESP${protocol}`, async () => {
    let refuses = false
    await using parrot = await fakeRedis((words) => (refuses && /HELLO|AUTH/.test(words[0]!) ? `-WRONGPASS not ${words.join(' ')}\r\n` : undefined))
    let calls = 0
    const credentials = () => ({ username: 'app', password: `SECRET${++calls}`, ttlMs: 50 })
    await using redis = new Redis({ url: parrot.url, protocol, reconnect: SOON, commandTimeout: 200, credentials })
    const events = recordEvents(redis)
    await redis.ping()
    refuses = true
    await until('a renewal was refused', () => errorsOf(events).some(({ code }) => code === 'ERR_AUTH'))
    await assert.rejects(Redis.connect({ url: parrot.url, protocol, credentials }), (error: any) => {
      noSecret(error)
      return error.code === 'ERR_AUTH' && error.message.includes('app …')
    })
    noSecret(events)
  })
}
