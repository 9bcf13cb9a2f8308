import assert from 'node:assert/strict'
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import http from 'node:http'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type { CacheMiddlewareOptions } from '../express.js'
import { TypeSafeCache } from '../index.js'
import { onEveryBackend } from './support/backends'
import { sentBy } from './support/cache-tools'
import { type Page, pages, Site } from './support/pages'
import { until } from './support/until'
import { Visitor } from './support/visitor'

const { decode } = createRequire(import.meta.url)('../lib/http/record.js')

const KIB = 1024
const MIB = KIB * KIB
const SIZES = [0, 1, 64 * KIB - 1, 64 * KIB, 64 * KIB + 1, 256 * KIB - 1, 256 * KIB, 256 * KIB + 1, 512 * KIB, MIB + 7]

const hash = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

/** Answers with bytes, in pieces of no regular size. */
const inPieces = (body: Buffer): Page => (_req, res) => {
  res.setHeader('ETag', '"1"')
  for (let at = 0, size = 1; at < body.length; at += size, size = (size * 7) % 65_521) res.write(body.subarray(at, at + size))
  res.end()
}

/** Over so much of a body of three parts. */
const LARGE = randomBytes(600 * KIB + 5)
const LAST = LARGE.length - 1
const WHOLE = [0, LAST] as const

/** What a client asks for, and the first and last byte that it gets; `null` for what cannot be. */
const RANGES: [fields: http.OutgoingHttpHeaders, part: readonly [number, number] | null][] = [
  [{ Range: 'bytes=0-0' }, [0, 0]],
  [{ Range: 'bytes=0-99' }, [0, 99]],
  [{ Range: `bytes=${256 * KIB - 1}-${256 * KIB}` }, [256 * KIB - 1, 256 * KIB]],
  [{ Range: `bytes=${256 * KIB}-${512 * KIB - 1}` }, [256 * KIB, 512 * KIB - 1]],
  [{ Range: `bytes=10-${LAST - 10}` }, [10, LAST - 10]],
  [{ Range: 'bytes=300000-' }, [300_000, LAST]],
  [{ Range: 'bytes=-7' }, [LAST - 6, LAST]],
  [{ Range: `bytes=-${LARGE.length * 2}` }, WHOLE],
  [{ Range: `bytes=5-${LARGE.length * 2}` }, [5, LAST]],
  [{ Range: `bytes=${LAST}-` }, [LAST, LAST]],
  [{ Range: `bytes=${LARGE.length}-` }, null],
  [{ Range: 'bytes=99999999999999999999999-' }, null],
  [{ Range: 'bytes=-0' }, null],
  [{ Range: 'bytes=0-0', 'If-Range': '"1"' }, [0, 0]],
]
/** For all of these it gets the whole. */
const NO_RANGES: http.OutgoingHttpHeaders[] = [
  ...['bytes=0-0,5-9', 'bytes=5-4', 'bytes=a-b', 'bytes=', 'bytes', 'lines=0-1', 'bytes=0-1;', 'bytes= 1 - 2', `bytes=${'0'.repeat(500)}-1`].map((Range) => ({ Range })),
  ...['"2"', 'W/"1"', 'Thu, 01 Jan 2026 00:00:00 GMT', 'nonsense'].map((condition) => ({ Range: 'bytes=0-0', 'If-Range': condition })),
]

