import assert from 'node:assert/strict'
import path from 'node:path'
import { test } from 'node:test'
import { runNode } from './support/node'
import { root } from './support/root'

const run = (script: string, env?: NodeJS.ProcessEnv) => runNode(`const { Redis } = require(${JSON.stringify(path.join(root, 'index.js'))}); ${script}`, env).ended

test('embedded:// starts a server for the first call, and the process ends by itself', async () => {
  const { reports, code } = await run(`
    const redis = new Redis('embedded://')
    report([redis.status, redis.metrics().operations, redis.metrics().latency.count])
    const twin = redis.duplicate({ db: 1 })
    report(await Promise.all([redis.command('SET', 'k', 'v'), redis.command('GET', 'k'), twin.command('GET', 'k')]))
    report([redis.status, redis.metrics().operations, (await redis.health()).ok])
  `)
  assert.deepEqual(reports, [['idle', 0, 0], ['OK', 'v', null], ['ready', 2, true]])
  assert.equal(code, 0)
})

test('a client that is closed before, or while, its embedded server starts', async () => {
  const { reports, code } = await run(`
    const never = new Redis('embedded://')
    await never.close()
    report([never.status, (await never.ping().catch((error) => error)).code])
    const early = new Redis('embedded://')
    const ping = early.ping().catch((error) => error.code)
    const connecting = Redis.connect('embedded://')
    await early.close()
    report([early.status, await ping, (await early.health()).error.code])
    const redis = await connecting
    report([redis.status, await redis.ping()])
    await redis.close()
    report(redis.status)
  `)
  assert.deepEqual(reports, [['closed', 'ERR_CLOSED'], ['closed', 'ERR_CLOSED', 'ERR_CLOSED'], ['ready', 'PONG'], 'closed'])
  assert.equal(code, 0)
})

test('a start that failed is tried again by the next call', async () => {
  const { reports } = await run(
    `const redis = new Redis('embedded://')
     report(await redis.ping().catch((error) => error.message))
     report((await redis.health()).ok)
     delete process.env.REDWRIGHT_SERVER
     report(await redis.ping())`,
    { REDWRIGHT_SERVER: '/no/such/server' },
  )
  assert.match(reports[0], /REDWRIGHT_SERVER/)
  assert.deepEqual(reports.slice(1), [false, 'PONG'])
})
