import assert from 'node:assert/strict'
import path from 'node:path'
import { after, describe, test } from 'node:test'
import { Redis, type RedisOptions } from '../index.js'
import { startServer } from '../testing.js'
import { runClient } from './support/bridge-child'
import { MortalServer } from './support/client-server'
import { askAll } from './support/resp'
import { root } from './support/root'
import { realServer } from './support/servers'
import { Tracking, type Read } from './support/tracked'
import { until } from './support/until'

const server = await realServer()
const other = await Redis.connect(server.url)
after(async () => {
  await other.close()
  await server.stop()
})

async function tracked(options: RedisOptions = {}) {
  const redis = await Redis.connect({ url: server.url, ...options })
  return { redis, tracking: await Tracking.of(redis), [Symbol.asyncDispose]: () => redis.close() }
}

for (const protocol of [2, 3] as const) {
  describe(`a tracked read over RESP${protocol}`, () => {
    const changes: Record<string, (key: string) => Promise<unknown>> = {
      'is overwritten': (key) => other.command('SET', key, 'new'),
      'is deleted': (key) => other.command('DEL', key),
      'is given another life': (key) => other.command('PEXPIRE', key, 100_000),
      'is emptied away with everything': () => other.command('FLUSHALL'),
      'is emptied away with its database': () => other.command('FLUSHDB'),
    }
    for (const [what, change] of Object.entries(changes)) {
      test(`is told when its key ${what}`, async () => {
        await using _ = await tracked({ protocol })
        const { tracking } = _
        await other.command('SET', 'told', 'old')
        const read = await tracking.readTracked('told')
        assert.equal(read.value, 'old')
        assert.ok(tracking.isCurrent(read))
        await change('told')
        await tracking.untilOutdated(read)
        assert.equal((await tracking.readTracked('told')).tracked, true)
      })
    }

    test('is told when its key expires', async () => {
      await using _ = await tracked({ protocol })
      const { tracking } = _
      let read: Read
      do {
        await other.command('SET', 'expires', 'old', 'PX', 100)
        read = await tracking.readTracked('expires')
      } while (read.value === null)
      await tracking.untilOutdated(read)
      assert.equal((await tracking.read('expires')).value, null)
    })

    test('of a key that is not there is told when it comes', async () => {
      await using _ = await tracked({ protocol })
      const { tracking } = _
      await other.command('DEL', 'comes')
      const read = await tracking.readTracked('comes')
      assert.equal(read.value, null)
      await other.command('SET', 'comes', '1')
      await tracking.untilOutdated(read)
    })

    test('tells how long it lives, where asked', async () => {
      await using _ = await tracked({ protocol })
      const { tracking } = _
      await tracking.readTracked('lives')
      await other.command('SET', 'lives', '1', 'PX', 100_000)
      const { value, pttl, tracked: isTracked } = await tracking.read('lives', true)
      assert.ok(value === '1' && isTracked && pttl! > 90_000 && pttl! <= 100_000)
      await other.command('PERSIST', 'lives')
      assert.equal((await tracking.read('lives', true)).pttl, -1)
      assert.equal((await tracking.read('nobody-lives', true)).pttl, -2)
      assert.equal((await tracking.read('lives')).pttl, null)
    })

    test('is told of a write of its own client', async () => {
      await using _ = await tracked({ protocol })
      const { redis, tracking } = _
      const read = await tracking.readTracked('own')
      await redis.command('SET', 'own', '1')
      await tracking.untilOutdated(read)
    })
  })
}

