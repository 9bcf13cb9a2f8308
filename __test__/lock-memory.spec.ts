import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type HeldLock, Redis } from '../index.js'
import type { TestServer } from '../testing.js'
import { runClient } from './support/bridge-child'
import { got, keysOf, livesOf, LONG, lockOf, namesOf, readWriteLockOf, semaphoreOf } from './support/lock-tools'
import { realServer } from './support/servers'

const HOUR = 3_600_000
const COUNT = 10_000

let server: TestServer
let redis: Redis
before(async () => {
  server = await realServer({ tcp: true })
  redis = await Redis.connect({ url: server.url, commandTimeout: '60s' })
})
after(async () => {
  await redis.close()
  await server.stop()
})

describe('ten thousand resources that were locked', () => {
  test('leave a fence each on the server, which ends by itself', async (context) => {
    const locks = lockOf(redis)
    for (let from = 0; from < COUNT; from += 1000) {
      const held: HeldLock[] = await Promise.all(Array.from({ length: 1000 }, (_, i) => got(locks.acquire(`user:${from + i}`, LONG))))
      assert.ok((await Promise.all(held.map((lock) => lock.release()))).every((outcome) => outcome === 'released'))
    }
    const keys = await keysOf(redis, locks)
    assert.equal(keys.length, COUNT)
    assert.ok(keys.every((key) => key.startsWith('fence:')))
    const lives = await livesOf(redis, keys)
    assert.ok(lives.every((life) => life > 0 && life <= HOUR + LONG))
    const size = Number(await redis.command('MEMORY', 'USAGE', namesOf(locks, 'user:1234').fence))
    context.diagnostic(`${size} bytes each`)
    assert.ok(size <= 150, `${size} bytes each`)
  })

  test('as places leave no more', async () => {
    const [permits, both] = [semaphoreOf(redis, { permits: 2 }), readWriteLockOf(redis)]
    for (let i = 0; i < 500; i++) {
      const held = await Promise.all([permits.acquire(`r${i}`, LONG), permits.acquire(`r${i}`, LONG), both.read(`r${i}`, LONG)].map(got))
      await Promise.all(held.map((lock) => lock.release()))
    }
    for (const of of [permits, both]) {
      const keys = await keysOf(redis, of)
      assert.equal(keys.length, 500)
      assert.ok(keys.every((key) => key.startsWith('fence:')))
    }
  })
})

describe('a process that locks for a long time', () => {
  /** Runs `work` in rounds, each for 200 names, and tells what it holds after each 40 of them, in MiB. */
  async function heldAfter(work: string, samples: number): Promise<number[]> {
    const child = runClient(
      server.url,
      `const redis = await Redis.connect({ url, commandTimeout: '60s' })
       const locks = new DistributedLock(redis, { prefix: 'grow' })
       await locks.acquire('taken', 600_000)
       const names = (n) => Array.from({ length: 200 }, (_, i) => 'r' + n + ' ' + i)
       const samples = []
       for (let n = 0; n < ${40 * samples}; n++) {
         ${work}
         if (n % 40 !== 39) continue
         for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(() => resolve(gc())))
         samples.push(process.memoryUsage.rss() / 2 ** 20)
       }
       report(samples)
       await redis.close()`,
      // A young generation of one size: how far it has grown says nothing of what is held.
      ['--expose-gc', '--min-semi-space-size=8', '--max-semi-space-size=8'],
    )
    const { reports, stderr, code } = await child.ended
    assert.deepEqual([code, stderr], [0, ''])
    return reports[0]
  }

  const works = {
    'and gives back': `const held = await Promise.all(names(n).map((name) => locks.acquire(name, 60_000))); await Promise.all(held.map((lock) => lock.release()))`,
    'and renews': `const held = await Promise.all(names(n).map((name) => locks.acquire(name, 60_000, { renew: true }))); held.forEach((lock) => lock.signal); await Promise.all(held.map((lock) => lock.release()))`,
    'in vain': `await Promise.all(names(n).map(() => locks.acquire('taken', 1000)))`,
    'and gives up waiting': `await Promise.all(names(n).map(() => locks.acquire('taken', 1000, { waitMs: 60_000, signal: AbortSignal.timeout(1 + n % 5) }).catch(() => {})))`,
  }
  for (const [what, work] of Object.entries(works)) {
    test(`${what} does not grow`, async (context) => {
      const samples = (await heldAfter(work, 9)).slice(1)
      const text = samples.map((mib) => mib.toFixed(1)).join(', ')
      context.diagnostic(`${text} MiB`)
      assert.ok(Math.min(...samples.slice(-4)) <= Math.max(...samples.slice(0, 4)) * 1.05, `${text} MiB`)
    })
  }

  test('keeps little of what it has lost, which somebody may ask about still', async (context) => {
    const samples = await heldAfter(`await Promise.all(names(n).map((name) => locks.acquire(name, 100, { maxHoldMs: 100 })))`, 8)
    const each = ((samples.at(-1)! - samples[1]!) * 2 ** 20) / (200 * 40 * 6)
    context.diagnostic(`${Math.round(each)} bytes each`)
    assert.ok(each < 1500, `${each} bytes each`)
  })
})
