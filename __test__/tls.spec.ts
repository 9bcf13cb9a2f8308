import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { describe, test } from 'node:test'
import { Redis, TypeSafeCache } from '../index.js'
import { Authority } from './support/certificates'
import { recordEvents } from './support/client-events'
import { FaultProxy } from './support/fault-proxy'
import { runNode } from './support/node'
import { TlsServer } from './support/tls-server'
import { until } from './support/until'

const SOON = { minMs: 5, maxMs: 50 }
const authority = new Authority()
const ca = authority.cert
const infoOf = async (redis: Redis) => Object.fromEntries((await redis.command<string>('CLIENT', 'INFO')).trim().split(' ').map((pair) => pair.split('=')))

for (const protocol of [2, 3] as const) {
  describe(`TLS over RESP${protocol}`, () => {
    test('a client works as it does without', async () => {
      await using server = await TlsServer.start({ authority, args: ['--requirepass', 'secret'] })
      await using redis = await Redis.connect({ ...server.options, protocol, password: 'secret', db: 3, connectionName: 'sealed' })
      const { resp, db, name } = await infoOf(redis)
      assert.deepEqual([resp, db, name], [String(protocol), '3', 'sealed'])
      assert.equal((await redis.health()).ok, true)
      const cache = new TypeSafeCache(redis)
      // Longer than a record of TLS, and than the buffers of a socket.
      const long = 'ä'.repeat(3_000_000)
      await cache.set('long', { long })
      assert.deepEqual(await cache.get('long'), { long })
      const replies = Promise.all(Array.from({ length: 5000 }, () => redis.command<number>('INCR', 'n')))
      assert.deepEqual(await replies, Array.from({ length: 5000 }, (_, i) => i + 1))
    })

    test('the connection is made anew when the server starts again, with another certificate of the same authority', async () => {
      await using server = await TlsServer.start({ authority, args: ['--appendonly', 'yes', '--appendfsync', 'always'] })
      await using redis = await Redis.connect({ ...server.options, protocol, reconnect: SOON, commandTimeout: '30s' })
      assert.equal(await redis.command('INCR', 'n'), 1)
      await server.process.crash()
      server.present(authority.issue())
      const reply = redis.command('INCR', 'n')
      await server.process.start()
      assert.equal(await reply, 2)
      assert.equal(redis.metrics().connections, 2)
    })

    test('a half-open connection heals, and a cut one', async () => {
      await using server = await TlsServer.start({ authority })
      await using proxy = await FaultProxy.start({ host: server.host, port: server.port })
      await using redis = await Redis.connect({ ...server.options, port: proxy.port, protocol, reconnect: SOON, watchdogMs: 300, commandTimeout: '30s' })
      const events = recordEvents(redis)
      proxy.halfOpen()
      await until('the watchdog has seen it', () => redis.metrics().watchdogTrips > 0)
      assert.equal(await redis.ping(), 'PONG')
      const { connections } = redis.metrics()
      // In the middle of a record.
      proxy.cutAfter(10)
      assert.equal(await redis.ping(), 'PONG')
      assert.ok(redis.metrics().connections > connections)
      const why = events.filter(({ name }) => name === 'error').map(({ info }) => info.message)
      assert.ok(why.includes(`127.0.0.1:${proxy.port}: the connection was closed`), why.join())
    })
  })
}

