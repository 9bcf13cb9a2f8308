import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { describe, test } from 'node:test'
import { inspect } from 'node:util'
import { createClients, Redis, type RedisOptions } from '../index.js'
import { Authority } from './support/certificates'
import { fakeServer } from './support/servers'

const authority = new Authority()
const ca = authority.cert
const { cert, key } = authority.issue({ purpose: 'client' })
const body = key.split('\n')[5]!

const pem = { type: 'pkcs8', format: 'pem' } as const
const keyOf = (type: 'ec' | 'ed448', options: object) => generateKeyPairSync(type as 'ec', options as { namedCurve: string }).privateKey.export(pem) as string
const encrypted = generateKeyPairSync('ed25519').privateKey.export({ ...pem, cipher: 'aes-256-cbc', passphrase: 'x' }) as string
const fits = 'options.tls.key must be an RSA key of 2048 to 4096 bits, an EC key over P-256 or P-384, or an Ed25519 key'

const wrong: [what: string, options: unknown, message: string][] = [
  ['null', { tls: null }, 'options.tls must be an object, got null'],
  ['a string', { tls: 'yes' }, 'options.tls must be a boolean or an object, got a string'],
  ['an array', { tls: [] }, 'options.tls must be an object, got an array'],
  ['rejectUnauthorized', { tls: { rejectUnauthorized: false } }, "options.tls.rejectUnauthorized is not offered: give the certificate of the authority that issued the server's as options.tls.ca"],
  ['an unknown option', { tls: { serverName: 'a' } }, "options.tls.serverName is not an option; did you mean 'servername'?"],
  ['ca: a number', { tls: { ca: 5 } }, 'options.tls.ca must be a string or a Uint8Array in PEM, got a number'],
  ['ca: a path', { tls: { ca: '/etc/ssl/ca.pem' } }, 'options.tls.ca holds no certificate in PEM'],
  ['ca: a key', { tls: { ca: key } }, 'options.tls.ca holds no certificate in PEM'],
  ['ca: none', { tls: { ca: [] } }, 'options.tls.ca must not be empty'],
  ['ca: empty', { tls: { ca: '' } }, 'options.tls.ca holds no certificate in PEM'],
  ['ca: one of several', { tls: { ca: [ca, Buffer.from('x')] } }, 'options.tls.ca[1] holds no certificate in PEM'],
  ['ca: garbage in the frame', { tls: { ca: ca.replace(/\n[^-]+\n/, '\nAAAA\n') } }, 'options.tls.ca holds a certificate that cannot be read'],
  ['ca: cut off', { tls: { ca: ca + ca.slice(0, 300) } }, 'options.tls.ca holds a certificate that cannot be read'],
  ['cert without key', { tls: { cert } }, 'options.tls.cert needs its options.tls.key'],
  ['key without cert', { tls: { key } }, 'options.tls.key needs its options.tls.cert'],
  ['cert: no PEM', { tls: { cert: 'x', key } }, 'options.tls.cert holds no certificate in PEM'],
  ['key: no PEM', { tls: { cert, key: `${body}` } }, 'options.tls.key holds no private key in PEM'],
  ['key: cut off', { tls: { cert, key: key.slice(0, 500) } }, 'options.tls.key holds no private key in PEM'],
  ['key: a certificate', { tls: { cert, key: cert } }, 'options.tls.key holds no private key in PEM'],
  ['key: encrypted', { tls: { cert, key: encrypted } }, 'options.tls.key is encrypted: decrypt it first'],
  ['key: another', { tls: { cert: ca + cert, key } }, "options.tls.key is not the key of options.tls.cert, whose first certificate must be the client's"],
  ['key: an array', { tls: { cert, key: [key] } }, 'options.tls.key must be a string or a Uint8Array in PEM, got an array'],
  ['key: another curve', { tls: { cert, key: keyOf('ec', { namedCurve: 'secp521r1' }) } }, fits],
  ['key: another kind', { tls: { cert, key: keyOf('ed448', {}) } }, fits],
  ['key: weak', { tls: { cert, key: generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export(pem) } }, fits],
  ['servername: a number', { tls: { servername: 5 } }, 'options.tls.servername must be a string, got a number'],
  ...['', 'a b', 'a..b', '.', 'https://host', 'a'.repeat(64), 'host:6379'].map((servername): [string, unknown, string] => [
    `servername: ${inspect(servername)}`, { tls: { servername } }, 'options.tls.servername must be the name of a host or an IP address',
  ]),
  ['a socket', { path: '/s', tls: true }, 'options.tls needs a host: a unix socket has no TLS'],
  ['a socket in a URL', { url: 'unix:///s', tls: { ca } }, 'options.tls needs a host: a unix socket has no TLS'],
  ['the embedded server', { url: 'embedded://', tls: { ca } }, 'options.tls is of no use with embedded://'],
  ['false against a URL', { url: 'rediss://host', tls: false }, 'options.tls is false, and options.url asks for TLS'],
]

describe('options of TLS that are wrong throw before anything is sent, and tell no key', () => {
  for (const [what, options, message] of wrong) {
    test(what, async () => {
      await using server = await fakeServer()
      const given = { ...('url' in (options as object) || 'path' in (options as object) ? {} : { port: server.port }), ...(options as object) } as RedisOptions
      const refused = (error: any) => {
        assert.ok(error instanceof TypeError)
        assert.deepEqual([(error as any).code, error.message], ['ERR_INVALID_ARG', message])
        assert.ok(!inspect(error, { showHidden: true, depth: 10 }).includes(body))
        return true
      }
      assert.throws(() => new Redis(given), refused)
      assert.throws(() => createClients(given), refused)
      await assert.rejects(Redis.connect(given), refused)
      assert.equal(server.accepted, 0)
    })
  }

  test('right ones of every kind do not throw', () => {
    for (const tls of [true, {}, { ca }, { ca: [ca, Buffer.from(ca)] }, { cert, key }, { servername: 'a-b.c_d.example' }, { servername: '::1' }, { ca: undefined }]) {
      new Redis({ tls })
      new Redis({ url: 'rediss://host', tls })
    }
    // The socket is the address then, and the URL says the rest.
    new Redis({ url: 'rediss://:pw@host/3', path: '/s' })
    new Redis({ path: '/s', tls: false })
  })
})
