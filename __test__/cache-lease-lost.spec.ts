import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Redis, TypeSafeCache, type CacheOptions } from '../index.js'
import { heldSource, stored } from './support/cache-fleet'
import { fresh, warm } from './support/cache-tools'
import { MortalServer } from './support/client-server'
import { type StepFault, StepProxy, Trap } from './support/step-proxy'
import { TROUBLED } from './support/step-case'
import { until } from './support/until'

// A lease that was granted and of which the grant was lost: nobody is to wait for its end, which is ten minutes away here.

for (const protocol of [2, 3] as const) {
  describe(`a lease whose grant is lost, over RESP${protocol}`, { concurrency: 6 }, () => {
    let server: MortalServer
    let direct: Redis
    before(async () => {
      server = await MortalServer.start()
      direct = await Redis.connect({ url: server.url, commandTimeout: '60s' })
      await warm(direct)
    })
    after(async () => {
      await direct?.close()
      await server?.[Symbol.asyncDispose]()
    })

    interface Scene {
      cache: TypeSafeCache
      /** Of a process that is well. */
      other: TypeSafeCache
      /** Lets the fault happen at the next step of this name. */
      at(step: string, fault?: StepFault): void
      isHeld(key: string): Promise<boolean>
    }
    async function lost(work: (scene: Scene) => Promise<void>, ...keys: string[]): Promise<void> {
      await using proxy = await StepProxy.start(server)
      await using redis = await Redis.connect({ ...proxy.address, ...TROUBLED, protocol })
      const options: CacheOptions = { namespace: fresh(), leaseMs: 600_000, waitMs: 60_000 }
      const [cache, other] = [new TypeSafeCache(redis, { ...options, timeoutMs: TROUBLED.commandTimeout }), new TypeSafeCache(direct, options)]
      const isHeld = async (key: string) => (await direct.command('EXISTS', stored(cache, key))) === 1
      let wasHeld: boolean | undefined
      const at: Scene['at'] = (step, { before, after } = {}) => {
        proxy.trap = new Trap(step, {
          before: async (link) => {
            wasHeld = false
            return before?.(link)
          },
          after: async (link) => {
            wasHeld = (await Promise.all(keys.map(isHeld))).every(Boolean)
            return after?.(link)
          },
        })
      }
      await work({ cache, other, at, isHeld })
      assert.equal(wasHeld, true, 'there was a lease')
      await until('it is given back', async () => !(await Promise.all(keys.map(isHeld))).includes(true))
      for (const key of keys) assert.equal(await other.getOrSet(key, () => 'of another'), 'of another')
    }
    const deaf: StepFault = {
      async after(link) {
        link.deaf = true
      },
    }

    test('to getOrSet is given back', () =>
      lost(async ({ cache, at }) => {
        at('lease', deaf)
        assert.equal(await cache.getOrSet('1', () => 'loaded'), 'loaded')
      }, '1'))

    test('to a forced load is given back', () =>
      lost(async ({ cache, at }) => {
        at('lease', deaf)
        assert.equal(await cache.getOrSet('1', () => 'loaded', { forceFresh: true }), 'loaded')
      }, '1'))

    test('to getOrSetMany is given back, of every key', () =>
      lost(async ({ cache, at }) => {
        at('lease', deaf)
        assert.equal((await cache.getOrSetMany(['1', '2'], (keys) => new Map(keys.map((key) => [key, 'loaded'])))).size, 2)
      }, '1', '2'))

    test('to getOrSetMany for a key that it waited for is given back', () =>
      lost(async ({ cache, other, at, isHeld }) => {
        const source = heldSource()
        const elsewhere = other.getOrSet('1', source.fetch)
        await source.begun
        const failed = assert.rejects(elsewhere, /no database/)
        const many = cache.getOrSetMany(['1'], () => new Map([['1', 'loaded']]))
        await until('it waits', () => cache.metrics().leaseWaits === 1)
        at('lease', {
          async before() {
            source.fail(new Error('no database'))
            await until('the lease is free', async () => !(await isHeld('1')))
          },
          ...deaf,
        })
        assert.deepEqual(await many, new Map([['1', 'loaded']]))
        await failed
      }, '1'))

    for (const many of [false, true]) {
      test(`to ${many ? 'getOrSetMany' : 'getOrSet'} is given back where the server refuses the epoch that is asked for beside it`, () =>
        lost(async ({ cache, at }) => {
          at('snapshot', { before: async () => 'MISCONF not now' })
          const options = { tags: ['t'] }
          if (many) assert.equal((await cache.getOrSetMany(['1'], () => new Map([['1', 'loaded']]), options)).get('1'), 'loaded')
          else assert.equal(await cache.getOrSet('1', () => 'loaded', options), 'loaded')
        }, '1'))
    }
  })
}
