import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import net from 'node:net'
import { after, before, describe, test } from 'node:test'
import { inspect } from 'node:util'
import { SessionStore } from '../express.js'
import { Redis } from '../index.js'
import { type App, appOf, dataOf, login, logout, SECRET, sidOf, storeOn, whoami } from './support/session-app'
import { realServer } from './support/servers'

/** As cookie-signature does. */
const sign = (sid: string, secret = SECRET) => `s:${sid}.${createHmac('sha256', secret).update(sid).digest('base64').replace(/=+$/, '')}`
const cookieOf = (value: string) => `connect.sid=${encodeURIComponent(value)}`

describe('a SessionStore among the hostile', () => {
  let redis: Redis
  let store: ReturnType<typeof storeOn>
  let app: App
  let stop: () => Promise<void>
  const reads: string[] = []
  before(async () => {
    const server = await realServer()
    stop = () => server.stop()
    redis = await Redis.connect({ url: server.url, commandTimeout: '30s' })
    store = storeOn(redis)
    const get = store.get
    store.get = function (this: SessionStore, sid: string, ...rest: any[]) {
      reads.push(sid)
      return (get as any).call(this, sid, ...rest)
    } as any
    app = await appOf(store, { '/login': login, '/whoami': whoami, '/all': dataOf, '/logout': logout })
  })
  after(async () => {
    await app.close()
    await redis.close()
    await stop()
  })

  /** A request whose cookie is bytes of whatever kind. */
  async function raw(cookie: Buffer): Promise<string> {
    const socket = net.connect(app.port, '127.0.0.1')
    await once(socket, 'connect')
    socket.end(Buffer.concat([Buffer.from('GET /whoami HTTP/1.1\r\nHost: x\r\nConnection: close\r\nCookie: '), cookie, Buffer.from('\r\n\r\n')]))
    let answer = ''
    for await (const chunk of socket) answer += chunk
    return answer
  }

  test('takes no cookie that is not signed by the application, and does not ask Redis for it', async () => {
    const browser = app.browser()
    await browser.get('/login')
    const sid = sidOf(browser.cookie!)
    const value = sign(sid)
    assert.equal((await app.browser(cookieOf(value)).get('/whoami')).body, 'alice')
    reads.length = 0
    const forged = [sid, `s:${sid}`, `s:${sid}.`, value.slice(0, -1), `${value}x`, value.replace('.', '..'), sign(sid, 'another secret'), 's:', 's:.', '.', '', 'j:{"a":1}', value.slice(2)]
    for (const cookie of forged) assert.equal((await app.browser(cookieOf(cookie)).get('/whoami')).body, 'nobody', cookie)
    for (const cookie of ['connect.sid', 'connect.sid=', 'connect.sid=%', 'connect.sid=%E0%A4%A', 'connect.sid="', '=', ';;;', 'connect.sid=s%3A; connect.sid=x']) {
      assert.equal((await app.browser(cookie).get('/whoami')).body, 'nobody', cookie)
    }
    assert.deepEqual(reads, [])
  })

  test('has nothing under ids that are signed and none of its own, however long', async () => {
    for (const sid of ['a', '../../etc', '*', '{', 'session:default:x', 'x'.repeat(3000), '\u0001', 'ü', '%00', '__proto__', 'constructor']) {
      const { status, body } = await app.browser(cookieOf(sign(sid))).get('/whoami')
      assert.deepEqual([status, body], [200, 'nobody'], sid)
    }
    assert.equal((await store.keys()).length, 1)
  })

  test('answers cookies that are no text and cookies that are too long', async () => {
    for (const bytes of [[0xff, 0xfe], [0xc3, 0x28], [0xed, 0xa0, 0x80], [0x80]]) {
      assert.match(await raw(Buffer.concat([Buffer.from('connect.sid=s%3A'), Buffer.from(bytes)])), /^HTTP\/1\.1 200 /)
    }
    assert.match(await raw(Buffer.from(`connect.sid=${'x'.repeat(8000)}`)), /^HTTP\/1\.1 200 /)
    assert.match(await raw(Buffer.from(`connect.sid=${'x'.repeat(100_000)}`)), /^HTTP\/1\.1 431 /)
  })

  test('reads garbage under its keys as no session, and leaves what is not its own', async () => {
    const key = async () => (await store.keys())[0]!
    const sid = 'garbage'
    const garbage: [string, ...string[]][] = [
      ['SET', 'text'], ['RPUSH', 'a'], ['SADD', 'a'], ['ZADD', '1', 'a'], ['HSET', 'a', 'b'], ['HSET', 'v', '1'], ['HSET', 'v', '1', 'd', '{}'],
      ['HSET', 'v', '', 'd', 'x', 't0', 'y', 'l', 'z', 'n', '-1'], ['HSET', 'v', '>', 'r', 'x', 'g', '9'.repeat(40)],
    ]
    await store.clear()
    await store.set(sid, { n: 1 } as any)
    const at = await key()
    for (const [command, ...args] of garbage) {
      await redis.command('DEL', at)
      await redis.command(command, at, ...(args as [string]))
      assert.equal(await store.get(sid), null, command)
      await store.touch(sid, {} as any)
      await store.all()
      await store.length()
    }
    for (const data of ['', 'garbage', '7', 'null', '[]', '"text"', '{"a":', '{"__proto__":{"admin":true},"toString":1}']) {
      await redis.command('DEL', at)
      await store.set(sid, { n: 1 } as any)
      await redis.command('HSET', at, 'd', data)
      const session: any = await store.get(sid)
      // Who copies it by assignment, as @fastify/session does, must not get another class.
      assert.equal((Object.assign({}, session) as any).admin, undefined)
      assert.equal(session !== null, data.includes('toString'), data)
      await store.all()
      for (const cookie of ['garbage', '7', '[]']) {
        await redis.command('HSET', at, 'd', '{}', 'c', cookie)
        assert.equal(await store.get(sid), null)
      }
    }
    await redis.command('DEL', at)
  })

  test('shows no id and no data in keys, commands, errors and events', async () => {
    const [sid, data] = ['an-id-that-nobody-shall-see', 'a-value-that-nobody-shall-see']
    const sealed = storeOn(redis, { encryptionKeys: ['k'.repeat(32)], idKeys: ['i'.repeat(32)] })
    const told: unknown[] = []
    sealed.on('write-refused', (event) => told.push(event))
    const hear = (event: unknown) => told.push(event)
    for (const event of ['refused', 'unreadable']) subscribe(`redwright:session:${event}`, hear)
    await redis.command('CONFIG', 'SET', 'slowlog-log-slower-than', '0')
    await redis.command('CONFIG', 'SET', 'slowlog-max-len', '10000')
    await redis.command('SLOWLOG', 'RESET')
    const session = (more: object) => ({ data, ...more, cookie: { originalMaxAge: null } }) as any
    await sealed.set(sid, session({}))
    const loaded = await sealed.get(sid)
    await sealed.touch(sid, loaded!)
    await sealed.set(sid, Object.assign(loaded!, { n: 1 }))
    await sealed.all()
    const commands = inspect(await redis.command('SLOWLOG', 'GET', '10000'), { depth: 9, maxArrayLength: null, maxStringLength: null })
    const values = await Promise.all((await sealed.keys()).map(async (key) => [key, await redis.command('HGETALL', key)]))
    await sealed.destroy(sid)
    await sealed.set(sid, Object.assign(loaded!, { n: 2 }))
    const errors: unknown[] = []
    await redis.command('CONFIG', 'SET', 'min-replicas-to-write', '1')
    for (const call of [() => sealed.set(`${sid}2`, session({})), () => sealed.set(`${sid}\n`, session({})), () => sealed.set(sid, session({ big: 1n }))]) {
      await call().then(() => assert.fail('it was written'), (error) => errors.push(error, error.stack, error.cause))
    }
    await redis.command('CONFIG', 'SET', 'min-replicas-to-write', '0')
    const [key] = await sealed.keys()
    await redis.command('HSET', key!, 'v', '1', 'd', 'garbage')
    await sealed.get(sid)
    for (const event of ['refused', 'unreadable']) unsubscribe(`redwright:session:${event}`, hear)
    assert.equal(told.length, 3, inspect(told))
    assert.ok(errors.length === 9 && values.length > 0 && commands.length > 1000)
    for (const [where, text] of Object.entries({ commands, values: inspect(values, { depth: 9 }), told: inspect(told), errors: inspect(errors, { depth: 9 }) })) {
      assert.ok(!text.includes(sid) && !text.includes(data), where)
    }
  })
})