describe('tracking', () => {
  test('begins with the very first read', async () => {
    await using _ = await tracked()
    // A machine that stands still may let the moment pass that is waited for the pair.
    let tries = 0
    await until('one of the first reads is', async () => {
      tries++
      await using fresh = await tracked()
      return (await fresh.tracking.read('first')).tracked
    })
    assert.ok(tries <= 5)
  })

  test('tells of a change while the event loop is blocked', async () => {
    await using _ = await tracked()
    const { tracking } = _
    await other.command('SET', 'blocked', 'old')
    const { slot, generation } = await tracking.readTracked('blocked')
    // Leaves by the I/O thread, without the event loop.
    void other.command('SET', 'blocked', 'new')
    await new Promise<void>((resolve) => process.nextTick(() => process.nextTick(resolve)))
    const begun = performance.now()
    while (Atomics.load(tracking.words, slot) === generation && performance.now() - begun < 30_000) {
      // Nothing of this thread's own runs meanwhile.
    }
    assert.notEqual(Atomics.load(tracking.words, slot), generation)
  })

  test('is of bytes, whatever they are', async () => {
    await using _ = await tracked()
    const { tracking } = _
    const keys = [Buffer.from([0xff, 0, 13, 10, 0xc3]), Buffer.from('message'), Buffer.from(''), Buffer.from('subscribe'), Buffer.from('CLUSTERDOWN x'), Buffer.from('ä€😀'), Buffer.alloc(10_000, 'k')]
    for (const key of keys) {
      const read = await tracking.readTracked(key)
      await other.command('SET', key, '1')
      await tracking.untilOutdated(read)
    }
    const reads = await Promise.all(keys.map((key) => tracking.read(key)))
    await other.command('MSET', ...keys.flatMap((key) => [key, '2']))
    for (const read of reads) await tracking.untilOutdated(read)
  })

  test('leaves others current', async () => {
    await using _ = await tracked()
    const { tracking } = _
    await tracking.readTracked('mine')
    const reads = await Promise.all(Array.from({ length: 100 }, (_, i) => tracking.read(`calm:${i}`)))
    const busy = await tracking.read('busy')
    await other.command('SET', 'busy', '1')
    await tracking.untilOutdated(busy)
    // Two keys may share a word.
    assert.ok(reads.filter((read) => tracking.isCurrent(read)).length >= 98)
  })

  test('misses none of many changes, and marks all at once when too many come', async () => {
    await using _ = await tracked({ maxPending: 100_000 })
    const { tracking } = _
    const keys = Array.from({ length: 20_000 }, (_, i) => `many:${i}`)
    await tracking.readTracked('many')
    const reads = await Promise.all(keys.map((key) => tracking.read(key)))
    await other.command('MSET', ...keys.flatMap((key) => [key, '1']))
    for (const read of reads) await tracking.untilOutdated(read)
    assert.equal((await tracking.readTracked(keys[0]!)).value, '1')
  })

  test('wakes who watches a key, and nobody else', async () => {
    await using _ = await tracked({ commandTimeout: '30s' })
    const { tracking } = _
    await tracking.readTracked('watched')
    const woken: string[] = []
    const watching = ['watched', 'unwatched'].map((key) => tracking.watch(key).then(() => woken.push(key), () => {}))
    await tracking.read('watched')
    await tracking.read('unwatched')
    await other.command('SET', 'watched', '1')
    await watching[0]
    assert.deepEqual(woken, ['watched'])
    await other.command('FLUSHALL')
    await watching[1]
  })

  test('can be asked for its words more than once', async () => {
    await using _ = await tracked()
    const again = await Tracking.of(_.redis)
    const read = await again.readTracked('twice')
    await other.command('SET', 'twice', '1')
    await Promise.all([again.untilOutdated(read), _.tracking.untilOutdated(read)])
  })

  test('goes on over a stray message that somebody publishes', async () => {
    await using _ = await tracked({ reconnect: { minMs: 1, maxMs: 20 } })
    const { tracking } = _
    const read = await tracking.readTracked('stray')
    await other.command('PUBLISH', '__redis__:invalidate', 'stray')
    await tracking.untilOutdated(read)
    const next = await tracking.readTracked('stray')
    await other.command('SET', 'stray', '1')
    await tracking.untilOutdated(next)
  })

  test('has nothing to do with errors: they are those of the ordinary way', async () => {
    await using _ = await tracked()
    const { tracking } = _
    await tracking.readTracked('list')
    await other.command('DEL', 'list')
    await other.command('RPUSH', 'list', 'message', 'a', 'b')
    await assert.rejects(tracking.read('list'), { code: 'ERR_SERVER', serverCode: 'WRONGTYPE' })
    await assert.rejects(tracking.read('list', true), { code: 'ERR_SERVER', serverCode: 'WRONGTYPE' })
  })
})

