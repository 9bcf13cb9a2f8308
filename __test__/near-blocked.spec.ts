import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Redis, type RedisOptions, TypeSafeCache } from '../index.js'
import { fresh } from './support/cache-tools'
import { TestCluster } from './support/cluster'
import { blockUntil, Writer } from './support/near-writer'
import { copied } from './support/near-tools'
import { realServer } from './support/servers'

/** Of one slot, so that what is told of them comes in order. */
const key = (name: string) => `{x}${name}`
const turn = () => new Promise<void>((resolve) => process.nextTick(() => process.nextTick(resolve)))

const places: Record<string, () => Promise<{ options: RedisOptions; stop(): Promise<unknown> }>> = {
  'a server and RESP3': async () => {
    const server = await realServer()
    return { options: { url: server.url, protocol: 3 }, stop: () => server.stop() }
  },
  'a server and RESP2': async () => {
    const server = await realServer({ tcp: true })
    return { options: { url: server.url, protocol: 2 }, stop: () => server.stop() }
  },
  'a cluster': () => TestCluster.start(),
}

for (const [where, start] of Object.entries(places)) {
  describe(`copies in memory while the event loop is blocked, on ${where}`, () => {
    let place: Awaited<ReturnType<typeof start>>
    let redis: Redis
    let writer: Writer
    before(async () => {
      place = await start()
      redis = await Redis.connect(place.options)
      writer = await Writer.start(place.options)
    })
    after(async () => {
      await writer.stop()
      await redis.close()
      await place.stop()
    })
    const newCache = () => new TypeSafeCache(redis, { namespace: fresh(), near: true })
    const stored = (cache: TypeSafeCache, name: string) => `cache:${cache.namespace}:${key(name)}`

    test('the first read after a change gives the new value: get, getOrSet and peek', async () => {
      const cache = newCache()
      const names = ['get', 'getOrSet', 'peek', 'last']
      for (let round = 0; round < 10; round++) {
        await cache.setMany(names.map((name) => [key(name), `old ${round}`]))
        for (const name of names) assert.equal(await copied(cache, key(name)), `old ${round}`)
        writer.write(...names.map((name) => ['SET', stored(cache, name), `"new ${round}"`]))
        // The changes are told in the order in which they were made.
        blockUntil('the last of them is known', () => cache.peek(key('last')) === undefined)
        assert.equal(cache.peek(key('peek')), undefined)
        const reads = [cache.get(key('get')), cache.getOrSet<unknown>(key('getOrSet'), () => 'loaded'), cache.get(key('peek'))]
        assert.deepEqual(await Promise.all(reads), reads.map(() => `new ${round}`))
      }
    })

    test('a deletion, an expiry and FLUSHALL are known', async () => {
      const cache = newCache()
      const changes: [name: string, ...string[]][] = [
        ['deleted', 'UNLINK', stored(cache, 'deleted')],
        ['expired', 'PEXPIRE', stored(cache, 'expired'), '0'],
        ['flushed', 'SET', stored(cache, 'flushed'), '"new"'],
      ]
      for (const [name, ...command] of changes) {
        await cache.set(key(name), 'old')
        await copied(cache, key(name))
        writer.write(command)
        blockUntil(`it is ${name}`, () => cache.peek(key(name)) === undefined)
      }
      await cache.set(key('all'), 'old')
      await copied(cache, key('all'))
      if (where !== 'a cluster') {
        writer.write(['FLUSHALL'])
        blockUntil('all is gone', () => cache.peek(key('all')) === undefined)
        assert.equal(await cache.get(key('all')), null)
      }
    })

    test('what was read before a change, and comes to be kept behind it, is not kept', async () => {
      const cache = newCache()
      let proofs = 0
      for (let round = 0; proofs < 20; round++) {
        assert.ok(round < 2000, 'no read was ever before the change')
        await cache.setMany<unknown>([[key('raced'), `old ${round}`], [key('last'), round]])
        assert.equal(await copied(cache, key('last')), round)
        const reading = cache.get(key('raced'))
        // It leaves, and nothing of its reply is seen before the loop goes on.
        await turn()
        writer.write(['SET', stored(cache, 'raced'), `"new ${round}"`], ['SET', stored(cache, 'last'), '0'])
        blockUntil('the change is known', () => cache.peek(key('last')) === undefined)
        if ((await reading) === `old ${round}`) proofs++
        assert.notEqual(cache.peek(key('raced')), `old ${round}`)
        assert.equal(await cache.get(key('raced')), `new ${round}`)
      }
    })

    test('an entry ends in memory with its life, however late its reply is taken', async () => {
      const cache = newCache()
      await cache.set(key('first'), 1)
      await copied(cache, key('first'))
      await cache.set(key('short'), 1, { ttl: '100ms' })
      const stored = performance.now()
      const reading = cache.get(key('short'))
      await turn()
      blockUntil('its life is over', () => performance.now() - stored > 110)
      await reading
      assert.equal(cache.peek(key('short')), undefined)
    })
  })
}
