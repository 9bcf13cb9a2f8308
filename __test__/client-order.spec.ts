import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Redis } from '../index.js'
import { FaultProxy } from './support/fault-proxy'
import { realServer } from './support/servers'
import { until } from './support/until'

describe('the order of commands', () => {
  test('is that of the calls, through lost connections too: what was set and then deleted is gone', async () => {
    await using server = await realServer()
    const proxy = await FaultProxy.start(server)
    const redis = await Redis.connect({ url: proxy.url, commandTimeout: '30s', reconnect: { minMs: 5, maxMs: 10 } })
    const plain = await Redis.connect(server.url)
    const ok = (call: Promise<unknown>) => call.then(() => true, () => false)
    const load = { pairs: 0, acknowledged: 0, ended: false }

    /** Pairs one after another; in every other one the second call comes a turn of the loop later. */
    async function pairs(): Promise<void> {
      while (!load.ended) {
        const key = `k${load.pairs++}`
        const set = ok(redis.command('SET', key, '1'))
        if (load.pairs % 2 === 0) await Promise.resolve()
        const deleted = ok(redis.command('UNLINK', key))
        if (!(await set) || !(await deleted)) continue
        load.acknowledged++
        assert.equal(await plain.command('GET', key), null, `${key} was deleted before it was set`)
      }
    }
    const all = Promise.all(Array.from({ length: 300 }, pairs))
    try {
      for (let i = 0; i < 40; i++) {
        const before = load.acknowledged
        await Promise.race([all, until('pairs go through', () => load.acknowledged > before + 600)])
        proxy.reset()
      }
    } finally {
      load.ended = true
      await all
      await Promise.all([redis.close(), plain.close()])
      await proxy.stop()
    }
    assert.ok(redis.metrics().connections > 20, `${redis.metrics().connections} connections`)
  })
})
