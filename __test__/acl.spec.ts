import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { Redis, TypeSafeCache } from '../index.js'
import { outlives } from './support/outlives'
import { realServer } from './support/servers'
import { passwordOf } from './support/wire'

const server = await realServer({ tcp: true })
const { host, port } = server
const admin = await Redis.connect(server.url)
after(async () => {
  await admin.close()
  await server.stop()
})
const user = (name: string, ...rules: string[]) => admin.command('ACL', 'SETUSER', name, 'reset', ...rules)

for (const protocol of [2, 3] as const) {
  const as = (username: string | undefined, password: string) => Redis.connect({ host, port, username, password, protocol })

  describe(`ACL users over RESP${protocol}`, () => {
    test('the default user, named or not', async () => {
      for (const username of [undefined, 'default']) {
        await using redis = await as(username, passwordOf(server))
        assert.equal(await redis.command('ACL', 'WHOAMI'), 'default')
      }
    })

    test('a user who may do next to nothing connects, also with a name for the connection', async () => {
      await user('few', 'on', '>pw', '~*', '+get')
      await using redis = await Redis.connect({ host, port, username: 'few', password: 'pw', connectionName: 'nobody-hears', protocol, watchdogMs: 50 })
      assert.deepEqual([redis.status, redis.server.product], ['ready', 'unknown'])
      assert.equal(await redis.command('GET', 'a'), null)
      for (const [name, ...args] of [['SET', 'a', '1'], ['PING'], ['EVAL', 'return 1', '0']] as [string, ...string[]][]) {
        await assert.rejects(redis.command(name, ...args), { code: 'ERR_SERVER', serverCode: 'NOPERM', retryable: false, maybeExecuted: false })
      }
      // The watchdog hears "you may not" to its PING: that is a sign of life.
      const refused = async () => Number(/^cmdstat_ping:.*rejected_calls=(\d+)/m.exec(await admin.command<string>('INFO', 'commandstats'))?.[1])
      await outlives(redis, refused)
      assert.deepEqual([(await redis.health()).ok, (await redis.health()).error?.serverCode], [false, 'NOPERM'])
    })

    test('keys that a user may not touch, by a command and by a cache, with no key in the message', async () => {
      await user('own', 'on', '>pw', '~mine:*', '+@all')
      await using redis = await as('own', 'pw')
      const refused = (error: any) => {
        assert.deepEqual([error.code, error.serverCode, error.retryable], ['ERR_SERVER', 'NOPERM', false])
        assert.doesNotMatch(error.message, /theirs|secret/)
        return true
      }
      await assert.rejects(redis.command('SET', 'theirs:secret', 'secret'), refused)
      await assert.rejects(new TypeSafeCache(redis, { prefix: 'theirs' }).set('secret', 1), refused)
      const mine = new TypeSafeCache(redis, { prefix: 'mine' })
      await mine.set('a', 1)
      assert.equal(await mine.get('a'), 1)
    })

    test('a user who is off, unknown, without a name, or with a wrong password is refused at once', async () => {
      await user('off', 'off', '>pw')
      await user('on', 'on', '>pw')
      for (const [username, password] of [['off', 'pw'], ['nobody', 'pw'], ['', 'pw'], ['on', 'other'], ['on', '']] as const) {
        await assert.rejects(as(username, password), { code: 'ERR_AUTH', serverCode: 'WRONGPASS' }, username)
      }
    })

    test('a user who is deleted is thrown out, and told so', async () => {
      await user('gone', 'on', '>pw', '~*', '+@all')
      await using redis = await as('gone', 'pw')
      await admin.command('ACL', 'DELUSER', 'gone')
      await assert.rejects(async () => {
        for (;;) await redis.command('GET', 'a').catch((error) => (error.code === 'ERR_UNAVAILABLE' ? undefined : Promise.reject(error)))
      }, { code: 'ERR_AUTH' })
    })
  })
}
