import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { Redis, TypeSafeCache } from '../index.js'
import { Authority } from './support/certificates'
import { freePort } from './support/ports'
import { newFolder } from './support/reaper'
import { ServerProcess, serverProgram } from './support/server-process'
import { TlsServer } from './support/tls-server'
import { until } from './support/until'

const authority = new Authority()
const ca = authority.cert

/** Two masters that speak nothing but TLS, to each other too. */
async function cluster(): Promise<[TlsServer, TlsServer]> {
  const start = async () => {
    const args = ['--cluster-enabled', 'yes', '--tls-cluster', 'yes', '--cluster-port', String(await freePort())]
    return TlsServer.start({ authority, certificate: authority.issue({ purpose: 'both' }), args })
  }
  const [one, two] = await Promise.all([start(), start()])
  await Promise.all([one.process.ask('CLUSTER ADDSLOTSRANGE 0 8191'), two.process.ask('CLUSTER ADDSLOTSRANGE 8192 16383')])
  await two.process.ask('CLUSTER SET-CONFIG-EPOCH 2')
  const bus = /(\d+) /.exec((await one.process.ask('CLUSTER NODES')).split('@')[1]!)![1]
  await two.process.ask(`CLUSTER MEET ${one.host} ${one.port} ${bus}`)
  await until('the cluster is up', async () => {
    const views = await Promise.all([one, two].map((node) => node.process.ask('CLUSTER INFO')))
    return views.every((view) => view.includes('cluster_state:ok') && view.includes('cluster_slots_assigned:16384'))
  })
  return [one, two]
}

test('a cluster with TLS: every node is reached with it, by option and by URL', async () => {
  const [one, two] = await cluster()
  await using _one = one
  await using _two = two
  const { host, port } = one
  for (const options of [{ cluster: { nodes: [{ host, port }] }, tls: { ca } }, { url: `rediss+cluster://${host}:${port}`, tls: { ca, servername: 'localhost' } }]) {
    await using redis = await Redis.connect(options)
    const cache = new TypeSafeCache(redis)
    const entries = Array.from({ length: 100 }, (_, i): [string, number] => [`k${i}`, i])
    await cache.setMany(entries)
    assert.deepEqual([...(await cache.getMany(entries.map(([key]) => key))).values()], entries.map(([, value]) => value))
    assert.deepEqual(redis.metrics().nodes.map((node) => node.standing), [1, 1])
    await using twin = redis.duplicate({ cluster: { nodes: [{ host: two.host, port: two.port }] } })
    assert.equal(await twin.command('SET', 'a', 1), 'OK')
    // TLS that was asked for by a URL stays with an address that is none.
    await using foreign = new Redis({ url: 'rediss://localhost', commandTimeout: '30s' }).duplicate({ cluster: { nodes: [{ host, port }] } })
    await assert.rejects(foreign.ping(), { code: 'ERR_TLS', message: /not trusted/ })
  }
  for (const [tls, message] of [[undefined, /the server at that port speaks TLS/], [{ ca: new Authority('Another').cert }, /not trusted/], [{ ca, servername: 'other' }, /another name/]] as const) {
    const options = { cluster: { nodes: [{ host, port }] }, tls, commandTimeout: '30s' } as const
    await assert.rejects(Redis.connect(options), { code: 'ERR_TLS', message })
    await using redis = new Redis(options)
    await assert.rejects(redis.command('GET', 'a'), { code: 'ERR_TLS', message })
  }
})

test('a sentinel with TLS, over a server with TLS', async () => {
  await using server = await TlsServer.start({ authority })
  const folder = newFolder()
  const port = await freePort()
  const { cert, key } = authority.issue()
  const write = (name: string, text: string) => {
    fs.writeFileSync(path.join(folder, name), text, { mode: 0o600 })
    return path.join(folder, name)
  }
  const config = [
    'port 0', 'bind 127.0.0.1', `tls-port ${port}`, 'tls-replication yes', 'tls-auth-clients no', 'requirepass of-the-sentinel',
    `tls-ca-cert-file ${write('ca', ca)}`, `tls-cert-file ${write('cert', cert)}`, `tls-key-file ${write('key', key)}`,
    `sentinel monitor mymaster 127.0.0.1 ${server.port} 1`,
  ]
  const sentinel = new ServerProcess(folder, [serverProgram(), write('sentinel.conf', config.join('\n')), '--sentinel'])
  const options = { sentinels: [{ host: '127.0.0.1', port }], name: 'mymaster', sentinelPassword: 'of-the-sentinel', commandTimeout: '30s' } as const
  try {
    await sentinel.start(async () => Redis.connect({ port, tls: { ca }, password: 'of-the-sentinel' }).then((redis) => redis.close().then(() => true), () => false))
    for (const more of [{ tls: { ca } }, { url: `rediss+sentinel://127.0.0.1:${port}/mymaster`, tls: { ca }, sentinels: undefined, name: undefined }]) {
      await using redis = await Redis.connect({ ...options, ...more })
      assert.equal(await redis.ping(), 'PONG')
    }
    for (const [tls, message] of [[undefined, /sentinel .* the server at that port speaks TLS/], [true, /sentinel .* not trusted/]] as const) {
      await assert.rejects(Redis.connect({ ...options, tls }), { code: 'ERR_TLS', message })
      await using redis = new Redis({ ...options, tls })
      await assert.rejects(redis.ping(), { code: 'ERR_TLS', message })
    }
  } finally {
    await sentinel.dispose()
  }
})
