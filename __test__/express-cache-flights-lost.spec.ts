import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import path from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { after, before, describe, test } from 'node:test'
import { Redis } from '../index.js'
import type { TestServer } from '../testing.js'
import { onEveryBackend } from './support/backends'
import { runClient } from './support/bridge-child'
import { HeldPage } from './support/held-page'
import { type Page, pages, Site } from './support/pages'
import { root } from './support/root'
import { realServer } from './support/servers'
import { until } from './support/until'
import { counting, settled, together, Visitor } from './support/visitor'

const HOST = { Host: 'site.example' }

/** How a page is lost whose handler has begun, and what else it has done by then. */
const LOST: Record<string, (res: any, leader: Visitor) => void> = {
  'whose client goes away': (_res, leader) => leader.leave(),
  'whose client goes away amid the body': (res, leader) => (res.write('some'), leader.leave()),
  'whose handler destroys it': (res) => res.destroy(),
  'whose handler destroys it amid the body': (res) => (res.write('some'), res.destroy()),
  'whose handler destroys the connection': (res) => res.socket.destroy(),
}

onEveryBackend('a page', (backend) => {
  let other: Redis
  before(async () => {
    other = await backend.connect()
  })

  for (const near of [false, true]) {
    for (const [what, lose] of Object.entries(LOST)) {
      test(`${what} is made for the others, here and elsewhere, and not stored${near ? ', nor in memory' : ''}`, async () => {
        const namespace = randomUUID()
        const [cache, elsewhere] = [backend.redis, other].map((redis) => counting(pages(redis, { namespace, near })))
        let first: any
        let isLost = false
        let visits = 0
        const page: Page = (_req, res) => {
          visits++
          if (first === undefined) first = res
          else if (isLost) res.end('whole')
          else assert.fail('nobody else is to come in')
        }
        await using site = await Site.start(cache!, page)
        await using second = await Site.start(elsewhere!, page)
        const leader = new Visitor(site, '/', HOST)
        await until('the handler has begun', () => first !== undefined)
        const waiting = [site, second, site, second].map((one) => new Visitor(one, '/', HOST))
        await until('all have come', () => cache!.came + elsewhere!.came === 5)
        await settled(backend.redis, other)
        isLost = true
        lose(first, leader)
        assert.equal(await leader.answer, undefined)
        for (const visitor of waiting) {
          const { status, body } = await visitor.answered()
          assert.deepEqual([status, body.toString()], [200, 'whole'])
        }
        const before = visits
        for (const one of [site, second]) assert.equal((await one.get('/', HOST)).body.toString(), 'whole')
        for (const one of [site, second]) assert.equal((await one.get('/', HOST)).body.toString(), 'whole')
        assert.ok(visits <= before + 1, 'by now it is stored')
        assert.equal(cache!.metrics().aborted, 1)
        // What the handler says afterwards is not for anybody.
        first.end('late')
        assert.equal((await site.get('/', HOST)).body.toString(), 'whole')
      })
    }
  }

  test('whose handler never ends is made by the others, here and elsewhere, when they have waited long enough', async () => {
    const namespace = randomUUID()
    const held = new HeldPage()
    const sites = await Promise.all([backend.redis, other].map((redis) => Site.start(pages(redis, { namespace, waitMs: '300ms', timeoutMs: '1h' }), held.page)))
    try {
      const leader = new Visitor(sites[0]!, '/', HOST)
      await held.untilInside(1)
      const others = [0, 1, 0, 1].map((i) => new Visitor(sites[i]!, '/', HOST))
      await until('all others are inside', () => held.inside === 5)
      leader.leave()
      held.open()
      for (const visitor of others) assert.equal((await visitor.answered()).status, 200)
    } finally {
      await Promise.all(sites.map((site) => site[Symbol.asyncDispose]()))
    }
  })

  test('whose handler never ends is made by who waits for nobody, though all come at once', async () => {
    const held = new HeldPage()
    await using site = await Site.start(together(pages(backend.redis, { waitMs: 0 }), 4), held.page)
    const visitors = Array.from({ length: 4 }, () => new Visitor(site))
    await held.untilInside(4)
    held.open()
    for (const visitor of visitors) assert.equal((await visitor.answered()).status, 200)
  })

  test('whose handler never ends is made by the others when they have waited long enough, though all came at once', async () => {
    const held = new HeldPage()
    await using site = await Site.start(together(pages(backend.redis, { waitMs: '300ms', timeoutMs: '1h' }), 4), held.page)
    const visitors = Array.from({ length: 4 }, () => new Visitor(site))
    await held.untilInside(4)
    held.open()
    for (const visitor of visitors) assert.equal((await visitor.answered()).status, 200)
  })

  test('whose client has gone before its handler begins holds nobody up', async () => {
    const namespace = randomUUID()
    const [here, elsewhere] = [backend.redis, other].map((redis) => counting(pages(redis, { namespace })))
    const held = new HeldPage()
    let begun = 0
    const piped: Page = async (_req, res) => {
      begun++
      // It cannot write to who is not there, and so does not end.
      await pipeline(Readable.from(['p', 'i', 'pe']), res).catch(() => {})
    }
    await using site = await Site.start(here!, held.page)
    await using second = await Site.start(elsewhere!, piped)
    const leader = new Visitor(site, '/', HOST)
    await held.untilInside(1)
    const impatient = new Visitor(second, '/', HOST)
    await until('it has come', () => elsewhere!.came === 1)
    await settled(backend.redis, other)
    impatient.leave()
    assert.equal(await impatient.answer, undefined)
    leader.leave()
    await until('its handler has begun', () => begun === 1)
    const next = await new Visitor(second, '/', HOST).answered()
    assert.deepEqual([next.status, next.body.toString()], [200, 'pipe'])
  })
})

