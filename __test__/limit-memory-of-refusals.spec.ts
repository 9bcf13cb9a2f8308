import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, describe, test } from 'node:test'
import type { Worker } from 'node:worker_threads'
import { Redis, type RateLimiter } from '../index.js'
import type { TestServer } from '../testing.js'
import { startWorker } from './support/bridge-child'
import { sentBy } from './support/cache-tools'
import { limiter, passed, policy } from './support/limit-tools'
import { realServer } from './support/servers'
import { until } from './support/until'

describe('a key that is known to be refused', () => {
  let server: TestServer
  let redis: Redis
  let limits: RateLimiter & { prefix: string }
  const ten = policy('fixedWindow', 10)
  before(async () => {
    server = await realServer({ tcp: true })
    redis = await Redis.connect(server.url)
    limits = limiter(redis)
    await limits.check('warm', ten)
  })
  after(async () => {
    await redis.close()
    await server.stop()
  })

  /** Has it used up, and refused once. */
  async function exhausted(key: string, some = limits): Promise<void> {
    await some.check(key, ten, { cost: 10 })
    await fromMemory(key, some)
  }
  /** Asks until it is refused from memory: a machine that stands still for a second forgets in between. */
  async function fromMemory(key: string, some = limits): Promise<void> {
    await until('it is refused from memory', async () => {
      const { remembered } = some.metrics()
      assert.equal((await some.check(key, ten)).allowed, false)
      return some.metrics().remembered > remembered
    })
  }

  test('is refused from memory, and nothing is sent', async () => {
    await exhausted('a')
    const first = await limits.check('a', ten)
    let answers!: unknown[]
    await until('nothing is sent', async () => {
      const sent = await sentBy(redis, async () => (answers = await Promise.all(Array.from({ length: 1000 }, () => limits.check('a', ten)))))
      return Object.keys(sent).length === 0
    })
    const [{ retryAfterMs, resetAt, resetAfterMs, policies, ...rest }] = answers as [typeof first]
    assert.deepEqual(rest, { allowed: false, limit: 10, remaining: 0, degraded: false })
    assert.ok(retryAfterMs <= first.retryAfterMs && retryAfterMs > 0)
    // The server reads its clock twice for one.
    assert.ok(Math.abs(resetAt - first.resetAt) <= 2, `${resetAt}, and before ${first.resetAt}`)
    assert.deepEqual(policies, [{ name: 'test', retryAfterMs, resetAt, resetAfterMs, ...rest }])
    const { limited, remembered } = limits.metrics()
    assert.ok(remembered >= 1000 && limited > remembered)
  })

  test('is asked for again in a while, also where the window is long', async () => {
    await exhausted('b')
    // Set free behind the back of this process.
    await redis.command('DEL', `${limits.prefix}:{b}:f:test`)
    await until('it is allowed', async () => (await limits.check('b', ten)).allowed)
  })

  test('is allowed as soon as its time has come, and not refused from memory for longer', async () => {
    const short = { ...ten, limit: 1, period: 100 } as const
    for (let round = 0; round < 5; round++) {
      let told = await limits.check('c', short)
      while (told.allowed) told = await limits.check('c', short)
      await limits.check('c', short)
      await passed(told.retryAfterMs)
      assert.equal((await limits.check('c', short)).allowed, true)
    }
  })

  const frees: [what: string, free: (key: string) => Promise<unknown>][] = [
    ['a reset', (key) => limits.reset(key)],
    ['a refund', (key) => limits.refund(key, ten, 5)],
  ]
  for (const [what, free] of frees) {
    test(`is allowed at once behind ${what}`, async () => {
      const key = `free by ${what}`
      await exhausted(key)
      await free(key)
      assert.equal((await limits.check(key, ten)).allowed, true)
    })
  }

  test('is allowed at once behind the settlement of a reservation', async () => {
    const reservation = await limits.reserve('d', ten, 10)
    await fromMemory('d')
    assert.equal(await reservation.settle(4), true)
    assert.equal((await limits.check('d', ten, { cost: 6 })).allowed, true)
  })

  test('is allowed at once in every thread of the process', async () => {
    const body = `
      const redis = await Redis.connect(url)
      const limits = new RateLimiter(redis, { prefix: '${limits.prefix}', timeoutMs: '30s' })
      const ten = ${JSON.stringify(ten)}
      parentPort.on('message', async (key) => {
        if (key === null) return redis.close().then(() => parentPort.close())
        const { remembered } = limits.metrics()
        post([(await limits.check(key, ten)).allowed, limits.metrics().remembered > remembered])
      })
      post('ready')`
    const worker = startWorker(server.url, body)
    await once(worker, 'message')
    for (const [what, free] of frees) {
      const key = `elsewhere, by ${what}`
      await exhausted(key)
      await until('the thread remembers', async () => isEqual(await ask(worker, key), [false, true]))
      await free(key)
      assert.deepEqual(await ask(worker, key), [true, false])
    }
    const exit = once(worker, 'exit')
    worker.postMessage(null)
    await exit
  })

  test('is asked for by a higher limit, by a smaller cost and by a look', async () => {
    await exhausted('e')
    assert.equal((await limits.check('e', policy('fixedWindow', 20))).remaining, 9)
    await limits.check('f', ten, { cost: 7 })
    for (let i = 0; i < 3; i++) assert.equal((await limits.check('f', ten, { cost: 4 })).allowed, false)
    assert.equal((await limits.check('f', ten, { cost: 3 })).allowed, true)
    await exhausted('g')
    const { remembered } = limits.metrics()
    assert.equal((await limits.peek('g', ten)).allowed, false)
    assert.equal(limits.metrics().remembered, remembered)
  })

  test('is told of a block of this process at once', async () => {
    await exhausted('h')
    const hour = { ...ten, period: '1m', name: 'minute' } as const
    await limits.check('h', hour, { cost: 10 })
    await limits.check('h', hour)
    await limits.block('h', '1h')
    assert.ok((await limits.check('h', hour)).retryAfterMs > 60_000)
  })
})

const isEqual = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other)

async function ask(worker: Worker, key: string): Promise<unknown> {
  const answer = once(worker, 'message')
  worker.postMessage(key)
  return (await answer)[0]
}
