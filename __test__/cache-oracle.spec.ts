import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { Redis } from '../index.js'
import { between, pick, randomFor } from '../soak/random'
import { networkFaults } from '../soak/worlds/network-faults'
import { serverFaults } from '../soak/worlds/server-faults'
import { fresh } from './support/cache-tools'
import { MortalServer } from './support/client-server'
import { FaultProxy } from './support/fault-proxy'
import { Oracle, rest } from './support/oracle'
import { seed } from './support/seed'
import { TROUBLED } from './support/step-case'

const CLIENTS = 3
const READS = 250
const WRITES = 30
const FAULTS = 12
/** A fault that lasts longer than a step may take is no other than one that lasts much longer. */
const LONGEST_MS = 600

/** Clients, each on a way of its own, at work while one fault follows another. */
async function ordeal(t: TestContext, nearOf?: number): Promise<void> {
  const random = randomFor(seed, 'faults')
  await using server = await MortalServer.start()
  const proxies = await Promise.all(Array.from({ length: CLIENTS }, () => FaultProxy.start(server)))
  const clients = await Promise.all(proxies.map(({ url }) => Redis.connect({ url, ...TROUBLED })))
  try {
    const oracle = new Oracle(clients, { prefix: fresh('p'), namespace: 'n', leaseMs: 500, waitMs: 400 }, nearOf)
    const faults = [...networkFaults(async () => proxies.map((proxy) => ({ proxy, to: '' }))), ...serverFaults(server)]
    const crew = { atWork: true }
    const workers = oracle.readers.flatMap((reader, i) => {
      const isNear = i === nearOf
      const reading = [0, 1].map(async (n) => {
        const random = randomFor(seed, `reader ${i} ${n}`)
        for (let left = READS; crew.atWork || left > 0; left--, await rest(random)) await oracle.read(random, reader, !isNear)
      })
      const random = randomFor(seed, `writer ${i}`)
      const writing = async () => {
        for (let left = WRITES; crew.atWork || left > 0; left--, await rest(random)) await oracle.write(random, reader)
      }
      return [...reading, writing()]
    })
    for (let i = 0; i < FAULTS; i++) {
      const { lasts, apply, name } = pick(random, faults)
      const lastsMs = Math.min(LONGEST_MS, between(random, lasts[0], lasts[1]))
      t.diagnostic(`${name}, ${lastsMs} ms`)
      const { heal } = await apply({ random, lastsMs })
      await pause(lastsMs)
      await heal?.()
    }
    crew.atWork = false
    await Promise.all(workers)
    assert.deepEqual(oracle.violations, [])
    await oracle.settles(random)
    assert.deepEqual(oracle.violations, [])
    t.diagnostic(`${oracle.acknowledged} were acknowledged; ${[...oracle.errors].join(', ')}`)
    assert.ok(oracle.acknowledged > 10)
  } finally {
    await Promise.all(clients.map((redis) => redis.close({ timeoutMs: 100 })))
    await Promise.all(proxies.map((proxy) => proxy.stop()))
  }
}

describe('what was acknowledged to be invalid', () => {
  test('is not given to anyone who asks later, whatever fails meanwhile', (t) => ordeal(t))

  test('is given by a copy in memory for a while only, and by no other', (t) => ordeal(t, 0))
})
