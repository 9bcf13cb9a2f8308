import assert from 'node:assert/strict'
import { randomBytes, randomUUID } from 'node:crypto'
import path from 'node:path'
import { describe, test } from 'node:test'
import type { CacheMiddlewareOptions } from '../express.js'
import { Redis, RedwrightError, type RedisOptions } from '../index.js'
import { runClient } from './support/bridge-child'
import { freePort, MortalServer } from './support/client-server'
import { TestCluster } from './support/cluster'
import { FaultProxy } from './support/fault-proxy'
import { type Page, pages, Site } from './support/pages'
import { startReplicated } from './support/replicated'
import { root } from './support/root'
import { fakeServer } from './support/servers'
import { until } from './support/until'
import { Visitor } from './support/visitor'

const SOON = { minMs: 5, maxMs: 50 }
/** Who waits for Redis for so long only. */
const BRISK: CacheMiddlewareOptions<any, any> = { timeoutMs: '200ms', waitMs: '200ms' }
const PATHS = Array.from({ length: 24 }, (_, i) => `/${i}`)

/** Its own words for each path; a large one under `/large`. */
const LARGE = randomBytes(700_000)
const page: Page = (req, res) => (req.url === '/large' ? res.end(LARGE) : res.end(`page ${req.url}`))

const client = (options: RedisOptions) => new Redis({ reconnect: SOON, commandTimeout: '5s', watchdogMs: '1s', ...options })
const bodyOf = (path: string) => (path === '/large' ? LARGE : Buffer.from(`page ${path}`))

/** Each path is answered as the application would. */
async function serves(site: Site, paths: readonly string[] = [...PATHS, '/large']): Promise<void> {
  for (const target of paths) {
    const { status, body } = await new Visitor(site, target).answered()
    assert.equal(status, 200)
    assert.ok(body.equals(bodyOf(target)), target)
  }
  for (const method of ['HEAD', 'POST', 'DELETE']) assert.equal((await site.get('/0', {}, method)).status, 200, method)
}

const isHit = async (site: Site, path = '/0') => /; hit;/.test(String((await new Visitor(site, path).answered()).headers['cache-status']))

/** Until it serves from the store by itself. */
async function recovers(site: Site, paths: readonly string[] = ['/0', '/1', '/large']): Promise<void> {
  for (const path of paths) await until(`${path} comes from the store`, () => isHit(site, path))
}

/** Where Redis cannot serve, and how it comes to that. */
interface Outage {
  /** A client, how it is to fail, and how to mend that. */
  start(): Promise<{ redis: Redis; fail(): unknown; mend(): unknown } & AsyncDisposable>
  /** Whether reads go on. */
  reads?: boolean
}

async function mortal(fail: (server: MortalServer) => unknown, mend: (server: MortalServer) => unknown, args: string[] = []) {
  const server = await MortalServer.start(...args)
  const redis = client({ url: server.url })
  return {
    redis,
    fail: () => fail(server),
    mend: () => mend(server),
    async [Symbol.asyncDispose]() {
      await redis.close({ timeoutMs: 1 })
      await server[Symbol.asyncDispose]()
    },
  }
}

async function proxied(fail: (proxy: FaultProxy) => unknown, mend: (proxy: FaultProxy) => unknown) {
  const server = await MortalServer.start()
  const proxy = await FaultProxy.start({ path: server.path })
  const redis = client({ url: proxy.url })
  return {
    redis,
    fail: () => fail(proxy),
    mend: () => mend(proxy),
    async [Symbol.asyncDispose]() {
      await redis.close({ timeoutMs: 1 })
      await proxy.stop()
      await server[Symbol.asyncDispose]()
    },
  }
}

const set = (server: MortalServer, name: string, value: string) => server.ask(`CONFIG SET ${name} ${value}`)

/** It refuses all writes while it cannot save. */
async function saves(server: MortalServer, folder: string, becomes: 'ok' | 'err'): Promise<void> {
  await set(server, 'dir', folder)
  await until('it has saved, or not', async () => {
    await server.ask('BGSAVE')
    return (await server.ask('INFO persistence')).includes(`rdb_last_bgsave_status:${becomes}`)
  })
}

