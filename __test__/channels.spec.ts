import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { createRequire } from 'node:module'
import { test } from 'node:test'

const { channels } = createRequire(import.meta.url)('../lib/channels.js')

test('every event has a channel of its name, and tells those who listen and nobody else', () => {
  const events = ['hit', 'stale', 'negative', 'miss', 'load', 'load:error', 'store', 'invalidate', 'error']
  assert.deepEqual(Object.values<any>(channels).map(({ name }) => name), events.map((event) => `redwright:cache:${event}`))
  for (const channel of Object.values<any>(channels)) {
    const told: unknown[] = []
    const listener = (message: unknown) => told.push(message)
    assert.equal(channel.hasSubscribers, false)
    subscribe(channel.name, listener)
    assert.equal(channel.hasSubscribers, true, 'the very channel that the cache publishes to')
    channel.publish({ cache: 'user', durationMs: 1 })
    unsubscribe(channel.name, listener)
    assert.equal(channel.hasSubscribers, false)
    assert.deepEqual(told, [{ cache: 'user', durationMs: 1 }])
  }
})
