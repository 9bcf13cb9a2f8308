import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { TestServer } from '../testing.js'
import { runClient } from './support/bridge-child'
import { realServer } from './support/servers'

let server: TestServer
before(async () => void (server = await realServer()))
after(() => server.stop())

/** Ends a child whose calls have stopped, by a timer that is real. */
const CAP = `const cap = setTimeout(() => process.exit(3), 30_000);`

/** What fakes replace; none of these ever calls back. */
const FAKE = `
  const names = ['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'clearTimeout', 'clearInterval', 'clearImmediate']
  const real = { ...Object.fromEntries(names.map((name) => [name, globalThis[name]])), nextTick: process.nextTick }
  const fake = () => {
    for (const name of names) globalThis[name] = () => 0
    process.nextTick = () => {}
  }
  const restore = () => {
    const { nextTick, ...globals } = real
    Object.assign(globalThis, globals)
    process.nextTick = nextTick
  }
`

/** Turns of many calls, bursts that take several drains, calls that follow answers, and a wait in which nothing else is left to do. */
const USE = `
  const redis = new Redis({ url, commandTimeout: '5m' })
  const cache = new TypeSafeCache(redis)
  let answers = 0
  for (let round = 0; round < 5; round++) {
    const calls = Array.from({ length: 1500 }, async (_, i) => {
      await cache.set('t' + i, i)
      if ((await cache.get('t' + i)) === i) answers++
    })
    await Promise.all(calls)
  }
  await redis.close()
`

describe('fake timers', () => {
  test('that a test installs do not stop calls', async () => {
    const child = runClient(server.url, `${CAP} ${FAKE} fake(); ${USE} restore(); clearTimeout(cap); report({ answers, status: redis.status })`)
    assert.deepEqual(await child.ended, { code: 0, reports: [{ answers: 7500, status: 'closed' }], stderr: '' })
  })

  test('of node:test do not stop calls', async () => {
    const child = runClient(
      server.url,
      `
      ${CAP}
      const { mock } = require('node:test')
      mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'setImmediate', 'Date'] })
      ${USE}
      mock.timers.reset()
      clearTimeout(cap)
      report({ answers, status: redis.status })`,
    )
    const { code, reports } = await child.ended
    assert.deepEqual({ code, reports }, { code: 0, reports: [{ answers: 7500, status: 'closed' }] })
  })
})