onEveryBackend('a body that is stored', (backend) => {
  for (const near of [false, true]) {
    for (const size of SIZES) {
      test(`of ${size} bytes is given byte for byte${near ? ', from memory' : ''}`, async () => {
        const body = randomBytes(size)
        await using site = await Site.start(pages(backend.redis, { near }), inPieces(body))
        for (let i = 0; i < 4; i++) {
          const answer = await site.get()
          assert.deepEqual([answer.status, answer.body.length, hash(answer.body)], [200, size, hash(body)])
          if (i > 0) assert.equal(answer.headers['content-length'], String(size))
        }
        assert.equal(site.asked, 1)
        const head = await site.get('/', {}, 'HEAD')
        assert.deepEqual([head.status, head.headers['content-length'], head.headers.etag, site.asked], [200, String(size), '"1"', 1])
      })
    }
  }

  for (const size of [3, 64 * KIB, 300 * KIB]) {
    test(`is one of at most ${size} bytes where that is the most`, async () => {
      for (const [length, asked] of [[size, 1], [size + 1, 2]] as const) {
        for (const told of [true, false]) {
          const body = randomBytes(length)
          const page: Page = (_req, res) => (told && res.setHeader('Content-Length', String(length)), res.write(body.subarray(0, 1)), res.end(body.subarray(1)))
          await using site = await Site.start(pages(backend.redis, { maxBody: size }), page)
          for (let i = 0; i < 2; i++) assert.equal(hash((await site.get()).body), hash(body))
          assert.equal(site.asked, asked)
        }
      }
    })
  }

  test('is given in the parts that are asked for', async () => {
    await using site = await Site.start(pages(backend.redis), inPieces(LARGE))
    // The second waits until the first is stored.
    for (let i = 0; i < 2; i++) await site.get()
    for (const [fields, part] of RANGES) {
      const what = JSON.stringify(fields)
      const { status, headers, body } = await site.get('/', fields)
      if (part === null) {
        assert.deepEqual([status, headers['content-range'], body.length], [416, `bytes */${LARGE.length}`, 0], what)
        continue
      }
      const [start, end] = part
      const told = [headers['content-range'], headers['content-length'], headers.etag]
      assert.deepEqual([status, ...told], [206, `bytes ${start}-${end}/${LARGE.length}`, String(end - start + 1), '"1"'], what)
      assert.equal(hash(body), hash(LARGE.subarray(start, end + 1)), what)
    }
    for (const fields of NO_RANGES) {
      const { status, headers, body } = await site.get('/', fields)
      assert.deepEqual([status, headers['content-range'], hash(body)], [200, undefined, hash(LARGE)], JSON.stringify(fields))
    }
    const head = await site.get('/', { Range: 'bytes=0-0' }, 'HEAD')
    assert.deepEqual([head.status, head.headers['content-length']], [200, String(LARGE.length)])
    assert.equal(site.asked, 1)
  })

  test('is read as far as it is asked for, and not at all for a head, or for who has it', async () => {
    if (!backend.real) return
    await using site = await Site.start(pages(backend.redis), inPieces(LARGE))
    // The second waits until the first is stored.
    for (let i = 0; i < 2; i++) await site.get()
    const reads = async (fields: http.OutgoingHttpHeaders, method = 'GET') => {
      const sent = await sentBy(backend.redis, () => site.get('/', fields, method))
      return Object.entries(sent).filter(([name]) => name === 'get').reduce((sum, [, count]) => sum + count, 0)
    }
    assert.equal(await reads({}), 1 + 3)
    assert.equal(await reads({}, 'HEAD'), 1)
    assert.equal(await reads({ 'If-None-Match': '"1"' }), 1)
    assert.equal(await reads({ Range: `bytes=${LARGE.length}-` }), 1)
    assert.equal(await reads({ Range: 'bytes=300000-300001' }), 1 + 1)
    assert.equal(await reads({ Range: 'bytes=-1' }), 1 + 1)
    assert.equal(site.asked, 1)
  })

  for (const leaves of [false, true]) {
    test(`is read no faster than its client takes it${leaves ? ', and no further when it leaves' : ''}`, async () => {
      if (!backend.real) return
      const body = randomBytes(32 * MIB)
      const parts = body.length / (256 * KIB)
      await using site = await Site.start(pages(backend.redis, { maxBody: body.length }), (_req, res) => res.end(body))
      for (let i = 0; i < 2; i++) await site.get()
      let reads = 0
      let res: http.IncomingMessage
      const more = async () => {
        const { get = 0 } = await sentBy(backend.redis, () => pause(50))
        return (reads += get)
      }
      const { get = 0 } = await sentBy(backend.redis, async () => {
        const req = http.get(site.server.url, { agent: false })
        res = (await once(req, 'response'))[0]
        res.pause()
      })
      reads = get
      await until('nothing more is read', async () => {
        const before = reads
        for (let i = 0; i < 10; i++) if ((await more()) !== before) return false
        return true
      })
      assert.ok(reads < parts, `${reads} reads of ${parts} parts, for a client that takes nothing`)
      if (leaves) {
        res!.destroy()
        for (let i = 0; i < 10; i++) await more()
        assert.ok(reads < parts, `${reads} reads of ${parts} parts, for a client that has left`)
      } else {
        const chunks: Buffer[] = []
        for await (const chunk of res!) chunks.push(chunk)
        assert.equal(hash(Buffer.concat(chunks)), hash(body))
      }
      assert.equal((await site.get('/', { Range: 'bytes=0-0' })).status, 206)
      assert.equal(site.asked, 1)
    })
  }

  /** A site whose parts can be taken away. */
  async function losing(options: CacheMiddlewareOptions<any, any> = {}) {
    const namespace = randomUUID()
    const parts = new TypeSafeCache(backend.redis, { namespace })
    return { site: await Site.start(pages(backend.redis, { namespace, ...options }), inPieces(LARGE)), parts }
  }

  for (const near of [false, true]) {
    test(`whose first part is gone is made anew, and then stored again${near ? ', with a memory' : ''}`, async () => {
      const { site, parts } = await losing({ near })
      await using _ = site
      for (let i = 0; i < 2; i++) await site.get()
      await until('it is gone', async () => (await parts.deletePattern('!*:0')) === 1)
      await until('it is not in memory', async () => (await site.get(), site.asked > 1))
      for (let i = 0; i < 3; i++) assert.equal(hash((await site.get()).body), hash(LARGE))
      assert.ok(site.asked <= 3, `asked ${site.asked} times`)
    })

    for (const part of [1, 2]) {
      test(`of which part ${part} is gone is cut off, never wrong, and then made anew${near ? ', with a memory' : ''}`, async () => {
        const { site, parts } = await losing({ near })
        await using _ = site
        await site.get()
        await until('it is gone', async () => (await parts.deletePattern(`!*:${part}`)) === 1)
        let cuts = 0
        for (let i = 0; i < 6; i++) {
          const answer = await new Visitor(site).answer
          if (answer === undefined) cuts++
          else assert.equal(hash(answer.body), hash(LARGE))
        }
        assert.ok(cuts <= 1, `${cuts} clients had no page`)
        assert.ok(site.asked > 1 || near, 'it was made anew')
      })
    }
  }

  test('a part of which is not what it was is cut off, never wrong', async () => {
    const { site, parts } = await losing()
    await using _ = site
    await site.get()
    for (const value of [Buffer.alloc(10), Buffer.alloc(300 * KIB), 'a text', { a: 1 }]) {
      let stored: any = null
      await until('it is stored', async () => (await new Visitor(site).answer, (stored = decode(await parts.get(`/ ${site.server.url}`))) !== null))
      await parts.set(`!${stored.bodies[0].parts.id}:1`, value, { ttl: 60 })
      const answer = await new Visitor(site).answer
      if (answer !== undefined) assert.equal(hash(answer.body), hash(LARGE))
    }
  })
})
