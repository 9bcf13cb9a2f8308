import assert from 'node:assert/strict'
import path from 'node:path'
import { describe, test } from 'node:test'
import { Redis, type RedisOptions } from '../index.js'
import { runClient } from './support/bridge-child'
import { MortalServer } from './support/client-server'
import { TestCluster } from './support/cluster'
import { FaultProxy } from './support/fault-proxy'
import { Mailbox } from './support/mailbox'
import type { RedisNode } from './support/redis-node'
import { askAll } from './support/resp'
import { root } from './support/root'
import { TestSentinel } from './support/sentinel'
import { until } from './support/until'

const SOON = { minMs: 1, maxMs: 20 }

type Ask = (...words: (string | number)[]) => Promise<any>

async function mailboxOf(options: RedisOptions) {
  const redis = await Redis.connect({ reconnect: SOON, commandTimeout: '30s', ...options })
  const close = () => redis.close({ timeoutMs: 1 })
  return { redis, mailbox: await Mailbox.of(redis), [Symbol.asyncDispose]: close }
}

async function mailboxOn(options: RedisOptions = {}) {
  const server = await MortalServer.start()
  const client = await mailboxOf({ url: server.url, ...options })
  const ask: Ask = async (...words) => (await askAll({ path: server.path }, [words]))[0]
  async function dispose() {
    await client[Symbol.asyncDispose]()
    await server[Symbol.asyncDispose]()
  }
  return { server, ...client, ask, [Symbol.asyncDispose]: dispose }
}

/** Who else is woken where somebody's word is published, which is heard by whom it is for. */
async function wokenBeside(mailbox: Mailbox, ask: Ask): Promise<string[]> {
  await mailbox.untilHears()
  const woken: string[] = []
  const [told, other] = await Promise.all(['told', 'other'].map((word) => mailbox.expecting(word)))
  void other!.came.then(() => woken.push('other'), () => {})
  await ask('PUBLISH', mailbox.channel, 'nobody')
  await ask('PUBLISH', mailbox.channel, 'told')
  await told!.came
  const early = [...woken]
  await ask('PUBLISH', mailbox.channel, 'other')
  await other!.came
  return early
}

/** Whether what is published is heard, by who waits for it and nobody else. */
const assertHeard = async (mailbox: Mailbox, ask: Ask) => assert.deepEqual(await wokenBeside(mailbox, ask), [])

/** How many connections of a server hear the channel of a client. */
async function subscribers(ask: Ask, mailbox: Mailbox): Promise<number> {
  const [, count] = await ask('PUBSUB', 'NUMSUB', mailbox.channel)
  return count
}

