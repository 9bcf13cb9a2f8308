import type { RedisOptions } from '../../index.js'
import { startServer } from '../../testing.js'
import type { StartServerOptions } from '../../testing.js'
import { TestCluster } from './cluster'
import type { RedisNode } from './redis-node'
import { TestSentinel } from './sentinel'
import { speaksTls } from './server-process'
import { realServer } from './servers'
import { TlsServer } from './tls-server'

/** What was started for a suite. */
export interface Serving {
  /** What a client needs to reach it. */
  options: RedisOptions
  /** Who executes commands, where that is not one server. */
  primaries?: () => Promise<RedisNode[]>
  stop(): Promise<void>
}

/** A way to serve; each suite that can runs on each of them. */
export interface Kind {
  name: string
  /** Whether it is a server program, with all that Redis can do. */
  real: boolean
  options: RedisOptions
  start(): Promise<Serving>
}

async function embedded(): Promise<Serving> {
  return { options: { url: 'embedded://' }, stop: async () => {} }
}

const oneServer = (settings: StartServerOptions) => async (): Promise<Serving> => {
  const server = await realServer(settings)
  return { options: { url: server.url }, stop: () => server.stop() }
}

async function inJavaScript(): Promise<Serving> {
  const server = await startServer({ binary: 'js-redis-server' })
  return { options: { url: server.url }, stop: () => server.stop() }
}

async function withTls(): Promise<Serving> {
  const server = await TlsServer.start()
  return { options: server.options, stop: () => server.stop() }
}

async function aCluster(): Promise<Serving> {
  const cluster = await TestCluster.start()
  return { options: cluster.options, primaries: () => cluster.primaries(), stop: () => cluster.stop() }
}

async function aSentinel(): Promise<Serving> {
  const sentinel = await TestSentinel.start({ password: 'of-the-data', sentinelPassword: 'of-the-sentinels' })
  return { options: sentinel.options, primaries: async () => [await sentinel.master()], stop: () => sentinel.stop() }
}

export const KINDS: readonly Kind[] = [
  { name: 'embedded://', real: true, options: {}, start: embedded },
  { name: 'a socket and RESP2', real: true, options: { protocol: 2 }, start: oneServer({}) },
  { name: 'TCP and RESP3', real: true, options: { protocol: 3 }, start: oneServer({ tcp: true }) },
  { name: 'TCP and RESP2', real: true, options: { protocol: 2 }, start: oneServer({ tcp: true }) },
  ...(speaksTls() ? [{ name: 'TLS and RESP3', real: true, options: { protocol: 3 }, start: withTls } as const] : []),
  { name: 'a cluster', real: true, options: { protocol: 3 }, start: aCluster },
  { name: 'a cluster and RESP2', real: true, options: { protocol: 2, poolSize: 2 }, start: aCluster },
  { name: 'Sentinel', real: true, options: {}, start: aSentinel },
  { name: 'js-redis-server', real: false, options: {}, start: inJavaScript },
]
