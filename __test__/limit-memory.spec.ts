import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Redis } from '../index.js'
import { ALGORITHMS, limiter, passed, policy } from './support/limit-tools'
import { realServer } from './support/servers'

const usage = async (redis: Redis, pattern: string) => {
  const keys = (await redis.command('KEYS', pattern)) as unknown as string[]
  const sizes = await Promise.all(keys.map((key) => redis.command('MEMORY', 'USAGE', key)))
  return sizes.map(Number)
}

test('a key takes no more than 100 bytes of the server under gcra and fixedWindow', async (context) => {
  await using server = await realServer()
  await using redis = await Redis.connect(server.url)
  const limits = limiter(redis, { prefix: 'limit' })
  const id = 'user:0123456789abcde'
  assert.equal(id.length, 20)
  // With a remainder, and without; after one decision, and after many.
  const policies = ALGORITHMS.flatMap((algorithm) => [policy(algorithm, 1000, { name: 'a', period: '1h' }), policy(algorithm, 999_983, { name: 'b', period: '1h' })])
  for (let i = 0; i < 20; i++) {
    await limits.check(id, policies, { cost: 3 })
    await passed(1)
  }
  for (const letter of 'fgb') {
    const sizes = await usage(redis, `limit:{${id}}:${letter}:*`)
    assert.equal(sizes.length, 2)
    for (const size of sizes) assert.ok(size <= 100, `${letter}: ${size} bytes`)
    context.diagnostic(`${letter}: ${sizes} bytes`)
  }
  for (const letter of 'wc') context.diagnostic(`${letter}: ${await usage(redis, `limit:{${id}}:${letter}:*`)} bytes after 20 decisions`)
})

test('what has left a sliding window is not kept', async () => {
  await using server = await realServer()
  await using redis = await Redis.connect(server.url)
  const limits = limiter(redis)
  const longest = async () => Math.max(...(await Promise.all(((await redis.command('KEYS', '*:w:*')) as unknown as string[]).map((key) => redis.command('LLEN', key)))).map(Number))
  for (let i = 0; i < 200; i++) {
    await limits.slidingWindow('k', 1000, '20ms')
    await passed(1)
    // Two numbers for each ms of the window, and one for what was before.
    if (i % 20 === 19) assert.ok((await longest()) <= 2 * 22 + 1)
  }
})
