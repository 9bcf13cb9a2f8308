import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runClient } from './support/bridge-child'
import { realServer } from './support/servers'

const CALLS = 2_000_000

test('memory is flat over two million calls', async () => {
  await using server = await realServer()
  const child = runClient(
    server.url,
    `
    const redis = await Redis.connect(url)
    await redis.command('SET', 'key', 'x'.repeat(200))
    const run = async (calls) => {
      const loop = async () => {
        while (calls-- > 0) await redis.command('GET', 'key')
      }
      await Promise.all(Array.from({ length: 256 }, loop))
    }
    /** What is held, once the collector has had its turns. */
    const held = async () => {
      for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(() => resolve(gc())))
      return process.memoryUsage.rss() / (1 << 20)
    }
    await run(400_000)
    const samples = []
    for (let i = 0; i < 10; i++) {
      samples.push(await held())
      await run(${CALLS} / 10)
    }
    samples.push(await held())
    report({ samples, operations: redis.metrics().operations })
    await redis.close()`,
    // A young generation of one size: how far it has grown says nothing of what is held.
    ['--expose-gc', '--min-semi-space-size=8', '--max-semi-space-size=8'],
  )
  const { code, reports, stderr } = await child.ended
  assert.equal(code, 0, stderr)
  const [{ samples, operations }] = reports
  assert.ok(operations > CALLS)
  const median = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!
  const early = median(samples.slice(0, 3))
  const late = median(samples.slice(-3))
  assert.ok(late <= early * 1.05, `from ${early.toFixed(1)} to ${late.toFixed(1)} MiB: ${samples.map((mib: number) => mib.toFixed(1))}`)
})