describe('a mailbox', () => {
  for (const protocol of [2, 3] as const) {
    test(`wakes who waits for a word, and nobody else, when the client speaks RESP${protocol}`, async () => {
      await using _ = await mailboxOn({ protocol })
      assert.match(_.mailbox.address, /^[0-9a-f]{16}$/)
      await assertHeard(_.mailbox, _.ask)
    })
  }

  test('has an address of its own for each client', async () => {
    await using _ = await mailboxOn()
    await using other = await mailboxOf({ url: _.server.url })
    assert.notEqual(_.mailbox.address, other.mailbox.address)
    const { came } = await other.mailbox.expecting('word')
    let isWoken = false
    void came.then(() => (isWoken = true))
    await _.ask('PUBLISH', _.mailbox.channel, 'word')
    await assertHeard(_.mailbox, _.ask)
    assert.equal(isWoken, false)
    await _.ask('PUBLISH', other.mailbox.channel, 'word')
    await came
  })

  test('wakes all who wait for the same word', async () => {
    await using _ = await mailboxOn()
    const waiting = await Promise.all(Array.from({ length: 100 }, () => _.mailbox.expecting('word')))
    await _.ask('PUBLISH', _.mailbox.channel, 'word')
    await Promise.all(waiting.map(({ came }) => came))
  })

  test('goes on over whatever somebody publishes', async () => {
    await using _ = await mailboxOn()
    for (const stray of ['', '\0', '*3', 'message', 'x'.repeat(100_000)]) await _.ask('PUBLISH', _.mailbox.channel, stray)
    await assertHeard(_.mailbox, _.ask)
    assert.equal(await subscribers(_.ask, _.mailbox), 1)
  })

  test('wakes everybody when more comes than can wait, and stays', async () => {
    await using _ = await mailboxOn()
    const { came } = await _.mailbox.expecting('never sent')
    const id = async () => /^id=(\d+)/.exec(await _.ask('CLIENT', 'LIST', 'TYPE', 'pubsub'))![1]
    const before = await id()
    // In one reading of the socket, so that nobody comes to hear in between.
    await _.ask('EVAL', `for i = 1, 20000 do redis.call('PUBLISH', ARGV[1], i) end`, 0, _.mailbox.channel)
    await came
    // There may be more than can wait a second time before all has been read.
    await until('only one is woken', async () => (await wokenBeside(_.mailbox, _.ask)).length === 0)
    assert.equal(await id(), before)
  })

  test('is one more connection from its first use on, has the name of the others, and ends with the client', async () => {
    await using server = await MortalServer.start()
    const ask: Ask = async (...words) => (await askAll({ path: server.path }, [words]))[0]
    const standing = async () => (await ask('CLIENT', 'LIST')).split('\n').filter((line: string) => line.includes('name=mine')).length
    const clients = await Promise.all(Array.from({ length: 20 }, () => Redis.connect({ url: server.url, connectionName: 'mine' })))
    const mailboxes = await Promise.all(clients.map((redis) => Mailbox.prepare(redis)))
    assert.equal(await standing(), 20)
    await Promise.all(mailboxes.map((mailbox) => mailbox.untilHears()))
    assert.equal(await standing(), 40)
    assert.ok(clients.every((redis) => redis.metrics().connections === 1))
    await Promise.all(clients.map((redis) => redis.close()))
    await until('none is left', async () => (await standing()) === 0)
  })

  test('wakes who waits when the client is closed', async () => {
    await using _ = await mailboxOn()
    const { came } = await _.mailbox.expecting('never sent')
    const ended = came.catch((error) => error.code)
    await _.redis.close({ timeoutMs: 1 })
    assert.ok([undefined, 'ERR_CLOSED'].includes(await ended))
  })

  test('neither holds the process nor a client that nobody holds', async () => {
    await using server = await MortalServer.start()
    const child = runClient(
      server.url,
      `
      const { call } = require(${JSON.stringify(path.join(root, 'lib/redis.js'))})
      const hears = (redis) => call(redis, (native, ticket) => native.hears(ticket, 10_000))
      const asking = new Redis(url)
      const hearing = async () => (await asking.command('PUBSUB', 'CHANNELS', 'redwright:wake:*')).length
      await hears(new Redis(url))
      report(await hearing())
      while (await hearing() !== 0) {
        gc()
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
      report(await hears(asking))`,
      ['--expose-gc'],
    )
    assert.deepEqual(await child.ended, { code: 0, reports: [1, true], stderr: '' })
  })

  test('goes on with a pool, and in another database', async () => {
    await using _ = await mailboxOn({ poolSize: 4, db: 3 })
    await assertHeard(_.mailbox, _.ask)
    assert.equal(await subscribers(_.ask, _.mailbox), 1)
  })
})