describe('how TLS is asked for', () => {
  test('by rediss://, by valkeys://, and by the option over any URL', async () => {
    await using server = await TlsServer.start({ authority })
    const { port } = server
    for (const options of [
      { url: `rediss://127.0.0.1:${port}`, tls: { ca } },
      { url: `valkeys://localhost:${port}/2`, tls: { ca } },
      { url: `redis://127.0.0.1:${port}`, tls: { ca } },
      { port, tls: { ca: Buffer.from(ca) } },
      { port, tls: { ca: [new Authority('Another').cert, Buffer.from(ca)] } },
      { port, tls: { ca: `# a bundle\n${new Authority('Another').cert}\n\n${ca.replaceAll('\n', '\r\n')}` } },
    ]) {
      await using redis = await Redis.connect(options)
      assert.equal(await redis.ping(), 'PONG')
    }
  })

  test('false is none, and so is undefined', async () => {
    await using server = await TlsServer.start({ authority })
    for (const tls of [false, undefined]) await assert.rejects(Redis.connect({ port: server.port, tls }), { code: 'ERR_TLS', message: /speaks TLS/ })
  })

  test('the name in the certificate is the host, an IP address too, or the servername', async () => {
    await using server = await TlsServer.start({ authority, certificate: authority.issue({ names: ['redis.internal', '10.1.2.3'] }) })
    for (const servername of ['redis.internal', '10.1.2.3']) {
      await using redis = await Redis.connect({ ...server.options, tls: { ca, servername } })
      assert.equal(await redis.ping(), 'PONG')
    }
    for (const servername of [undefined, 'internal', '10.1.2.4']) {
      await assert.rejects(Redis.connect({ ...server.options, tls: { ca, servername } }), { code: 'ERR_TLS', message: /is for another name/ })
    }
  })

  test('a client shows its certificate, with a chain behind it or not', async () => {
    await using server = await TlsServer.start({ authority, clients: 'yes' })
    const { cert, key } = authority.issue({ purpose: 'client' })
    for (const mine of [{ cert, key }, { cert: Buffer.from(cert + ca), key: Buffer.from(key) }]) {
      await using redis = await Redis.connect({ ...server.options, tls: { ca, ...mine } })
      assert.equal(await redis.ping(), 'PONG')
    }
  })

  test("without ca the system's authorities count", async () => {
    await using server = await TlsServer.start({ authority })
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spec-ca-'))
    const file = path.join(folder, 'ca.pem')
    fs.writeFileSync(file, ca)
    const connect = (SSL_CERT_FILE: string) =>
      runNode(
        `const { Redis } = require(${JSON.stringify(path.resolve('index.js'))})
         const redis = await Redis.connect('rediss://localhost:${server.port}').catch((error) => error)
         report(redis instanceof Redis ? await redis.ping() : [redis.code, redis.message])`,
        { SSL_CERT_FILE, SSL_CERT_DIR: '' },
      ).ended
    const [known, none] = await Promise.all([connect(file), connect(path.join(folder, 'none'))])
    fs.rmSync(folder, { recursive: true })
    assert.deepEqual(known.reports, ['PONG'], known.stderr)
    assert.deepEqual(none.reports, [['ERR_TLS', `localhost:${server.port}: this system has no certificates of authorities to trust; install them (ca-certificates), or give tls.ca`]])
  })
})

describe('duplicate', () => {
  test('keeps TLS with a new host or port, and takes it from a URL', async () => {
    await using one = await TlsServer.start({ authority })
    await using two = await TlsServer.start({ authority })
    await using redis = await Redis.connect({ url: `rediss://localhost:${one.port}`, tls: { ca } })
    for (const address of [{ port: two.port }, { host: '127.0.0.1', port: two.port }, { url: `rediss://localhost:${two.port}`, tls: { ca } }]) {
      await using twin = redis.duplicate(address)
      assert.match((await infoOf(twin)).laddr, new RegExp(`:${two.port}$`))
    }
    await using foreign = redis.duplicate({ url: `rediss://localhost:${two.port}` })
    await assert.rejects(foreign.ping(), { code: 'ERR_TLS', message: /not trusted/ })
    await using plain = redis.duplicate({ url: `redis://localhost:${two.port}` })
    await assert.rejects(plain.ping(), { code: 'ERR_TLS', message: /speaks TLS/ })
  })

  test('leaves TLS behind for a socket', { skip: process.platform === 'win32' }, async () => {
    await using server = await TlsServer.start({ authority })
    for (const options of [server.options, { url: `rediss://localhost:${server.port}` }]) {
      await using redis = new Redis(options)
      await using near = redis.duplicate({ path: server.process.path })
      assert.equal(await near.ping(), 'PONG')
    }
  })
})