describe('a page in several processes', () => {
  let server: TestServer
  let redis: Redis
  before(async () => {
    server = await realServer()
    redis = await Redis.connect({ url: server.url, commandTimeout: '30s' })
  })
  after(async () => {
    await redis.close()
    await server.stop()
  })

  /** A site in a child: its handler says that it has begun, and ends when it is told to. */
  const SITE = (namespace: string, leaseMs: number) => `
    const http = require('node:http')
    const { setImmediate: turn } = require('node:timers/promises')
    const { cacheMiddleware } = require(${JSON.stringify(path.join(root, 'express.js'))})
    const redis = await Redis.connect({ url, commandTimeout: '30s' })
    const own = await Redis.connect({ url, commandTimeout: '30s' })
    const cache = cacheMiddleware(new TypeSafeCache(redis, { namespace: '${namespace}', timeoutMs: '20s', leaseMs: ${leaseMs} }), { ttl: 60, waitMs: '60s' })
    const page = async (req, res) => {
      await own.command('INCR', '${namespace}:visits')
      while ((await own.command('GET', '${namespace}:open')) === null) await turn()
      res.end('made by ' + process.pid)
    }
    const server = http.createServer((req, res) => {
      own.command('INCR', '${namespace}:came').then(() => cache(req, res, () => page(req, res)))
    })
    server.listen(0, '127.0.0.1', () => report(server.address().port))`

  const visit = (port: number) => new Visitor({ server: { url: `http://127.0.0.1:${port}` } } as Site, '/', HOST)
  const count = async (name: string) => Number(await redis.command('GET', name))

  test('is made once', async () => {
    const namespace = randomUUID()
    const children = Array.from({ length: 2 }, () => runClient(server.url, SITE(namespace, 60_000)))
    const ports = await Promise.all(children.map((child) => child.report))
    const visitors = Array.from({ length: 20 }, (_, i) => visit(ports[i % 2]))
    await until('all have come', async () => (await count(`${namespace}:came`)) === 20)
    await until('one has begun', async () => (await count(`${namespace}:visits`)) > 0)
    await settled(redis)
    await redis.command('SET', `${namespace}:open`, '1')
    const answers = await Promise.all(visitors.map((visitor) => visitor.answered()))
    assert.equal(new Set(answers.map(({ body }) => body.toString())).size, 1)
    assert.equal(await count(`${namespace}:visits`), 1)
    for (const child of children) child.process.kill('SIGKILL')
    await Promise.all(children.map((child) => child.ended))
  })

  test('whose process is killed delays the others by no more than its lease', async () => {
    const namespace = randomUUID()
    const child = runClient(server.url, SITE(namespace, 2000))
    const port = await child.report
    const lost = visit(port)
    await until('its handler has begun', async () => (await count(`${namespace}:visits`)) === 1)
    const cache = counting(pages(redis, { namespace, waitMs: '10m' }))
    let visits = 0
    await using site = await Site.start(cache, (_req, res) => res.end(`visit ${++visits}`))
    const begun = performance.now()
    const visitors = Array.from({ length: 4 }, () => new Visitor(site, '/', HOST))
    await until('all have come', () => cache.came === 4)
    await settled(redis)
    child.process.kill('SIGKILL')
    for (const visitor of visitors) assert.equal((await visitor.answered()).body.toString(), 'visit 1')
    assert.ok(performance.now() - begun < 60_000, 'far less than their patience')
    assert.equal(await lost.answer, undefined)
    await child.ended
  })
})
