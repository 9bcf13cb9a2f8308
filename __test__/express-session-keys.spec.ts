import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SessionStoreOptions } from '../express.js'
import { onEveryBackend } from './support/backends'
import { fresh } from './support/cache-tools'
import { appOf, dataOf, login, logout, storeOn, whoami } from './support/session-app'
import { until } from './support/until'

const secret = (name: string) => name.padEnd(32, '.')
const HOUR = 3_600_000

onEveryBackend('sessions whose ids and data are kept by keys', (backend) => {
  const routes = { '/login': login, '/whoami': whoami, '/logout': logout, '/all': dataOf, '/write': (req: any) => (req.session.more = 1) }
  const open = async (namespace: string, options: SessionStoreOptions) => {
    const store = storeOn(backend.redis, { namespace, ...options })
    return { store, app: await appOf(store, routes) }
  }

  for (const [what, name] of [['ids', 'idKeys'], ['data', 'encryptionKeys']] as const) {
    test(`go on when the key of their ${what} is changed, and are over when the old one is dropped`, async () => {
      const namespace = fresh('keys')
      const old = await open(namespace, { [name]: [secret('old')] })
      const browser = old.app.browser()
      await browser.get('/login')
      const both = await open(namespace, { [name]: [secret('new'), secret('old')] })
      const [moved, left] = [both.app.browser(browser.cookie), both.app.browser()]
      assert.equal((await moved.get('/whoami')).body, 'alice')
      await moved.get('/write')
      assert.deepEqual((await moved.get('/all')).body, { user: 'alice', more: 1 })
      await left.get('/login')
      const last = await open(namespace, { [name]: [secret('new')] })
      assert.equal((await last.app.browser(left.cookie).get('/whoami')).body, 'alice')
      const none = await open(namespace, { [name]: [secret('another')] })
      assert.equal((await none.app.browser(left.cookie).get('/whoami')).body, 'nobody')
      await moved.get('/logout')
      assert.equal((await old.app.browser(browser.cookie).get('/whoami')).body, 'nobody')
      await Promise.all([old, both, last, none].map(({ app }) => app.close()))
    })
  }

  test('are none where what was sealed is another', async () => {
    const { store, app } = await open(fresh('keys'), { encryptionKeys: [secret('a')] })
    const [alice, bob] = [app.browser(), app.browser()]
    await alice.get('/login')
    const [mine] = await store.keys()
    await bob.get('/login')
    const other = (await store.keys()).find((key) => key !== mine)!
    const before = store.metrics().unreadable
    await backend.redis.command('HSET', mine!, 'd', await backend.redis.command<string>('HGET', other, 'd'))
    assert.deepEqual([(await alice.get('/whoami')).body, (await bob.get('/whoami')).body], ['nobody', 'alice'])
    assert.ok(store.metrics().unreadable > before)
    await app.close()
  })

  test('are over after so long, however often they are used', async () => {
    const store = storeOn(backend.redis, { absoluteTtl: '700ms' })
    await using app = await appOf(store, routes, { rolling: true, cookie: { maxAge: HOUR } })
    const browser = app.browser()
    await browser.get('/login')
    for (const ttl of await store.ttls()) assert.ok(ttl <= 700, `${ttl} ms`)
    await until('it is over', async () => (await browser.get('/whoami')).body === 'nobody')
  })
})
