import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Redis } from '../index.js'
import { runClient } from './support/bridge-child'
import { ALGORITHMS, limiter, policy, serverNow } from './support/limit-tools'
import { realServer } from './support/servers'

const HOURS = 3_600_000

describe('a client whose clock is wrong', () => {
  for (const off of [2 * HOURS, -2 * HOURS]) {
    test(`by ${off / HOURS} hours counts as all others do, and tells times of the server`, async () => {
      await using server = await realServer({ tcp: true })
      await using redis = await Redis.connect(server.url)
      const limits = limiter(redis)
      const policies = ALGORITHMS.map((algorithm) => policy(algorithm, 10))
      await limits.check('k', policies, { cost: 3 })
      const body = `
        const { now } = Date
        const redis = await Redis.connect(url)
        const limits = new RateLimiter(redis, { prefix: '${limits.prefix}', timeoutMs: '30s' })
        const policies = ${JSON.stringify(policies)}
        const one = await limits.check('k', policies, { cost: 4 })
        const two = await limits.check('k', policies, { cost: 4 })
        report([one, two, new Date().getTime()])
        await redis.close()`
      // Before anything of the package is there.
      const mock = `data:text/javascript,${encodeURIComponent(`
        const Real = Date
        globalThis.Date = class extends Real {
          constructor(...args) { args.length === 0 ? super(Real.now() + ${off}) : super(...args) }
          static now() { return Real.now() + ${off} }
        }`)}`
      const before = await serverNow(redis)
      const child = runClient(server.url, body, ['--import', mock])
      const [one, two, now] = await child.report
      const { code, stderr } = await child.ended
      assert.deepEqual([code, stderr], [0, ''])
      const after = await serverNow(redis)
      assert.ok(Math.abs(now - after - off) < HOURS, 'its clock is wrong')
      assert.deepEqual([one.allowed, two.allowed], [true, false])
      assert.deepEqual(one.policies.map(({ remaining }: any) => remaining), [3, 3, 3, 3, 3])
      assert.deepEqual(two.policies.map(({ remaining }: any) => remaining), [3, 3, 3, 3, 3])
      const fixed = one.policies[0].resetAt - 30 * 24 * HOURS
      assert.ok(fixed >= before - HOURS && fixed <= after, 'the window began by the clock of the server')
      // Here it goes on as it was left there.
      assert.deepEqual((await limits.peek('k', policies)).policies.map(({ remaining }) => remaining), [3, 3, 3, 3, 3])
    })
  }
})