const OUTAGES: Record<string, Outage> = {
  'is gone': { start: () => mortal((server) => server.crash(), (server) => server.start()) },
  hangs: { start: () => mortal((server) => server.kill('SIGSTOP'), (server) => server.kill('SIGCONT')) },
  'is out of memory': { start: () => mortal((server) => set(server, 'maxmemory', '1'), (server) => set(server, 'maxmemory', '0')), reads: true },
  'cannot write to its disk': {
    start: () => mortal((server) => saves(server, '/proc', 'err'), (server) => saves(server, server.folder, 'ok'), ['--save', '3600 1', '--enable-protected-configs', 'yes']),
    reads: true,
  },
  'is cut off': {
    start: () => proxied((proxy) => (proxy.refuse(), proxy.reset()), (proxy) => proxy.accept()),
  },
  'loses what it answers': { start: () => proxied((proxy) => (proxy.dropReplies = true), (proxy) => ((proxy.dropReplies = false), proxy.reset())) },
  'is slow': { start: () => proxied((proxy) => (proxy.delayMs = 2000), (proxy) => (proxy.delayMs = 0)) },
}

for (const [what, { start, reads = false }] of Object.entries(OUTAGES)) {
  describe(`while Redis ${what}`, () => {
    for (const near of [false, true]) {
      test(`the application serves, and the store by itself when that is over${near ? ', with a memory' : ''}`, async () => {
        await using outage = await start()
        const errors: unknown[] = []
        const cache = pages(outage.redis, { ...BRISK, near, onError: (error) => errors.push(error) })
        await using site = await Site.start(cache, page)
        await recovers(site)
        await outage.fail()
        if (reads) assert.ok(await isHit(site, '/1'))
        await serves(site)
        const { asked } = site
        for (let i = 0; i < 2; i++) await new Visitor(site, '/new').answered()
        assert.equal(site.asked, asked + 2, 'nothing is stored')
        for (const error of errors) assert.ok(error instanceof RedwrightError, String(error))
        await outage.mend()
        await recovers(site)
        await serves(site)
        await cache.purge({ prefix: '/' })
      })
    }
  })
}

describe('what is changed while Redis does not answer', () => {
  for (const near of [false, true]) {
    test(`is not given as it was before by who has changed it, nor by anybody when it answers again${near ? ', with a memory' : ''}`, async () => {
      await using outage = await proxied((proxy) => proxy.freeze(), (proxy) => proxy.thaw())
      let version = 1
      const versioned: Page = (req, res) => (req.method === 'POST' ? ((version = 2), res.end()) : res.end(`version ${version}`))
      await using site = await Site.start(pages(outage.redis, { ...BRISK, near }), versioned)
      const textOf = async (path: string) => (await new Visitor(site, path).answered()).body.toString()
      for (let i = 0; i < 3; i++) assert.equal(await textOf('/page'), 'version 1')
      outage.fail()
      // So many that nobody waits for it any more.
      for (let i = 0; i < 8; i++) await textOf(`/${i}`)
      await site.get('/page', {}, 'POST')
      assert.equal(await textOf('/page'), 'version 2')
      outage.mend()
      await until('the store serves', () => isHit(site, '/other'))
      assert.equal(await textOf('/page'), 'version 2')
    })
  }
})

describe('while Redis is not there from the start', () => {
  test('the application serves, is told why, and the store serves when it comes', async () => {
    await using server = MortalServer.prepare()
    await using redis = client({ url: server.url, commandTimeout: '500ms' })
    const codes: string[] = []
    const cache = pages(redis, { ...BRISK, onError: (error: any) => codes.push(error.code) })
    await using site = await Site.start(cache, page)
    await serves(site)
    await until('it is told', async () => (await new Visitor(site).answered(), codes.length > 0))
    assert.ok(codes.every((code) => /^ERR_(UNAVAILABLE|TIMEOUT|CIRCUIT_OPEN)$/.test(code)), codes.join())
    assert.ok(cache.metrics().failures > 0)
    for (const call of [cache.purge('/'), cache.purge({ prefix: '/' }), cache.purge({ key: 'a' }), cache.invalidateByTag('tag')]) {
      await assert.rejects(call, (error) => error instanceof RedwrightError && error.retryable)
    }
    await server.start()
    await recovers(site)
  })

  test('nothing is left unhandled, and the process ends when its server has closed', async () => {
    const port = await freePort()
    for (const url of [`redis://127.0.0.1:${port}`, 'redis://nowhere.invalid:6379']) {
      const child = runClient(url, `
        const http = require('node:http')
        const { cacheMiddleware } = require(${JSON.stringify(path.join(root, 'express.js'))})
        const redis = new Redis({ url, commandTimeout: 500 })
        const cache = cacheMiddleware(redis, { ttl: 60, tags: () => ['tag'], near: true, compress: true })
        const server = http.createServer((req, res) => cache(req, res, () => {
          if (req.url === '/destroyed') return res.destroy()
          res.setHeader('Vary', 'X-Who')
          res.end(Buffer.alloc(300_000))
        }))
        server.listen(0, '127.0.0.1', async () => {
          const ask = (path, method) => new Promise((resolve) => {
            const req = http.request({ port: server.address().port, path, method, agent: false }, (res) => res.resume().on('close', () => resolve(res.statusCode)))
            req.on('error', () => resolve(0)).end()
          })
          const statuses = await Promise.all(['/', '/', '/a', '/a?b', '/destroyed'].flatMap((path) => ['GET', 'HEAD', 'POST'].map((method) => ask(path, method))))
          server.close()
          report(statuses.filter((status) => status === 200).length)
        })`)
      const { code, reports, stderr } = await child.ended
      assert.deepEqual([code, reports, stderr], [0, [12], ''])
    }
  })

  test('nobody waits for it for long: it is not asked each time', async () => {
    // It takes connections and says nothing.
    await using silent = await fakeServer()
    for (const options of [{ url: silent.url }, { port: await freePort() }] as RedisOptions[]) {
      await using redis = client({ ...options, commandTimeout: '1h', breaker: false })
      const cache = pages(redis, { ...BRISK, timeoutMs: '20ms' })
      await using site = await Site.start(cache, page)
      const COUNT = 200
      for (let i = 0; i < COUNT; i++) await new Visitor(site, `/${i}`).answered()
      const { operations } = redis.metrics()
      assert.ok(operations < COUNT / 2, `${operations} operations for ${COUNT} requests`)
      assert.equal(site.asked, COUNT)
      await redis.close({ timeoutMs: 1 })
    }
  })
})

