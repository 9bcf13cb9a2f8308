import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { closeRedis, createClients, getRedis, Redis } from '../index.js'
import { namesOf, recordEvents } from './support/client-events'
import { fakeRedis } from './support/client-fake'
import { runNode } from './support/node'
import { realServer } from './support/servers'
import { until } from './support/until'
import { passwordOf } from './support/wire'

const server = await realServer({ tcp: true })
const { host, port } = server
const password = passwordOf(server)
after(() => server.stop())

const clientsOf = async (redis: Redis) => (await redis.command<string>('CLIENT', 'LIST')).trim().split('\n')
const infoOf = async (redis: Redis) => Object.fromEntries((await redis.command<string>('CLIENT', 'INFO')).trim().split(' ').map((pair) => pair.split('=')))
/** As the server's replies show it: a map in one, a list in the other. `CLIENT INFO` tells it since Redis 7 only. */
const protocolOf = async (redis: Redis) => (Array.isArray(await redis.command('HGETALL', 'no such hash')) ? 2 : 3)

describe('Redis', () => {
  test('connect gives a client that stands', async () => {
    await using redis = await Redis.connect(server.url)
    assert.equal(redis.status, 'ready')
    assert.deepEqual(redis.server, { product: server.product.split('-')[0], version: server.version, mode: 'single' })
    assert.equal(await redis.ping(), 'PONG')
  })

  test('the constructor connects on first use and not before', async () => {
    await using fake = await fakeRedis()
    await using redis = new Redis(fake.url)
    assert.deepEqual([redis.status, redis.server.version, fake.accepted], ['idle', '', 0])
    const pong = redis.ping()
    assert.equal(await pong, 'PONG')
    assert.equal(redis.status, 'ready')
    assert.equal(fake.accepted, 1)
    assert.equal(redis.server.version, '9.8.7')
  })

  test('a client that was never used closes', async () => {
    const redis = new Redis(server.url)
    await redis.close()
    assert.equal(redis.status, 'closed')
    await assert.rejects(redis.ping(), { code: 'ERR_CLOSED', maybeExecuted: false })
  })

  test('every option has its effect', async () => {
    await using redis = await Redis.connect({ host, port, password, db: 3, connectionName: 'spec-name' })
    const info = await infoOf(redis)
    assert.deepEqual([info.name, info.db, await protocolOf(redis)], ['spec-name', '3', 3])
    await using old = await Redis.connect({ url: `${server.url}/5`, protocol: 2 })
    assert.deepEqual([(await infoOf(old)).db, await protocolOf(old)], ['5', 2])
  })

  test('options beside a URL win over its parts', async () => {
    await using redis = await Redis.connect({ url: `redis://nobody:wrong@${host}:1/7`, port, username: 'default', password, db: 2 })
    assert.equal((await infoOf(redis)).db, '2')
  })

  test('an ACL user is who asks, with a password, and without one where it needs none', async () => {
    await using admin = await Redis.connect(server.url)
    const secret = `pa:ss@wörd "it's" \\x\r\nDEL a\t`
    await admin.command('ACL', 'SETUSER', 'alice', 'on', `>${secret}`, '+@all', '~*')
    await admin.command('ACL', 'SETUSER', 'bob', 'on', 'nopass', '+@all', '~*')
    for (const protocol of [2, 3] as const) {
      await using alice = await Redis.connect({ url: `redis://alice:${encodeURIComponent(secret)}@${host}:${port}`, protocol })
      assert.equal(await alice.command('ACL', 'WHOAMI'), 'alice')
      await using bob = await Redis.connect({ host, port, username: 'bob', protocol })
      assert.equal(await bob.command('ACL', 'WHOAMI'), 'bob')
    }
  })

  test('a user who may do little can connect', async () => {
    await using admin = await Redis.connect(server.url)
    await admin.command('ACL', 'SETUSER', 'carol', 'on', '>pw', '+get', '~public:*')
    await using carol = await Redis.connect({ host, port, username: 'carol', password: 'pw' })
    assert.equal(await carol.command('GET', 'public:a'), null)
    assert.deepEqual([carol.status, carol.server.product], ['ready', 'unknown'])
    await assert.rejects(carol.command('SET', 'public:a', 'x'), { code: 'ERR_SERVER', serverCode: 'NOPERM', retryable: false })
  })

  test('a unix socket, by URL and by path', { skip: process.platform === 'win32' }, async () => {
    await using local = await realServer()
    const path = local.path!
    for (const options of [`redis+unix://${path}?db=4`, { path, db: 4 }, { url: `unix://${path}`, db: 4 }]) {
      await using redis = await Redis.connect(options)
      assert.equal((await infoOf(redis)).db, '4')
    }
  })

  test('a host name is looked up, and IPv6 addresses are understood', async () => {
    await using redis = await Redis.connect({ url: server.url.replace('127.0.0.1', 'localhost') })
    assert.equal(await redis.ping(), 'PONG')
    await assert.rejects(Redis.connect('redis://[::1]:1'), { code: 'ERR_UNAVAILABLE', message: /^\[::1\]:1: / })
    await assert.rejects(Redis.connect({ host: 'no-such-host.invalid' }), { code: 'ERR_UNAVAILABLE', message: /^no-such-host.invalid:6379: / })
  })

  test('duplicate has the same options, and the ones given over them', async () => {
    await using redis = new Redis({ url: server.url, db: 6, connectionName: 'first' })
    await using twin = redis.duplicate()
    await using other = redis.duplicate({ db: 7, connectionName: undefined })
    const [a, b] = await Promise.all([infoOf(twin), infoOf(other)])
    assert.deepEqual([a.db, a.name, b.db, b.name], ['6', 'first', '7', 'first'])
  })

  test('an address given to duplicate replaces the address, and a URL the credentials too', async () => {
    await using local = await realServer()
    await using far = await Redis.connect(server.url)
    await using near = far.duplicate({ path: local.path! })
    assert.match((await infoOf(near)).addr, /:0$/)
    await using back = near.duplicate({ host, port })
    assert.match((await infoOf(back)).addr, /^127/)
    await using bare = far.duplicate({ url: `redis://${host}:${port}` })
    await assert.rejects(bare.ping(), { code: 'ERR_AUTH' })
    await using embedded = new Redis('embedded://')
    await using left = embedded.duplicate({ host, port, password })
    assert.match((await infoOf(left)).addr, /^127/)
  })

  test('createClients gives three connections that close together', async () => {
    await using redis = await Redis.connect(server.url)
    const { client, publisher, subscriber, close } = createClients({ url: server.url, connectionName: 'trio' })
    const ids = await Promise.all([client, publisher, subscriber].map((one) => one.command('CLIENT', 'ID')))
    assert.equal(new Set(ids).size, 3)
    await close()
    assert.deepEqual([client, publisher, subscriber].map(({ status }) => status), ['closed', 'closed', 'closed'])
    await until('gone', async () => (await clientsOf(redis)).every((line) => !line.includes('name=trio')))
  })

  test('close waits for what is pending, and nothing comes after it', async () => {
    const redis = await Redis.connect(server.url)
    const events = recordEvents(redis)
    const pending = Array.from({ length: 1000 }, () => redis.command('INCR', 'drained'))
    const [first, second] = [redis.close(), redis.quit()]
    assert.equal(redis.status, 'closing')
    await assert.rejects(redis.ping(), { code: 'ERR_CLOSED' })
    assert.deepEqual(await Promise.all(pending), Array.from({ length: 1000 }, (_, i) => i + 1))
    await Promise.all([first, second, redis.close()])
    assert.equal(redis.status, 'closed')
    assert.deepEqual(namesOf(events), ['close'])
  })

  test('close does not wait longer than it was told', async () => {
    await using fake = await fakeRedis(([name]) => (name === 'GET' ? '' : undefined))
    const redis = await Redis.connect({ url: fake.url, commandTimeout: '1h' })
    const get = assert.rejects(redis.command('GET', 'k'), { code: 'ERR_UNAVAILABLE', maybeExecuted: true })
    await redis.close({ timeoutMs: 50 })
    await get
  })

  test('await using closes', async () => {
    let kept: Redis
    {
      await using redis = new Redis(server.url)
      kept = redis
      await redis.ping()
    }
    assert.equal(kept.status, 'closed')
  })

  test('metrics count what happened', async () => {
    await using redis = new Redis(server.url)
    assert.deepEqual([redis.metrics().operations, redis.metrics().latency.count, redis.metrics().latency.p99Us], [0, 0, 0])
    await redis.command('SET', 'm', '1')
    await assert.rejects(redis.command('LPUSH', 'm', '1'))
    await redis.ping()
    const { latency, nodes, ...counters } = redis.metrics()
    assert.deepEqual(counters, {
      connections: 1, connectFailures: 0, watchdogTrips: 0, pending: 0, operations: 3, succeeded: 2, failed: 1, timeouts: 0, refused: 0,
      cancelled: 0, breaker: { state: 'closed', opened: 0, rejected: 0 },
    })
    assert.deepEqual(nodes, [
      { address: nodes[0]!.address, role: 'master', slots: 0, standing: 1, connections: 1, connectFailures: 0, watchdogTrips: 0, replies: 3 },
    ])
    assert.equal(latency.count, 2, 'of those that succeeded')
    assert.equal(latency.buckets.reduce((sum, n) => sum + n, 0), 2)
    await using away = new Redis({ host, port: 1, commandTimeout: 100 })
    const waiting = assert.rejects(away.ping())
    assert.equal(away.metrics().pending, 1)
    await waiting
    assert.deepEqual([away.metrics().pending, away.metrics().failed], [0, 1])
    assert.ok(latency.p50Us > 0 && latency.p50Us <= latency.p99Us && latency.p99Us <= latency.maxUs)
  })

  test('health tells a server that is well, with its memory', async () => {
    await using redis = new Redis(server.url)
    const health = await redis.health()
    assert.equal(health.ok, true)
    assert.deepEqual([health.status, health.server], ['ready', redis.server])
    assert.ok(health.latencyMs > 0)
    assert.ok(health.memory!.usedBytes > 0)
    assert.deepEqual([health.memory!.maxBytes, health.memory!.policy], [0, 'noeviction'])
  })

  test('health tells what is wrong, and never rejects', async () => {
    await using away = new Redis({ host, port: 1 })
    const health = await away.health({ timeoutMs: 100 })
    assert.deepEqual([health.ok, health.error?.code, 'memory' in health], [false, 'ERR_UNAVAILABLE', false])
    await using silent = await fakeRedis(([name, section]) => (name === 'PING' || section === 'memory' ? '' : undefined))
    await using redis = await Redis.connect({ url: silent.url, watchdogMs: '1h' })
    const hung = await redis.health({ timeoutMs: 100 })
    assert.deepEqual([hung.ok, hung.error?.code, hung.status], [false, 'ERR_TIMEOUT', 'ready'])
    await redis.close({ timeoutMs: 1 })
    assert.deepEqual([(await redis.health()).error?.code], ['ERR_CLOSED'])
  })
})