describe('a server on which tracking is not to be had', () => {
  async function isDoneWithout(options: RedisOptions, connections: () => Promise<number>) {
    await using redis = await Redis.connect(options)
    const tracking = await Tracking.of(redis)
    await redis.command('SET', 'without', '1')
    const reads: Read[] = []
    for (let i = 0; i < 50; i++) reads.push(await tracking.read('without', i % 2 === 1))
    assert.ok(reads.every(({ value, tracked }) => value === '1' && !tracked))
    // The one that is kept, two that were tried, and that which asks.
    assert.ok((await connections()) <= 4, `${await connections()} connections`)
  }

  test('is js-redis-server', async () => {
    const server = await startServer({ binary: 'js-redis-server' })
    try {
      await isDoneWithout({ url: server.url }, async () => 0)
    } finally {
      await server.stop()
    }
  })

  for (const [what, rules] of [
    ['may not track', ['~*', '&*', '+@all', '-client|tracking']],
    ['may not hear the channel', ['~*', 'resetchannels', '+@all']],
    ['may not subscribe', ['~*', '&*', '+@all', '-subscribe']],
    ['may not ask who he is', ['~*', '&*', '+@all', '-client|id']],
  ] as const) {
    test(`is one whose user ${what}`, async () => {
      await using own = await MortalServer.start()
      const [, before] = await askAll(own, [['ACL', 'SETUSER', 'few', 'on', '>pw', ...rules], ['INFO', 'stats']])
      const accepted = (info: string) => Number(/total_connections_received:(\d+)/.exec(info)![1])
      const connections = async () => accepted((await askAll(own, [['INFO', 'stats']]))[0]) - accepted(before)
      await isDoneWithout({ url: own.url, username: 'few', password: 'pw' }, connections)
    })
  }
})

describe('connections of tracking', () => {
  const standing = async () => (await other.command<string>('CLIENT', 'LIST')).split('\n').filter((line) => line.includes('name=paired')).length

  test('do not hold the process', async () => {
    const child = runClient(
      server.url,
      `
      const { call } = require(${JSON.stringify(path.join(root, 'lib/redis.js'))})
      const redis = await Redis.connect(url)
      const read = () => call(redis, (native, ticket) => native.readTracked(ticket, 'idle', false))
      while (!(await read())[4]);
      report('tracked')`,
    )
    assert.deepEqual(await child.ended, { code: 0, reports: ['tracked'], stderr: '' })
  })

  test('are not made before somebody reads so, and have the name of the others', async () => {
    await using _ = await tracked({ connectionName: 'paired' })
    await _.redis.command('GET', 'a')
    assert.equal(await standing(), 1)
    await _.tracking.readTracked('a')
    assert.equal(await standing(), 3)
    assert.equal(_.redis.metrics().connections, 1)
  })

  test('are closed with the client, all of many', async () => {
    const clients = await Promise.all(Array.from({ length: 50 }, () => tracked({ connectionName: 'paired' })))
    await Promise.all(clients.map(({ tracking }) => tracking.readTracked('a')))
    assert.equal(await standing(), 150)
    const reads = await Promise.all(clients.map(({ tracking }) => tracking.readTracked('a')))
    await Promise.all(clients.map(({ redis }) => redis.close()))
    await until('none is left', async () => (await standing()) === 0)
    // Nobody tells any more.
    assert.ok(clients.every(({ tracking }, i) => !tracking.isCurrent(reads[i]!)))
  })

  test('use the database of the client', async () => {
    await using _ = await tracked({ db: 3 })
    const read = await _.tracking.readTracked('in-three')
    await _.redis.command('SET', 'in-three', 'three')
    await _.tracking.untilOutdated(read)
    assert.equal((await _.tracking.readTracked('in-three')).value, 'three')
    assert.equal(await other.command('GET', 'in-three'), null)
  })
})