describe('where Redis is there', () => {
  test('and takes another password, the application serves', async () => {
    await using server = await MortalServer.start('--requirepass', 'right')
    await using redis = client({ url: server.url, password: 'of-nobody', commandTimeout: '500ms' })
    const errors: any[] = []
    await using site = await Site.start(pages(redis, { ...BRISK, onError: (error) => errors.push(error) }), page)
    await serves(site)
    for (const error of errors) assert.doesNotMatch(`${error.stack} ${JSON.stringify(error)}`, /of-nobody/)
  })

  test('and is a replica, what is stored is given, and the application serves the rest', async () => {
    await using replicated = await startReplicated(1)
    const [replica] = replicated.replicas
    await using redis = client({ url: replicated.master.url })
    await using copy = client({ url: replica!.url })
    const namespace = randomUUID()
    await using site = await Site.start(pages(redis, { namespace, ...BRISK }), page)
    await using second = await Site.start(pages(copy, { namespace, ...BRISK }), page)
    const host = { Host: 'site.example' }
    await until('it is copied', async () => (await site.get('/0', host), /hit/.test(String((await second.get('/0', host)).headers['cache-status']))))
    for (const path of PATHS) assert.equal((await second.get(path, host)).body.toString(), `page ${path}`)
  })

  test('and is flushed, pages are made anew, and none is given that is gone', async () => {
    await using server = await MortalServer.start()
    await using redis = client({ url: server.url })
    for (const near of [false, true]) {
      let version = 1
      await using site = await Site.start(pages(redis, { near, tags: () => ['tag'] }), (req, res) => res.vary('X-Who').send(`${version}${req.url}`))
      for (const path of PATHS) assert.equal((await site.get(path)).body.toString(), `1${path}`)
      await server.ask('FLUSHALL')
      version = 2
      for (const path of PATHS) await until('it is new', async () => (await site.get(path)).body.toString() === `2${path}`)
      await until('it is stored', () => isHit(site))
    }
  })
})

describe('while a node of a cluster is down', () => {
  test('the application serves its pages, and the store those of the others', async () => {
    await using cluster = await TestCluster.start({ replicasEach: 0, fullCoverage: false, nodeTimeoutMs: 1000 })
    await using redis = client(cluster.options)
    const cache = pages(redis, BRISK)
    await using site = await Site.start(cache, page)
    for (const path of PATHS) await until('it is stored', () => isHit(site, path))
    const [node] = await cluster.primaries()
    await node!.crash()
    await serves(site)
    await until('the others serve from the store', async () => (await Promise.all(PATHS.map((path) => isHit(site, path)))).some(Boolean))
    await node!.start()
    await recovers(site, PATHS)
  })
})

describe('an embedded server', () => {
  test('that is killed does not end the application', async () => {
    await using redis = await Redis.connect({ url: 'embedded://', reconnect: SOON, commandTimeout: '500ms' })
    await using site = await Site.start(pages(redis, BRISK), page)
    await recovers(site)
    const pid = /process_id:(\d+)/.exec(await redis.command('INFO', 'server'))![1]
    process.kill(Number(pid), 'SIGKILL')
    await serves(site)
  })
})