describe('getRedis', () => {
  const script = (env: NodeJS.ProcessEnv) =>
    runNode(
      `const { getRedis, closeRedis } = require(${JSON.stringify(new URL('../index.js', import.meta.url).pathname)})
       const redis = getRedis()
       const same = redis === getRedis()
       const info = await redis.command('CLIENT', 'INFO')
       await closeRedis()
       await closeRedis()
       report([same, info, redis.status, getRedis() !== redis])`,
      { REDIS_URL: '', REDIS_HOST: '', REDIS_PORT: '', REDIS_USERNAME: '', REDIS_PASSWORD: '', REDIS_DB: '', ...env },
    ).ended

  test('reads REDIS_URL', async () => {
    const { reports, stderr, code } = await script({ REDIS_URL: `${server.url}/2`, REDIS_HOST: 'ignored.invalid' })
    assert.equal(stderr, '')
    const [same, info, status, fresh] = reports[0]
    assert.deepEqual([same, status, fresh, code], [true, 'closed', true, 0])
    assert.match(info, / db=2 /)
  })

  test('reads REDIS_HOST and its siblings', async () => {
    const env = { REDIS_HOST: host, REDIS_PORT: String(port), REDIS_USERNAME: 'default', REDIS_PASSWORD: password, REDIS_DB: '9' }
    const { reports, stderr } = await script(env)
    assert.equal(stderr, '')
    assert.match(reports[0][1], / db=9 /)
  })

  test('is one client, and a new one after closeRedis', async () => {
    const before = process.env.REDIS_URL
    process.env.REDIS_URL = server.url
    try {
      const redis = getRedis()
      assert.equal(redis, getRedis())
      await closeRedis()
      assert.notEqual(redis, getRedis())
    } finally {
      await closeRedis()
      if (before === undefined) delete process.env.REDIS_URL
      else process.env.REDIS_URL = before
    }
  })

  test('names the variable that is wrong', async () => {
    const { stderr, code } = await script({ REDIS_PORT: '6379x' })
    assert.equal(code, 1)
    assert.match(stderr, /RangeError: the environment's REDIS_PORT must be an integer from 0 to 65535/)
  })
})

describe('no connection is left behind', () => {
  test('by clients that were closed', async () => {
    await using redis = await Redis.connect(server.url)
    const base = (await clientsOf(redis)).length
    const clients = await Promise.all(Array.from({ length: 20 }, () => Redis.connect(server.url)))
    assert.equal((await clientsOf(redis)).length, base + 20)
    await Promise.all(clients.map((client) => client.close()))
    await until('back at the base', async () => (await clientsOf(redis)).length === base)
  })

  test('by connects that failed', async () => {
    await using redis = await Redis.connect(server.url)
    const base = (await clientsOf(redis)).length
    for (let i = 0; i < 20; i++) await assert.rejects(Redis.connect({ host, port, password: 'wrong' }), { code: 'ERR_AUTH' })
    await until('back at the base', async () => (await clientsOf(redis)).length === base)
  })

  test('by clients that nobody holds any more', async () => {
    const child = runNode(
      `const { Redis } = require(${JSON.stringify(new URL('../index.js', import.meta.url).pathname)})
       const url = ${JSON.stringify(server.url)}
       const redis = await Redis.connect(url)
       const count = async () => (await redis.command('CLIENT', 'LIST')).trim().split('\\n').length
       const base = await count()
       await (async () => { for (let i = 0; i < 10; i++) await Redis.connect(url) })()
       const most = await count()
       const deadline = Date.now() + 20000
       do { globalThis.gc(); await new Promise((resolve) => setTimeout(resolve, 10)) } while (await count() > base && Date.now() < deadline)
       report([base, most, await count()])`,
      {},
      ['--expose-gc'],
    )
    const [base, most, end] = await child.report
    assert.ok(most > base)
    assert.equal(end, base)
    assert.equal((await child.ended).code, 0)
  })
})