describe('a mailbox stands again, and everybody is woken, after', () => {
  const faults: Record<string, (_: Awaited<ReturnType<typeof mailboxOn>>) => Promise<unknown>> = {
    'its connection is cut off': ({ ask }) => ask('CLIENT', 'KILL', 'TYPE', 'pubsub'),
    'the ordinary connection is cut off': async ({ ask, redis }) => ask('CLIENT', 'KILL', 'ID', String(await redis.command('CLIENT', 'ID'))),
    'the server was started anew': async ({ server }) => {
      await server.crash()
      await server.start()
    },
  }
  for (const [what, fault] of Object.entries(faults)) {
    test(what, async () => {
      await using _ = await mailboxOn()
      const waiting = await Promise.all(['a', 'b'].map((word) => _.mailbox.expecting(word)))
      await fault(_)
      await Promise.all(waiting.map(({ came }) => came))
      await assertHeard(_.mailbox, _.ask)
      await until('one is left', async () => (await subscribers(_.ask, _.mailbox)) === 1)
    })
  }

  test('the server stood still for longer than the watchdog waits', async () => {
    await using _ = await mailboxOn({ watchdogMs: 100 })
    const { came } = await _.mailbox.expecting('a')
    _.server.kill('SIGSTOP')
    await came
    _.server.kill('SIGCONT')
    await assertHeard(_.mailbox, _.ask)
  })

  test('a network lost its connection, though the ordinary one is well', async () => {
    await using server = await MortalServer.start()
    await using proxy = await FaultProxy.start({ path: server.path })
    await using _ = await mailboxOf({ url: proxy.url, watchdogMs: 100 })
    const ask: Ask = async (...words) => (await askAll({ path: server.path }, [words]))[0]
    const { came } = await _.mailbox.expecting('a')
    // In the order of their coming; the ordinary one is the first.
    proxy.halfOpen(1)
    await ask('PUBLISH', _.mailbox.channel, 'b')
    await came
    await assertHeard(_.mailbox, ask)
    assert.equal(_.redis.metrics().connections, 1)
  })
})

describe('a mailbox with nothing amiss', () => {
  test('is not disturbed by the watchdog, and asked for a word when the ordinary connection is', async () => {
    await using _ = await mailboxOn({ watchdogMs: 20 })
    const { came } = await _.mailbox.expecting('never sent')
    let isWoken = false
    void came.then(() => (isWoken = true), () => {})
    const pings = async () => Number(/cmdstat_ping:calls=(\d+)/.exec(await _.ask('INFO', 'commandstats'))?.[1] ?? 0)
    const before = await pings()
    await until('each has been asked a few times', async () => (await pings()) >= before + 20)
    assert.equal(isWoken, false)
    assert.equal(await subscribers(_.ask, _.mailbox), 1)
  })
})

describe('a mailbox where it is not to be had', () => {
  for (const [what, rules] of [
    ['may not hear the channel', ['~*', 'resetchannels', '+@all']],
    ['may not subscribe', ['~*', '&*', '+@all', '-subscribe']],
  ] as const) {
    test(`since the user ${what}: says so, and does not ask again while the connection stands`, async () => {
      await using server = await MortalServer.start()
      const ask: Ask = async (...words) => (await askAll({ path: server.path }, [words]))[0]
      await ask('ACL', 'SETUSER', 'few', 'on', '>pw', ...rules)
      await using redis = await Redis.connect({ url: server.url, username: 'few', password: 'pw', reconnect: SOON, commandTimeout: '30s' })
      const mailbox = await Mailbox.prepare(redis)
      assert.equal(await mailbox.hears(), false)
      const stats = async () => Number(/total_connections_received:(\d+)/.exec(await ask('INFO', 'stats'))![1])
      const before = await stats()
      for (let i = 0; i < 50; i++) assert.equal(await mailbox.hears(), false)
      await new Promise((resolve) => setTimeout(resolve, 200))
      // Those that ask.
      assert.equal((await stats()) - before, 1)
      await ask('ACL', 'SETUSER', 'few', '~*', '&*', '+@all')
      await ask('CLIENT', 'KILL', 'USER', 'few')
      await mailbox.untilHears()
      await assertHeard(mailbox, ask)
    })
  }

  test('a server that comes later is waited for', async () => {
    const server = MortalServer.prepare()
    await using redis = new Redis({ url: server.url, reconnect: SOON, commandTimeout: '30s' })
    const begun = performance.now()
    assert.equal(await Mailbox.hears(redis, 50), false)
    assert.ok(performance.now() - begun >= 45)
    const later = Mailbox.hears(redis, 30_000)
    await server.start()
    try {
      assert.equal(await later, true)
    } finally {
      await server[Symbol.asyncDispose]()
    }
  })
})

