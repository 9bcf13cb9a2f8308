import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Redis } from '../index.js'
import type { TestServer } from '../testing.js'
import { runClient } from './support/bridge-child'
import { fresh } from './support/cache-tools'
import { realServer } from './support/servers'
import { until } from './support/until'

/** All methods, at random and at once, for as long as the process lives. It tells how many have been done. */
const STORM = (prefix: string, seed: number) => `
  const redis = await Redis.connect(url)
  const limits = new RateLimiter(redis, { prefix: '${prefix}', timeoutMs: '30s' })
  let state = ${seed}
  const below = (end) => (state = (Math.imul(state, 1103515245) + 12345) >>> 0, Math.floor((state / 2 ** 32) * end))
  const algorithms = ['fixedWindow', 'slidingWindow', 'slidingCounter', 'gcra', 'tokenBucket']
  const policy = () => ({ name: 'p' + below(3), limit: 1 + below(9), period: 20 + below(5000), algorithm: algorithms[below(5)] })
  const key = () => 'key {' + below(20)
  const policies = () => [{ ...policy(), name: 'a' }, { ...policy(), name: 'b' }]
  const methods = [
    () => limits.check(key(), policies(), { cost: 1 + below(3) }),
    () => limits.check(key(), policies()),
    () => limits.peek(key(), policies()),
    () => limits.fixedWindow(key(), 5, '50ms'),
    () => limits.slidingWindow(key(), 5, 1),
    () => limits.tokenBucket(key(), 5, 3),
    () => limits.gcra(key(), { limit: 7, period: 1000 }),
    () => limits.refund(key(), policies(), 1 + below(3)),
    () => limits.penalize(key(), policies(), 1 + below(20)),
    () => limits.block(key(), 1 + below(500)),
    () => limits.reset(key()),
    () => limits.reserve(key(), policies(), 1 + below(3), { leaseMs: 1 + below(2000) }).then((one) => below(2) && one.settle(below(6))),
    () => limits.reserve(key(), policies(), 1, { idempotencyKey: 'id' + below(5) }),
    () => limits.concurrency(key(), 3, { leaseMs: 50 + below(2000) }).then((slot) => below(2) && slot.release()),
  ]
  let done = 0
  const worker = async () => { for (;;) { await methods[below(methods.length)](); done++ } }
  setInterval(() => report(done), 50)
  await Promise.all(Array.from({ length: 64 }, worker))`

/** Keys of the prefix that have no TTL, of all that there are. */
async function immortal(redis: Redis, prefix: string): Promise<{ count: number; names: string[] }> {
  const names: string[] = []
  let count = 0
  let cursor = '0'
  do {
    const [next, keys] = (await redis.command('SCAN', cursor, 'MATCH', `${prefix}:*`, 'COUNT', '1000')) as unknown as [string, string[]]
    cursor = next
    count += keys.length
    const ttls = await Promise.all(keys.map((key) => redis.command('PTTL', key)))
    names.push(...keys.filter((_, i) => Number(ttls[i]) === -1))
  } while (cursor !== '0')
  return { count, names }
}

describe('no key is left without a TTL', () => {
  async function audit(server: TestServer, seed: number): Promise<void> {
    await using redis = await Redis.connect(server.url)
    const prefix = fresh('audit')
    const child = runClient(server.url, STORM(prefix, seed))
    const output: string[] = []
    child.process.stdout!.on('data', (chunk) => output.push(String(chunk)))
    await until('the storm has raged', () => {
      assert.equal(child.process.exitCode, null, 'it ended by itself')
      return Number(output.join('').trim().split('\n').at(-1)) > 1500
    })
    assert.deepEqual((await immortal(redis, prefix)).names, [])
    child.process.kill('SIGKILL')
    await child.ended
    const { count, names } = await immortal(redis, prefix)
    assert.deepEqual(names, [])
    assert.ok(count > 2, 'there were keys')
  }

  for (const seed of [1, 2, 3]) {
    test(`in a storm of all methods, and when its process is killed in the middle (${seed})`, async () => {
      await using server = await realServer({ tcp: true })
      await audit(server, seed)
    })
  }
})
