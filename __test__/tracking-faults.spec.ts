import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Redis, type RedisOptions } from '../index.js'
import { randoms } from './support/bridge-random'
import { MortalServer } from './support/client-server'
import { FaultProxy } from './support/fault-proxy'
import { askAll } from './support/resp'
import { seed } from './support/seed'
import { Tracking, type Read } from './support/tracked'
import { until } from './support/until'

const SOON = { minMs: 1, maxMs: 20 }
const WAYS = ['reader', 'subscriber'] as const

async function trackedOn(options: RedisOptions = {}) {
  const server = await MortalServer.start()
  const redis = await Redis.connect({ url: server.url, reconnect: SOON, commandTimeout: '30s', ...options })
  const tracking = await Tracking.of(redis)
  const ask = async (...words: (string | number)[]) => (await askAll({ path: server.path }, [words]))[0]
  async function dispose() {
    await redis.close({ timeoutMs: 1 })
    await server[Symbol.asyncDispose]()
  }
  return { server, redis, tracking, ask, [Symbol.asyncDispose]: dispose }
}

/** The numbers that a server has given to connections of either kind. */
async function idsOf(ask: (...words: string[]) => Promise<string>, way: (typeof WAYS)[number]): Promise<string[]> {
  const lines = (await ask('CLIENT', 'LIST')).split('\n')
  // `t` says that it is told of what it reads, `P` that it subscribes to something.
  const isOne = (line: string) => (way === 'reader' ? / flags=\w*t/ : / flags=\w*P/).test(line)
  return lines.filter(isOne).map((line) => /^id=(\d+)/.exec(line)![1]!)
}

/** Whether changes are told, from now on too. */
async function assertTold(tracking: Tracking, change: (value: string) => Promise<unknown>, key: string) {
  const read = await tracking.readTracked(key)
  await change('told')
  await tracking.untilOutdated(read)
  const next = await tracking.readTracked(key)
  await change('told again')
  await tracking.untilOutdated(next)
}

describe('tracking, when', () => {
  for (const way of WAYS) {
    test(`the ${way} is cut off: what was read is not taken for known, and a new pair is made`, async () => {
      await using _ = await trackedOn()
      const { tracking, ask } = _
      const read = await tracking.readTracked('a')
      const [id] = await idsOf(ask, way)
      await ask('CLIENT', 'KILL', 'ID', id!)
      await tracking.untilOutdated(read)
      await assertTold(tracking, (value) => ask('SET', 'a', value), 'a')
      for (const either of WAYS) assert.equal((await idsOf(ask, either)).length, 1)
      assert.equal(_.redis.metrics().connections, 1)
    })
  }

  test('the ordinary connection is cut off: the pair is made anew behind it', async () => {
    await using _ = await trackedOn()
    const { redis, tracking, ask } = _
    const read = await tracking.readTracked('a')
    await ask('CLIENT', 'KILL', 'ID', String(await redis.command('CLIENT', 'ID')))
    await tracking.untilOutdated(read)
    await assertTold(tracking, (value) => ask('SET', 'a', value), 'a')
    for (const way of WAYS) await until('one pair is left', async () => (await idsOf(ask, way)).length === 1)
  })

  test('a connection is cut off, reads go on by the ordinary one and none fails', async () => {
    await using _ = await trackedOn()
    const { tracking, ask } = _
    await tracking.readTracked('a')
    await ask('SET', 'a', '1')
    for (let round = 0; round < 20; round++) {
      const reads = Array.from({ length: 100 }, () => tracking.read('a', round % 2 === 1))
      const [id] = await idsOf(ask, WAYS[round % 2]!)
      if (id !== undefined) await ask('CLIENT', 'KILL', 'ID', id)
      assert.ok((await Promise.all(reads)).every(({ value }) => value === '1'))
    }
    await tracking.readTracked('a')
  })

  test('who watches is woken when a connection is cut off', async () => {
    await using _ = await trackedOn()
    const { tracking, ask } = _
    await tracking.readTracked('a')
    const watching = tracking.watch('a')
    await tracking.read('a')
    await ask('CLIENT', 'KILL', 'TYPE', 'pubsub')
    await watching
  })

  test('the server crashes and comes back', async () => {
    await using _ = await trackedOn()
    const { server, tracking, ask } = _
    const read = await tracking.readTracked('a')
    await server.crash()
    await tracking.untilOutdated(read)
    await server.start()
    await assertTold(tracking, (value) => ask('SET', 'a', value), 'a')
  })

  test('the server is not there at first', async () => {
    const server = MortalServer.prepare()
    await using redis = new Redis({ url: server.url, reconnect: SOON, commandTimeout: 100 })
    const tracking = await Tracking.of(redis).catch(() => undefined)
    assert.equal(tracking, undefined)
    await server.start()
    try {
      await until('it stands', () => redis.ping().then(() => true, () => false))
      const tracking = await Tracking.of(redis)
      await assertTold(tracking, (value) => askAll({ path: server.path }, [['SET', 'a', value]]), 'a')
    } finally {
      await server[Symbol.asyncDispose]()
    }
  })

  test('the server stands still for longer than the watchdog waits', async () => {
    await using _ = await trackedOn({ watchdogMs: 100 })
    const { server, tracking, ask } = _
    const read = await tracking.readTracked('a')
    server.kill('SIGSTOP')
    await tracking.untilOutdated(read)
    server.kill('SIGCONT')
    await assertTold(tracking, (value) => ask('SET', 'a', value), 'a')
  })
})

