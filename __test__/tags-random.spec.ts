import assert from 'node:assert/strict'
import { test } from 'node:test'
import { onEveryBackend } from './support/backends'
import { fresh } from './support/cache-tools'
import { seed } from './support/seed'
import { TagTraffic } from './support/tag-traffic'

// What is asked for follows from the seed; what meets what does not.

onEveryBackend('three clients that read, load and invalidate at random', (backend) => {
  test('nobody is given what was invalidated before he asked', async () => {
    const clients = [backend.redis, await backend.connect(), await backend.connect()]
    const traffic = new TagTraffic(clients, fresh('random'), seed)
    await Promise.all(Array.from({ length: 24 }, () => traffic.work(backend.real ? 100 : 20)))
    const { reads, hits, loads, invalidations } = traffic.counts
    assert.ok(hits > 0 && loads > 0 && invalidations > 0 && reads > hits, JSON.stringify(traffic.counts))
  })
})