describe('a mailbox in a cluster', () => {
  async function clusterMailbox(settings = {}, options = {}) {
    const cluster = await TestCluster.start(settings)
    const client = await mailboxOf({ ...cluster.options, ...options })
    const hearing = async () => {
      const counts = await Promise.all(cluster.alive.map(async (node) => ({ node, count: await subscribers(asking(node), client.mailbox) })))
      return counts.filter(({ count }) => count > 0).map(({ node }) => node)
    }
    const dispose = async () => {
      await client[Symbol.asyncDispose]()
      await cluster.stop()
    }
    return { cluster, ...client, hearing, [Symbol.asyncDispose]: dispose }
  }
  const asking = (node: RedisNode): Ask => (...words) => node.ask(...words)

  test('is one connection to a master, and hears what is published on any node', async () => {
    await using _ = await clusterMailbox()
    for (const node of _.cluster.nodes) await assertHeard(_.mailbox, asking(node))
    const hearing = await _.hearing()
    assert.equal(hearing.length, 1)
    assert.ok((await _.cluster.primaries()).includes(hearing[0]!))
  })

  test('goes to another node when its own dies, before anybody takes its slots', async () => {
    await using _ = await clusterMailbox({ replicasEach: 0, fullCoverage: false, nodeTimeoutMs: 1000 }, { watchdogMs: 200 })
    const [own] = await _.hearing()
    const { came } = await _.mailbox.expecting('a')
    await own!.crash()
    await came
    for (const node of _.cluster.alive) await assertHeard(_.mailbox, asking(node))
  })

  test('leaves a node that has left the cluster or lost its office', async () => {
    await using _ = await clusterMailbox({ nodeTimeoutMs: 1000 }, { watchdogMs: 200 })
    const [own] = await _.hearing()
    const { came } = await _.mailbox.expecting('a')
    const [replica] = await _.cluster.replicasOf(own!)
    await _.cluster.failover(replica!)
    // Its map is learnt when something is asked.
    await until('a key of each node is asked for', async () => {
      await Promise.all(Array.from({ length: 50 }, (_unused, i) => _.redis.command('SET', `k${i}`, '1').catch(() => {})))
      return !(await _.hearing()).includes(own!)
    })
    await came
    await assertHeard(_.mailbox, asking(replica!))
  })
})

describe('a mailbox under sentinels', () => {
  test('follows the master, also from one that was stopped and goes on', async () => {
    await using sentinel = await TestSentinel.start({ password: 'of-the-servers', downAfterMs: 1000 })
    await using _ = await mailboxOf({ ...sentinel.options, watchdogMs: 200 })
    const untilWithMaster = async () => {
      const master = await sentinel.master()
      await until('the master alone is heard', async () => {
        const counts = await Promise.all(sentinel.servers.map((node) => subscribers((...words) => node.ask(...words), _.mailbox)))
        return sentinel.servers.every((node, i) => counts[i] === (node === master ? 1 : 0))
      })
    }
    const askMaster: Ask = async (...words) => (await sentinel.master()).ask(...words)
    await assertHeard(_.mailbox, askMaster)
    const first = await _.mailbox.expecting('a')
    await sentinel.failover()
    await first.came
    await untilWithMaster()
    await assertHeard(_.mailbox, askMaster)
    const second = await _.mailbox.expecting('b')
    const master = await sentinel.master()
    master.kill('SIGSTOP')
    await second.came
    await sentinel.untilMasterIsNot(master)
    master.kill('SIGCONT')
    await sentinel.untilConverged()
    await untilWithMaster()
    await assertHeard(_.mailbox, askMaster)
  })
})
