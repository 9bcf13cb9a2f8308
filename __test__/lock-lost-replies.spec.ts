import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Redis } from '../index.js'
import { amid, LOST, STEPS } from './support/lock-amid'
import { everyWay, got, keysOf, LONG, lockOf, namesOf, PATIENCE, type Way } from './support/lock-tools'
import { until } from './support/until'

const assertAway = (error: any) => assert.ok(['ERR_TIMEOUT', 'ERR_UNAVAILABLE'].includes(error?.code), `no error that was to be expected: ${error}`)
const gone = (direct: Redis, way: Way) => until('nothing is held', async () => (await direct.command('EXISTS', way.key)) === 0)

/** Ways to hold something that are asked for by scripts of their own. */
const WAYS = ['a lock', 'several', 'a permit', 'writing']
const wayOf = (redis: Redis, what: string) => everyWay(redis).find((way) => way.what === what)!
/** A way to hold something, whose scripts the server knows. */
async function warm(redis: Redis, what: string): Promise<Way> {
  const way = wayOf(redis, what)
  await (await got(way.acquire(LONG))).release()
  return way
}

describe('where a reply is lost', { concurrency: 2 }, () => {
  for (const fault of LOST) {
    for (const at of STEPS) {
      test(`of acquire, it is held or given back: ${fault.name}${at.title}`, async () => {
        const each = WAYS.map((what) =>
          amid(at, fault, (redis) => warm(redis, what), (way) => way.acquire(LONG), async ({ redis, direct, given: way, end }) => {
            // It may not say that another holds it: nobody does.
            assert.notEqual(end, null, what)
            if (end instanceof Error) assertAway(end)
            else assert.ok(['released', 'unknown'].includes(await end.release()))
            await gone(direct, way)
            await (await got(wayOf(redis, what).acquire(LONG))).release()
          }),
        )
        await Promise.all(each)
      })

      test(`of acquire that waits, it is held in the end: ${fault.name}${at.title}`, async () => {
        const each = WAYS.map((what) =>
          amid(at, fault, (redis) => warm(redis, what), (way) => way.acquire(LONG, { waitMs: PATIENCE }), async ({ direct, given: way, end }) => {
            assert.equal(end?.isValid?.(), true, `${what}: ${end}`)
            assert.equal(await end.release(), 'released')
            await gone(direct, way)
          }),
        )
        await Promise.all(each)
      })

      test(`of extend, it is extended, or held as long as it was: ${fault.name}${at.title}`, async () => {
        const take = async (redis: Redis) => {
          const here = lockOf(redis)
          const lock = await got(here.acquire('r', 60_000))
          assert.equal(await lock.extend(60_000), true)
          return { here, lock }
        }
        await amid(at, fault, take, ({ lock }) => lock.extend(LONG), async ({ direct, given: { here, lock }, end }) => {
          if (end instanceof Error) assertAway(end)
          else assert.equal(end, true)
          assert.deepEqual([lock.isValid(), lock.signal.aborted, lock.remainingMs() > 60_000], [true, false, !(end instanceof Error)])
          assert.equal(await direct.command('GET', namesOf(here, 'r').lock), lock.token)
          assert.equal(await lock.extend(LONG), true)
        })
      })

      test(`of release, it is released, or that is not known: ${fault.name}${at.title}`, async () => {
        const each = WAYS.map((what) => {
          const take = async (redis: Redis) => {
            const way = await warm(redis, what)
            return { way, lock: await got(way.acquire(LONG)) }
          }
          return amid(at, fault, take, ({ lock }) => lock.release(), async ({ direct, given: { way }, end }) => {
            assert.ok(['released', 'unknown'].includes(String(end)), `${what}: ${end}`)
            await gone(direct, way)
          })
        })
        await Promise.all(each)
      })

      test(`of release, what is another’s by then is left alone: ${fault.name}${at.title}`, async () => {
        const take = async (redis: Redis) => {
          const here = lockOf(redis)
          await (await got(here.acquire('r', LONG))).release()
          return { here, lock: await got(here.acquire('r', LONG)) }
        }
        const robbed = async ({ here, lock }: Awaited<ReturnType<typeof take>>, direct: Redis) => {
          await direct.command('SET', namesOf(here, 'r').lock, 'of another', 'PX', String(LONG))
          return lock.release()
        }
        await amid(at, fault, take, robbed, async ({ direct, given: { here }, end }) => {
          assert.ok(['stolen', 'unknown'].includes(String(end)), String(end))
          assert.equal(await direct.command('GET', namesOf(here, 'r').lock), 'of another')
          assert.deepEqual((await keysOf(direct, here)).filter((key) => /^(queue|waiting)/.test(key)), [])
        })
      })
    }
  }
})
