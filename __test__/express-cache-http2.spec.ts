import assert from 'node:assert/strict'
import { once } from 'node:events'
import http2 from 'node:http2'
import type net from 'node:net'
import { test } from 'node:test'
import { onEveryBackend } from './support/backends'
import { pages, type Page } from './support/pages'
import { until } from './support/until'

/** Over `node:http2`, whose requests and responses are only like those of `node:http`. */
async function start(cache: ReturnType<typeof pages>, page: Page) {
  const server = http2.createServer((req, res) => cache(req as any, res as any, () => page(req, res, () => {})))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = http2.connect(`http://127.0.0.1:${(server.address() as net.AddressInfo).port}`)
  async function get(path: string, headers: http2.OutgoingHttpHeaders = {}) {
    const stream = client.request({ ':path': path, ...headers })
    const [head] = await once(stream, 'response')
    let body = ''
    for await (const chunk of stream.setEncoding('utf8')) body += chunk
    return { status: head[':status'], headers: head, body }
  }
  async function close() {
    client.close()
    server.close()
    await once(server, 'close')
  }
  return { get, [Symbol.asyncDispose]: close }
}

onEveryBackend('a page over HTTP/2', (backend) => {
  test('is stored, validated, and made anew behind a client, without a warning', async () => {
    const warnings: Error[] = []
    const onWarning = (warning: Error) => warnings.push(warning)
    process.on('warning', onWarning)
    let version = 1
    await using site = await start(pages(backend.redis, { mode: 'http', ttl: undefined }), (req, res) => {
      res.setHeader('ETag', `"${version}"`)
      res.setHeader('Cache-Control', req.url === '/stale' ? 'max-age=0, stale-while-revalidate=60' : 'no-cache')
      if (req.headers['if-none-match'] === `"${version}"`) res.writeHead(304).end()
      else res.end(`body ${version}`)
    })
    assert.equal((await site.get('/')).body, 'body 1')
    const validated = await site.get('/')
    assert.deepEqual([validated.status, validated.body, validated.headers['cache-status']], [200, 'body 1', 'redwright; fwd=stale; fwd-status=304; stored'])
    assert.equal((await site.get('/', { 'if-none-match': '"1"' })).status, 304)
    assert.equal((await site.get('/stale')).body, 'body 1')
    version = 2
    await until('the new one is there', async () => (await site.get('/stale')).body === 'body 2')
    await new Promise(setImmediate)
    process.off('warning', onWarning)
    assert.deepEqual(warnings, [])
  })
})
