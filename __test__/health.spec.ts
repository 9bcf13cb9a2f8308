import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { describe, test } from 'node:test'
import { Redis, type Health } from '../index.js'
import { freePort, MortalServer } from './support/client-server'
import { runClient } from './support/bridge-child'
import { realServer } from './support/servers'
import { until } from './support/until'

/** Everything but `health` has time without end here, so that only its own deadline can answer. */
const PATIENT = { commandTimeout: '1h', connectTimeout: '1h', watchdogMs: '1h' } as const

/** Asks with a short deadline. The ceiling is generous: it only tells an answer in time from none. */
async function ask(redis: Redis, timeoutMs = 100): Promise<Health> {
  const begun = performance.now()
  const health = await redis.health({ timeoutMs })
  assert.ok(performance.now() - begun < 20_000, 'it waited for another deadline than its own')
  return health
}

const shown = ({ ok, status, error }: Health) => [ok, status, error?.code]

describe('health answers in its time', () => {
  test('of a client that was never used: it connects', async () => {
    await using server = await MortalServer.start()
    await using redis = new Redis({ url: server.url, ...PATIENT })
    assert.equal(redis.status, 'idle')
    assert.deepEqual(shown(await ask(redis, 20_000)), [true, 'ready', undefined])
  })

  test('when nobody listens there', async () => {
    await using redis = new Redis({ port: await freePort(), ...PATIENT, reconnect: { minMs: '1h', maxMs: '1h' } })
    assert.equal((await ask(redis)).error?.code, 'ERR_UNAVAILABLE')
  })

  test('when the server hangs before there is a connection', async () => {
    await using server = await MortalServer.start()
    server.kill('SIGSTOP')
    await using redis = new Redis({ url: server.url, ...PATIENT })
    assert.deepEqual(shown(await ask(redis)), [false, 'connecting', 'ERR_UNAVAILABLE'])
    server.kill('SIGCONT')
  })

  test('when the server hangs behind a connection that stands', async () => {
    await using server = await MortalServer.start()
    await using redis = await Redis.connect({ url: server.url, ...PATIENT })
    server.kill('SIGSTOP')
    assert.deepEqual(shown(await ask(redis)), [false, 'ready', 'ERR_TIMEOUT'])
    server.kill('SIGCONT')
    assert.equal((await ask(redis, 20_000)).ok, true)
  })

  test('while it reconnects', async () => {
    await using server = await MortalServer.start()
    await using redis = await Redis.connect({ url: server.url, ...PATIENT, reconnect: { minMs: '1h', maxMs: '1h' } })
    await server.crash()
    await until('the loss is noticed', () => redis.status === 'reconnecting')
    assert.deepEqual(shown(await ask(redis)), [false, 'reconnecting', 'ERR_UNAVAILABLE'])
  })

  test('while the circuit is open: of the server, and not of the circuit', async () => {
    await using redis = new Redis({ port: await freePort(), commandTimeout: 20, breaker: { threshold: 1, openMs: '1h' } })
    await assert.rejects(redis.command('GET', 'a'))
    await assert.rejects(redis.command('GET', 'a'), { code: 'ERR_CIRCUIT_OPEN' })
    assert.equal((await ask(redis)).error?.code, 'ERR_UNAVAILABLE')
  })

  test('while too much is pending', async () => {
    await using redis = new Redis({ port: await freePort(), ...PATIENT, maxPending: 1 })
    const pending = assert.rejects(redis.command('GET', 'a'))
    assert.equal((await ask(redis)).error?.code, 'ERR_BUSY')
    await redis.close({ timeoutMs: 1 })
    await pending
  })

  test('while it closes, and when it is closed', async () => {
    await using server = await MortalServer.start()
    const redis = await Redis.connect({ url: server.url, ...PATIENT })
    server.kill('SIGSTOP')
    const pending = assert.rejects(redis.command('GET', 'a'))
    const closing = redis.close({ timeoutMs: 200 })
    assert.deepEqual(shown(await ask(redis)), [false, 'closing', 'ERR_CLOSED'])
    await closing
    assert.deepEqual(shown(await ask(redis)), [false, 'closed', 'ERR_CLOSED'])
    await pending
  })

  test('when the event loop was blocked for longer: the server has answered in time', async () => {
    await using server = await realServer()
    await using redis = await Redis.connect(server.url)
    const asked = ask(redis, 1000)
    const until = performance.now() + 1500
    while (performance.now() < until);
    assert.deepEqual(shown(await asked), [true, 'ready', undefined])
  })

  test('while the embedded server starts', async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spec-'))
    const program = path.join(folder, 'redis-server')
    // A server that never answers.
    fs.writeFileSync(program, '#!/bin/sh\nexec sleep 60\n', { mode: 0o755 })
    const child = runClient('', `
      process.env.REDWRIGHT_SERVER = ${JSON.stringify(program)}
      const { ok, status, error } = await new Redis('embedded://').health({ timeoutMs: 100 })
      report([ok, status, error.code])
      process.exit()`)
    const begun = performance.now()
    assert.deepEqual(await child.report, [false, 'idle', 'ERR_UNAVAILABLE'])
    assert.ok(performance.now() - begun < 20_000)
    await child.ended
    fs.rmSync(folder, { recursive: true })
  })
})
