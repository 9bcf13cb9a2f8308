import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Redis } from '../index.js'
import { runClient } from './support/bridge-child'
import { fresh } from './support/cache-tools'
import { TestCluster } from './support/cluster'
import { keysOf, managerOf, pttl } from './support/session-tools'
import { standBehind } from './support/servers-behind'
import { realServer } from './support/servers'
import { until } from './support/until'

/** The longest that anything of the storm may live: an index, its sessions, and a margin for clocks. */
const MOST_MS = 2 * 5000 + 70_000

/** All methods, at random and at once, for as long as the process lives. It tells how many have been done. */
const STORM = (prefix: string, seed: number) => `
  const redis = await Redis.connect(url)
  const managers = [{}, { maxSessionsPerUser: 3 }, { absoluteTtl: '3s' }, { maxSessionsPerUser: 2, onLimit: 'refuse' }]
    .map((more) => new SessionManager(redis, { prefix: '${prefix}', ttl: '5s', tombstoneMs: 2000, rotationGraceMs: 500, timeoutMs: '30s', ...more }))
  let state = ${seed}
  const below = (end) => (state = (Math.imul(state, 1103515245) + 12345) >>> 0, Math.floor((state / 2 ** 32) * end))
  const ids = []
  const id = () => ids[below(ids.length)] ?? 'none'
  const user = () => 'u' + below(5)
  const keep = (session) => session !== null && (ids[ids.length < 60 ? ids.length : below(60)] = session.id)
  const methods = [
    (manager) => manager.create(user(), { n: below(9) }, { ttl: (1 + below(5000)) + 'ms' }).then(keep),
    (manager) => manager.create(user()).then(keep),
    (manager) => manager.get(id()),
    (manager) => manager.update(id(), { ['k' + below(5)]: 1 }),
    (manager) => manager.refresh(id()),
    (manager) => manager.destroy(id()),
    (manager) => manager.rotate(id(), { graceMs: below(2) * below(1000) }).then(keep),
    (manager) => manager.listForUser(user()),
    async (manager) => below(5) || manager.destroyAllForUser(user(), below(2) ? {} : { except: id() }),
    (manager) => manager.listForUser(user()).then(([one]) => one && manager.destroyListed(one.userId, one.handle)),
  ]
  let done = 0
  const worker = async () => {
    for (;;) {
      await methods[below(methods.length)](managers[below(4)]).catch((error) => {
        if (error.code !== 'ERR_SESSION_LIMIT') throw error
      })
      done++
    }
  }
  setInterval(() => report(done), 50)
  await Promise.all(Array.from({ length: 32 }, worker))`

describe('no key of a session is left without an end', () => {
  for (const seed of [1, 2]) {
    test(`in a storm of all that can be asked, and when its process is killed in the middle (${seed})`, async () => {
      await using server = await realServer({ tcp: true })
      await using redis = await Redis.connect(server.url)
      const prefix = fresh('audit')
      const audit = async () => {
        const keys = await keysOf(redis, { prefix })
        for (const key of keys) {
          const life = await pttl(redis, key)
          assert.ok(life !== -1 && life <= MOST_MS, `${key} lives for ${life} ms`)
        }
        return keys.length
      }
      const child = runClient(server.url, STORM(prefix, seed))
      const said: string[] = []
      child.process.stderr!.on('data', (chunk) => said.push(String(chunk)))
      const output: string[] = []
      child.process.stdout!.on('data', (chunk) => output.push(String(chunk)))
      for (const enough of [500, 1000, 2000]) {
        await until('the storm has raged', () => {
          assert.equal(child.process.exitCode, null, said.join(''))
          return Number(output.join('').trim().split('\n').at(-1)) > enough
        })
        await audit()
      }
      assert.ok((await audit()) > 8, 'there are keys')
      child.process.kill('SIGKILL')
      await child.ended
      await audit()
      // Nothing is left but what indexes know, for the sake of clocks that differ.
      await until('sessions and tombstones end', async () => (await keysOf(redis, { prefix })).every((key) => key.includes(':user:')))
    })
  }

  test('in a cluster, and none tells an id or a user', async () => {
    const cluster = await TestCluster.start()
    const redis = await Redis.connect({ ...cluster.options, commandTimeout: '30s' })
    standBehind(redis, () => cluster.primaries())
    const manager = managerOf(redis, { maxSessionsPerUser: 3 })
    const users = Array.from({ length: 6 }, () => fresh('user'))
    const ids: string[] = []
    await Promise.all(
      Array.from({ length: 120 }, async (_, i) => {
        const { id } = await manager.create(users[i % 6]!, { i })
        ids.push(id)
        if (i % 3 === 0) ids.push((await manager.rotate(id))?.id ?? id)
        if (i % 4 === 0) await manager.destroy(id)
        if (i % 5 === 0) await manager.update(id, { late: true })
        if (i % 40 === 0) await manager.destroyAllForUser(users[i % 6]!, { except: id })
      }),
    )
    for (const user of users) assert.ok((await manager.listForUser(user)).length <= 3)
    const keys = await keysOf(redis, manager)
    assert.ok(keys.length > 20)
    for (const key of keys) {
      const life = await pttl(redis, key)
      assert.ok(life > 0 && life <= 1.5 * 86_400_000 + 70_000, `${key} lives for ${life} ms`)
      assert.ok([...ids, ...users].every((secret) => !key.includes(secret)))
    }
    await redis.close()
    await cluster.stop()
  })
})
