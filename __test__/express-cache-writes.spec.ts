import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { onEveryBackend } from './support/backends'
import { deferred } from './support/cache-tools'
import { HOSTS, type Page, pages, Site } from './support/pages'
import { until } from './support/until'
import { sendRaw } from './support/visitor'

const HOST = { Host: 'site.example' }

/** A thing that POST changes and GET tells. */
class Thing {
  version = 1
  /** @param write what answers a POST, when the thing is changed */
  constructor(readonly write: Page) {}

  readonly page: Page = (req, res, next) => {
    if (req.method === 'GET') return res.end(`version ${this.version}`)
    this.version++
    return this.write(req, res, next)
  }
}

const versionOf = async (site: Site, path = '/') => (await site.get(path, HOST)).body.toString()

onEveryBackend('what a request changes', (backend) => {
  for (const [how, write] of Object.entries<Page>({
    'a head that is flushed': (_req, res) => res.flushHeaders(),
    'a part of its body': (_req, res) => res.write('so far'),
    'writeHead and a part': (_req, res) => (res.writeHead(202), res.write('so far')),
  })) {
    test(`is known before its client hears of it by ${how}`, async () => {
      const goOn = deferred()
      const thing = new Thing(async (req, res, next) => {
        write(req, res, next)
        await goOn.promise
        res.end('done')
      })
      await using site = await Site.start(pages(backend.redis), thing.page)
      assert.equal(await versionOf(site), 'version 1')
      const req = http.request(site.server.url, { method: 'POST', headers: HOST, agent: false }).end()
      const [res] = (await once(req, 'response')) as [http.IncomingMessage]
      const seen = await versionOf(site)
      goOn.resolve()
      const text = (await res.toArray()).join('')
      assert.match(text, /done$/)
      assert.equal(seen, 'version 2')
    })
  }

  for (const host of Object.keys(HOSTS)) {
    test(`is answered as it would be without a cache, in ${host}`, async () => {
      const ways: Record<string, (res: any) => unknown> = {
        'two ends': (res) => (res.end('one'), res.end()),
        'an end in its own time': (res) => setImmediate(() => res.end('one')),
        'parts and an end': (res) => (res.write('o'), res.write('n'), res.end('e')),
        'an end with a callback': (res) => res.end('one', () => {}),
        'an end with a coding': (res) => res.end('6f6e65', 'hex'),
        'a stream': (res) => Readable.from(['o', 'ne']).pipe(res),
        ...(host.startsWith('Express') && {
          'an error behind its end': (res: any) => {
            res.send('one')
            throw new Error('too late')
          },
          'what looks whether it is answered': (res: any) => {
            res.send('one')
            if (!res.headersSent && !res.writableEnded) res.status(500).send('two')
          },
        }),
      }
      const page: Page = (req, res) => ways[decodeURIComponent((req.originalUrl ?? req.url).slice(1))]!(res)
      const silent: Page = (req, res, next) => {
        try {
          return page(req, res, next)
        } catch (error) {
          // As Express does; its own way to tell of it is not wanted here.
          if (!res.headersSent) res.status(500).end()
          return error
        }
      }
      await using site = await Site.start(pages(backend.redis), silent, host)
      const answers: Record<string, string> = {}
      for (const way of Object.keys(ways)) {
        answers[way] = await site.get(`/${encodeURIComponent(way)}`, HOST, 'POST').then(({ status, body }) => `${status} ${body}`, String)
      }
      assert.deepEqual(answers, Object.fromEntries(Object.keys(ways).map((way) => [way, '200 one'])))
    })
  }

  test('is known though its client has gone away', async () => {
    const begun = deferred()
    const thing = new Thing(async (_req, res) => {
      begun.resolve()
      await once(res, 'close')
      Readable.from(['body']).pipe(res)
    })
    await using site = await Site.start(pages(backend.redis), thing.page)
    assert.equal(await versionOf(site), 'version 1')
    const req = http.request(site.server.url, { method: 'POST', headers: HOST, agent: false }).end()
    req.on('error', () => {})
    await begun.promise
    req.destroy()
    await until('it is made anew', async () => (await versionOf(site)) === 'version 2')
  })

  test('is not looked at where that is not wanted', async () => {
    const thing = new Thing((_req, res) => res.end())
    await using site = await Site.start(pages(backend.redis, { invalidateOnWrite: false }), thing.page)
    assert.equal(await versionOf(site), 'version 1')
    await site.get('/', HOST, 'POST')
    assert.equal(await versionOf(site), 'version 1')
  })

  test('is what its key says, where the application names its pages', async () => {
    const thing = new Thing((_req, res) => res.set('Location', '/other').end())
    await using site = await Site.start(pages(backend.redis, { keyGenerator: ({ url }: any) => url.split('/')[1] }), thing.page)
    assert.equal(await versionOf(site, '/user/1'), 'version 1')
    await site.get('/user/2', HOST, 'DELETE')
    assert.equal(await versionOf(site, '/user/1'), 'version 2')
  })

  test('is a page, in whichever of its forms the target is sent', async () => {
    const thing = new Thing((_req, res) => res.end())
    const cache = pages(backend.redis)
    await using site = await Site.start(cache, thing.page)
    const absolute = async () => /version \d+/.exec(await sendRaw(site, 'GET http://site.example/page HTTP/1.1\r\nHost: site.example\r\nConnection: close\r\n\r\n'))?.[0]
    assert.deepEqual([await absolute(), await versionOf(site, '/page')], ['version 1', 'version 1'])
    await site.get('/page', HOST, 'POST')
    assert.deepEqual([await absolute(), await versionOf(site, '/page')], ['version 2', 'version 2'])
    thing.version = 3
    await cache.purge('http://site.example/page')
    assert.deepEqual([await absolute(), await versionOf(site, '/page')], ['version 3', 'version 3'])
  })

  test('is of the same site, whether or not it names the port that is meant', async () => {
    const thing = new Thing((_req, res) => res.end())
    const cache = pages(backend.redis)
    await using site = await Site.start(cache, thing.page)
    const ask = async (host: string, method = 'GET') => (await site.get('/page', { Host: host }, method)).body.toString()
    assert.deepEqual([await ask('site.example'), await ask('site.example:80')], ['version 1', 'version 1'])
    await ask('SITE.example:80', 'POST')
    assert.deepEqual([await ask('site.example'), await ask('site.example:80')], ['version 2', 'version 2'])
    thing.version = 3
    await cache.purge('http://site.example:80/page')
    assert.deepEqual([await ask('site.example'), await ask('site.example:80')], ['version 3', 'version 3'])
  })

  test('is purged by its name as people write it', async () => {
    const thing = new Thing((_req, res) => res.end())
    const cache = pages(backend.redis)
    await using site = await Site.start(cache, thing.page)
    for (const [sent, written] of [['/caf%C3%A9', '/café'], ['/a%20b', '/a b'], ['/a?q=%C3%A9', '/a?q=é']] as const) {
      for (const target of [written, `http://site.example${written}`, { prefix: written }]) {
        await versionOf(site, sent)
        assert.equal(await cache.purge(target), 1, JSON.stringify(target))
      }
    }
  })

  test('takes nothing away that is no target', async () => {
    const cache = pages(backend.redis)
    await using site = await Site.start(cache, (_req, res) => res.end('page'))
    await site.get()
    for (const [target, message] of [
      [undefined, /must be a URL, or have one of/], [null, /what/], [1, /what/], [[], /what/], ['', /url must not be empty/], ['\0', /url must not contain a NUL/], ['\ud800', /lone surrogate/],
      [{}, /one of url, prefix, key and tag/], [{ url: '/', key: 'a' }, /one of url, prefix, key and tag/], [{ url: 1 }, /url must be a string/], [{ prefix: '' }, /prefix must not be empty/],
      [{ key: '' }, /key must not be empty/], [{ tag: 5 }, /tag must be a string/], [{ urls: '/' }, /did you mean 'url'/], ['x'.repeat(70_000), /at most 65536 bytes/],
    ] as [any, RegExp][]) {
      await assert.rejects(cache.purge(target), (error: Error) => (error instanceof TypeError || error instanceof RangeError) && message.test(error.message), JSON.stringify(target)?.slice(0, 50))
    }
    for (const tag of [undefined, '', 1, '\0'] as any[]) await assert.rejects(cache.invalidateByTag(tag), TypeError)
    await site.get()
    assert.equal(site.asked, 1)
  })
})
