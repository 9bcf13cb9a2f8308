import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { Redis, type RedisOptions } from '../index.js'
import { MortalServer } from './support/client-server'
import { assertIdle } from './support/faults'
import type { Entry } from './support/load'
import { AWAY, DEADLINE_MS, underLoad } from './support/under-load'
import { until } from './support/until'

/** A client of a real server, with load on it. */
async function serverUnderLoad(server: MortalServer, options: RedisOptions = {}) {
  return { server, ...(await underLoad({ url: server.url, ...options }, () => server[Symbol.asyncDispose]())) }
}

const isRead = ({ changes }: Entry) => !changes

describe('a server under load', () => {
  test('has its connections killed: what was not answered says so, and reads go on', async () => {
    await using _ = await serverUnderLoad(await MortalServer.start(), { reconnect: { minMs: 1, maxMs: 10 } })
    const { server, redis, load } = _
    for (let i = 0; i < 10; i++) {
      await server.ask('CLIENT KILL TYPE normal')
      await load.flows()
    }
    const ledger = await load.stop()
    assert.equal(redis.metrics().connections, 11)
    assert.deepEqual(ledger.summary(ledger.failures.filter(isRead)), {})
    for (const { error } of ledger.failures) assert.deepEqual([error!.code, error!.maybeExecuted], ['ERR_UNAVAILABLE', true])
    await load.assertSound()
  })

  test('is paused for less than a deadline: nobody notices', async () => {
    await using _ = await serverUnderLoad(await MortalServer.start())
    const { server, redis, load } = _
    await server.ask(`CLIENT PAUSE ${DEADLINE_MS / 4} ALL`)
    await load.flows()
    const ledger = await load.stop()
    assert.deepEqual([ledger.summary(), redis.metrics().connections], [{}, 1])
    await load.assertSound()
  })

  test('is paused for longer: calls time out as maybe executed, and no late answer goes to the wrong caller', async () => {
    await using _ = await serverUnderLoad(await MortalServer.start(), { watchdogMs: '1h' })
    const { server, redis, load } = _
    await server.ask(`CLIENT PAUSE ${DEADLINE_MS * 1.5} ALL`)
    await load.fails()
    await load.flows()
    const ledger = await load.stop()
    const told = Object.keys(ledger.summary()).sort()
    assert.deepEqual([told, redis.metrics().connections], [['ERR_CIRCUIT_OPEN', 'ERR_TIMEOUT, maybe executed'], 1])
    await load.assertSound()
  })

  test('gets another password: calls reject at once, and succeed when it is the old one again', async () => {
    await using _ = await serverUnderLoad(await MortalServer.start('--requirepass', 'old-secret'), { password: 'old-secret', reconnect: { minMs: 5, maxMs: 50 } })
    const { server, redis, load } = _
    await using admin = await Redis.connect({ url: server.url, password: 'old-secret' })
    await admin.command('CONFIG', 'SET', 'requirepass', 'new-secret')
    await load.flows()
    assert.deepEqual(load.ledger.summary(), {}, 'a connection that stands is not asked again')
    await admin.command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
    await until('calls are refused', () => load.ledger.failures.filter(({ error }) => error!.code === 'ERR_AUTH').length > 200)
    await admin.command('CONFIG', 'SET', 'requirepass', 'old-secret')
    await load.flows()
    const ledger = await load.stop()
    ledger.assertOnly(['ERR_AUTH', 'ERR_UNAVAILABLE'])
    for (const { error } of ledger.failures) {
      if (error!.code === 'ERR_AUTH') assert.deepEqual([error!.retryable, error!.maybeExecuted], [false, false])
      assert.doesNotMatch(error!.stack!, /secret/)
    }
    await load.assertSound()
    assert.equal(redis.status, 'ready')
  })

  test('has no connection left: calls fail in time, nobody spins, and all is well when there is one', async () => {
    await using _ = await serverUnderLoad(await MortalServer.start())
    const { server, redis, load } = _
    await using admin = await Redis.connect(server.url)
    await admin.command('CONFIG', 'SET', 'maxclients', 1)
    await admin.command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
    await load.fails()
    await load.stop()
    await assertIdle()
    load.start()
    await load.fails()
    await admin.command('CONFIG', 'SET', 'maxclients', 100)
    await load.flows()
    const ledger = await load.stop()
    ledger.assertOnly(AWAY)
    assert.ok(ledger.failures.some(({ error }) => error!.message.endsWith(': ERR max number of clients reached')))
    await load.assertSound()
    assert.equal(redis.status, 'ready')
  })

  test('has a full disk for its log of writes: writes are refused, reads go on, and writes too when there is space', async () => {
    const never = ['--auto-aof-rewrite-percentage', '0']
    await using _ = await serverUnderLoad(await MortalServer.startOnSmallDisk(2048, '--appendonly', 'yes', '--appendfsync', 'everysec', ...never))
    const { redis, load } = _
    await redis.command('RPUSH', 'list', 'a', 'b', 'c')
    // Long in the log, and short in the copy that takes its place.
    await redis.command('SET', 'filler', 'x'.repeat(1_900_000))
    await load.fails()
    assert.equal((await redis.health()).error?.serverCode, 'MISCONF')
    assert.deepEqual(await redis.command('LRANGE', 'list', 0, -1), ['a', 'b', 'c'])
    await until('writes are refused', () => load.ledger.failures.length > 200)
    await redis.command('BGREWRITEAOF')
    await load.flows()
    const ledger = await load.stop()
    assert.deepEqual(Object.keys(ledger.summary()), ['ERR_SERVER, MISCONF'])
    assert.deepEqual(ledger.summary(ledger.failures.filter(isRead)), {})
    assert.equal(redis.metrics().connections, 1)
    await load.assertSound()
  })

  test('cannot save: writes are refused, reads go on, and writes too when it can', async () => {
    await using _ = await serverUnderLoad(await MortalServer.start('--save', '3600', '1'))
    const { server, redis, load } = _
    // Nobody can put a file in the place of a folder with something in it, root included.
    const inTheWay = path.join(server.folder, 'dump.rdb', 'x')
    fs.mkdirSync(inTheWay, { recursive: true })
    await redis.command('BGSAVE')
    await load.fails()
    await until('writes are refused', () => load.ledger.failures.length > 200)
    fs.rmSync(path.dirname(inTheWay), { recursive: true })
    await redis.command('BGSAVE')
    await load.flows()
    const ledger = await load.stop()
    assert.deepEqual(Object.keys(ledger.summary()), ['ERR_SERVER, MISCONF'])
    assert.deepEqual(ledger.summary(ledger.failures.filter(isRead)), {})
    await load.assertSound()
  })

  for (const [how, leave, comeBack] of [
    ['is killed', (server: MortalServer) => server.crash(), (server: MortalServer) => server.start()],
    ['is stopped', async (server: MortalServer) => server.kill('SIGSTOP'), async (server: MortalServer) => server.kill('SIGCONT')],
  ] as const) {
    test(`${how}: calls fail in time, no more wait than may, nobody spins, and all is well when it comes back`, async () => {
      const maxPending = 300
      await using _ = await serverUnderLoad(await MortalServer.start('--appendonly', 'yes', '--appendfsync', 'always'), { maxPending, watchdogMs: 300, breaker: false })
      const { server, redis, load } = _
      await leave(server)
      await load.fails()
      await until('no more may wait', () => redis.metrics().refused > 0)
      await load.stop()
      await assertIdle()
      load.start()
      await load.fails()
      await comeBack(server)
      await load.flows()
      const ledger = await load.stop()
      ledger.assertOnly([...AWAY, 'ERR_BUSY'])
      assert.equal(load.mostPending, maxPending)
      await load.assertSound()
      assert.equal(redis.status, 'ready')
    })
  }
})
