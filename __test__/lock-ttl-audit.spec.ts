import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Redis } from '../index.js'
import { runClient } from './support/bridge-child'
import { fresh } from './support/cache-tools'
import { realServer } from './support/servers'
import { until } from './support/until'

/** All that can be asked of locks, at random and at once, for as long as the process lives. It tells how much has been done. */
const STORM = (prefix: string, seed: number) => `
  const redis = await Redis.connect(url)
  const locks = new DistributedLock(redis, { prefix: '${prefix}' })
  const permits = new Semaphore(redis, { permits: 2, prefix: '${prefix}' + 's' })
  const both = new ReadWriteLock(redis, { prefix: '${prefix}' + 'b' })
  let state = ${seed}
  const below = (end) => (state = (Math.imul(state, 1103515245) + 12345) >>> 0, Math.floor((state / 2 ** 32) * end))
  const name = () => 'r {' + below(8)
  const ttl = () => 1 + below(300)
  const options = () => ({ waitMs: below(3) * below(60), renew: below(4) === 0, ...(below(3) === 0 && { signal: AbortSignal.timeout(1 + below(40)) }) })
  const fair = () => ({ ...options(), fair: below(2) === 0 })
  const end = async (lock) => {
    if (lock === null) return
    if (below(3) === 0) await lock.extend(ttl())
    await new Promise((resolve) => setTimeout(resolve, below(4)))
    if (below(5) > 0) await lock.release()
  }
  const methods = [
    () => locks.acquire(name(), ttl(), fair()).then(end),
    () => locks.acquire(['r {0', 'r {1', 'r {' + (2 + below(6))], ttl(), options()).then(end),
    () => locks.acquire(name(), ttl()).then(end),
    () => locks.withLock(name(), () => below(2), { ttl: ttl(), waitMs: below(50) }),
    () => locks.release(name(), 'of nobody'),
    () => locks.extend(name(), 'of nobody', ttl()),
    () => locks.inspect(name()),
    () => permits.acquire(name(), ttl(), fair()).then(end),
    () => permits.withPermit(name(), () => below(2), { ttl: ttl(), waitMs: below(50) }),
    () => permits.resize(name(), 1 + below(3)),
    () => permits.inspect(name()),
    () => both.read(name(), ttl(), options()).then(end),
    () => both.write(name(), ttl(), options()).then(end),
    () => both.withWrite(name(), () => below(2), { ttl: ttl(), waitMs: below(50) }),
    () => both.inspect(name()),
  ]
  // A wait of a few ms may be over before a machine that is busy has answered.
  const expected = new Set(['ERR_BUSY', 'ERR_LOCK_LOST', 'ERR_TIMEOUT'])
  let done = 0
  const worker = async () => {
    for (;;) {
      await methods[below(methods.length)]().catch((error) => {
        if (!expected.has(error.code) && error.name !== 'TimeoutError') throw error
      })
      done++
    }
  }
  setInterval(() => report(done), 50)
  await Promise.all(Array.from({ length: 48 }, worker))`

describe('no key of a lock is left without an end', () => {
  for (const seed of [1, 2]) {
    test(`in a storm of all that can be asked, and when its process is killed in the middle (${seed})`, async () => {
      await using server = await realServer({ tcp: true })
      await using redis = await Redis.connect(server.url)
      const prefix = fresh('audit')
      const keys = async () => {
        const all = (await redis.command('KEYS', '*')) as unknown as string[]
        return Promise.all(all.map(async (key) => ({ key, life: Number(await redis.command('PTTL', key)) })))
      }
      const immortal = async () => (await keys()).filter(({ life }) => life === -1).map(({ key }) => key)
      const child = runClient(server.url, STORM(prefix, seed))
      const output: string[] = []
      child.process.stdout!.on('data', (chunk) => output.push(String(chunk)))
      const said: string[] = []
      child.process.stderr!.on('data', (chunk) => said.push(String(chunk)))
      const done = () => Number(output.join('').trim().split('\n').at(-1))
      for (const enough of [500, 1000, 2000]) {
        await until('the storm has raged', () => {
          assert.equal(child.process.exitCode, null, said.join(''))
          return done() > enough
        })
        assert.deepEqual(await immortal(), [])
      }
      child.process.kill('SIGKILL')
      await child.ended
      assert.deepEqual(await immortal(), [])
      assert.ok((await keys()).length > 8, 'there were keys')
      // Whoever waited when it was killed counts as alive for some seconds, and nothing else is left but fences and numbers of permits.
      await until('the rest ends', async () => (await keys()).every(({ key }) => /^(fence|permits):/.test(key)))
      for (const { key, life } of await keys()) assert.ok(life <= (key.startsWith('fence') ? 3_600_300 : 7 * 86_400_000), `${key} lives for ${life} ms`)
    })
  }
})