describe('copies of what is read and written all the time', () => {
  test('are never taken for current when they are not, whatever is cut off meanwhile', async () => {
    await using _ = await trackedOn()
    const { server, tracking, ask } = _
    await using other = await Redis.connect(server.url)
    const copies = new Map<string, Read>()
    const random = randoms(seed)
    const key = () => `k${Math.floor(random() * 200)}`
    const read = async (key: string) => copies.set(key, await tracking.read(key))
    for (let round = 0; round < 60; round++) {
      const steps: Promise<unknown>[] = []
      for (let i = 0; i < 100; i++) {
        steps.push(read(key()), other.command('SET', key(), `${round}:${i}`))
        if (i % 20 === 0) steps.push(other.command('DEL', key()))
      }
      if (round % 10 === 3) steps.push(ask('CLIENT', 'KILL', 'TYPE', 'pubsub'))
      if (round % 10 === 7) steps.push(idsOf(ask, 'reader').then(([id]) => id && ask('CLIENT', 'KILL', 'ID', id)))
      if (round % 30 === 19) steps.push(ask('FLUSHALL'))
      await Promise.all(steps)
    }
    // A connection that was cut off may not have been missed yet: then no copy is current.
    await until('most copies are current', async () => {
      for (let i = 0; i < 200; i++) await read(`k${i}`)
      await Promise.all(Array.from({ length: 50 }, (_, i) => other.command('SET', `k${i}`, 'at last')))
      // What is told of the last change has been told behind all others.
      await tracking.untilOutdated(await tracking.readTracked('k200').then(async (last) => (await other.command('SET', 'k200', '1'), last)))
      const current = [...copies].filter(([, copy]) => copy.tracked && tracking.isCurrent(copy))
      for (const [key, { value }] of current) assert.equal(value, await other.command('GET', key), key)
      return current.length > 100
    })
  })
})

describe('tracking over a network that loses', () => {
  async function throughProxy(options: RedisOptions) {
    const server = await MortalServer.start()
    const proxy = await FaultProxy.start({ path: server.path })
    const redis = await Redis.connect({ url: proxy.url, reconnect: SOON, commandTimeout: '30s', ...options })
    const tracking = await Tracking.of(redis)
    const ask = async (...words: (string | number)[]) => (await askAll({ path: server.path }, [words]))[0]
    async function dispose() {
      await redis.close({ timeoutMs: 1 })
      await proxy.stop()
      await server[Symbol.asyncDispose]()
    }
    return { proxy, redis, tracking, ask, [Symbol.asyncDispose]: dispose }
  }

  test('all that is sent on its connections: the watchdog notices, also under steady traffic', async () => {
    await using _ = await throughProxy({ watchdogMs: 100 })
    const { proxy, tracking, ask } = _
    const read = await tracking.readTracked('a')
    proxy.halfOpen()
    const reading = { over: false }
    const traffic = (async () => {
      while (!reading.over) await tracking.read('a').catch(() => {})
    })()
    await tracking.untilOutdated(read)
    await assertTold(tracking, (value) => ask('SET', 'a', value), 'a')
    reading.over = true
    await traffic
  })

  for (const lost of [1, 2]) {
    test(`what is sent on connection ${lost} of the pair: the watchdog notices though the ordinary one is well`, async () => {
      await using _ = await throughProxy({ watchdogMs: 100 })
      const { proxy, redis, tracking, ask } = _
      const read = await tracking.readTracked('a')
      // In the order of their coming; the ordinary one is the first.
      proxy.halfOpen(lost)
      await ask('SET', 'a', 'lost')
      await tracking.untilOutdated(read)
      await assertTold(tracking, (value) => ask('SET', 'a', value), 'a')
      assert.equal(redis.metrics().connections, 1)
    })
  }

  test('nothing: nobody is disturbed by the watchdog', async () => {
    await using _ = await throughProxy({ watchdogMs: 20 })
    const { proxy, tracking } = _
    const pings = async () => Number(/cmdstat_ping:calls=(\d+)/.exec(await _.ask('INFO', 'commandstats'))?.[1] ?? 0)
    // A machine that stands still for longer than the watchdog waits disturbs somebody now and then.
    await until('nobody is disturbed while each is asked a few times', async () => {
      const read = await tracking.readTracked('a')
      const { accepted } = proxy
      const before = await pings()
      await until('each has been asked a few times', async () => (await pings()) >= before + 15)
      return proxy.accepted === accepted && tracking.isCurrent(read)
    })
  })
})
