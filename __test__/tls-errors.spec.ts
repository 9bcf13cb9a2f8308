import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { inspect } from 'node:util'
import { Redis, type RedisOptions } from '../index.js'
import { Authority } from './support/certificates'
import { freePort, MortalServer } from './support/client-server'
import { fakeServer } from './support/servers'
import { TlsServer, type TlsServerOptions } from './support/tls-server'
import { until } from './support/until'

const authority = new Authority()
const foreign = new Authority('Somebody else')
const ca = authority.cert
const own = (issued: { cert: string; key: string }) => ({ tls: { ca, ...issued } })

type Case = [what: string, server: TlsServerOptions, client: RedisOptions, message: RegExp]
const cases: Case[] = [
  ['an expired certificate', { certificate: authority.issue({ days: [-2, -1] }) }, {}, /the server's certificate has expired$/],
  ['one that is not valid yet', { certificate: authority.issue({ days: [1, 2] }) }, {}, /the server's certificate is not valid yet$/],
  ['one of a foreign authority', { certificate: foreign.issue() }, {}, /issued by an authority that is not trusted here/],
  ['one of an authority that goes by the same name', { certificate: new Authority().issue() }, {}, /issued by an authority that is not trusted here/],
  ['one for another name', { certificate: authority.issue({ names: ['elsewhere.example'] }) }, {}, /is for another name/],
  ['one without a name', { certificate: authority.issue({ names: [] }) }, {}, /is for another name/],
  ['one for clients', { certificate: authority.issue({ purpose: 'client' }) }, {}, /is not for servers/],
  ["an authority's own", { certificate: authority.itself() }, {}, /is that of an authority \(CA:TRUE\)/],
  ['an old protocol', { args: ['--tls-protocols', 'TLSv1.1'] }, {}, /has no TLS version or cipher in common/],
  ['a client certificate that is missing', { clients: 'yes' }, {}, /the server wants a client certificate: tls.cert and tls.key$/],
  ['a client certificate that is missing, with TLS 1.2', { clients: 'yes', args: ['--tls-protocols', 'TLSv1.2'] }, {}, /it wants a client certificate, or/],
  ['a foreign client certificate', { clients: 'yes' }, own(foreign.issue({ purpose: 'client' })), /refused the client certificate: it does not trust who issued it$/],
  ['an expired client certificate', { clients: 'optional' }, own(authority.issue({ purpose: 'client', days: [-2, -1] })), /refused the client certificate: it has expired$/],
]

describe('what is wrong with TLS is said, and calls reject at once', () => {
  for (const [what, options, client, message] of cases) {
    test(what, async () => {
      await using server = await TlsServer.start({ authority, ...options })
      for (const protocol of [2, 3] as const) {
        await assertRefused({ ...server.options, ...client, protocol, password: 'pw-SECRET' }, message)
      }
    })
  }

  test('a server without TLS where TLS is tried', async () => {
    const port = await freePort()
    await using _server = await MortalServer.start('--port', String(port), '--requirepass', 'x')
    for (const protocol of [2, 3] as const) await assertRefused({ port, protocol, tls: { ca } }, /the server at that port does not speak TLS$/)
  })

  test('something else where TLS is tried', async () => {
    await using web = await fakeServer((socket) => socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')))
    await assertRefused({ port: web.port, tls: { ca } }, /what answers there does not speak TLS$/)
  })

  test('a server with TLS where none is tried', async () => {
    await using server = await TlsServer.start({ authority, args: ['--requirepass', 'x'] })
    for (const protocol of [2, 3] as const) {
      for (const password of [undefined, 'pw-SECRET']) {
        await assertRefused({ port: server.port, protocol, password }, /the server at that port speaks TLS: rediss:\/\/ or the option tls$/)
      }
    }
  })
})

/** Times that are out of reach, so that nothing but an error at once has its code. */
async function assertRefused(options: RedisOptions, message: RegExp) {
  const patient = { ...options, connectTimeout: '30s', commandTimeout: '30s' } as const
  const refused = (error: any) => {
    assert.deepEqual([error.name, error.code, error.retryable, error.maybeExecuted], ['RedwrightError', 'ERR_TLS', false, false], error.message)
    assert.match(error.message, message)
    assert.ok(error.message.startsWith(`127.0.0.1:${options.port}: `), error.message)
    assert.doesNotMatch(inspect(error, { depth: 10, showHidden: true }), /SECRET|PRIVATE KEY/)
    return true
  }
  await assert.rejects(Redis.connect(patient), refused)
  await using redis = new Redis(patient)
  await assert.rejects(redis.command('SET', 'k', 'v'), refused)
}

test('a peer that hangs up in the handshake is one that may come back', async () => {
  await using rude = await fakeServer((socket) => socket.once('data', () => socket.destroy()))
  for (const tls of [undefined, { ca }]) {
    await assert.rejects(Redis.connect({ port: rude.port, tls }), {
      code: 'ERR_UNAVAILABLE', retryable: true, message: `127.0.0.1:${rude.port}: the connection was closed during the handshake`,
    })
  }
})

test('a peer that is silent is given up in time', async () => {
  await using silent = await fakeServer()
  await assert.rejects(Redis.connect({ port: silent.port, tls: { ca }, connectTimeout: 200 }), { code: 'ERR_TIMEOUT', message: /nothing answers in time$/ })
})

test('a certificate that is set right on the server is enough: the client comes by itself', async () => {
  await using server = await TlsServer.start({ authority, certificate: authority.issue({ days: [-2, -1] }) })
  await using redis = new Redis({ ...server.options, reconnect: { minMs: 5, maxMs: 50 } })
  await assert.rejects(redis.ping(), { code: 'ERR_TLS', message: /has expired$/ })
  server.present(authority.issue())
  await server.process.crash()
  await server.process.start()
  await until('it works', () => redis.ping().then(() => true, () => false))
  assert.equal(redis.status, 'ready')
})
