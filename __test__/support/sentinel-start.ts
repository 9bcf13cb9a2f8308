import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { freePorts, LOOPBACK } from './ports'
import { newFolder } from './reaper'
import { RedisNode, type Credentials } from './redis-node'
import { ServerProcess, serverProgram } from './server-process'

export interface SentinelSettings {
  name: string
  replicas: number
  sentinels: number
  downAfterMs: number
  password?: string
  sentinelPassword?: string
  args: readonly string[]
}

// What a sentinel does every so often, it does in tests more often. Replicas that have not been heard of for five pings are not chosen,
// and while the master is down they are asked once a second. A slow machine must not make a sentinel doubt its clock.
const PACE = { 'INFO-PERIOD': 200, 'PING-PERIOD': 500, 'ASK-PERIOD': 200, 'PUBLISH-PERIOD': 500, 'MIN-LINK-RECONNECT-PERIOD': 500, 'TILT-TRIGGER': 20_000 }

/** Of three that start together two find another not there yet, and try again at the next ping. */
const AT_FIRST = { ...PACE, 'PING-PERIOD': 100 }

export class SentinelNode extends RedisNode {
  override async start(): Promise<void> {
    await super.start()
    await this.keepPace()
  }

  async keepPace(pace = PACE): Promise<void> {
    await this.ask('SENTINEL', 'DEBUG', ...Object.entries(pace).flat())
  }

  async hurry(): Promise<void> {
    await this.keepPace(AT_FIRST)
  }
}

/** Not started yet; the first of `servers` is the master. */
export interface SentinelNodes {
  servers: RedisNode[]
  sentinels: SentinelNode[]
}

interface Place {
  id: string
  port: number
}

/** Data servers and sentinels that know of each other from the start, so that nobody waits for a discovery. */
export async function prepareSentinels(settings: SentinelSettings): Promise<SentinelNodes> {
  const ports = await freePorts(1 + settings.replicas + settings.sentinels)
  const places = ports.splice(0, settings.sentinels).map((port): Place => ({ id: randomBytes(20).toString('hex'), port }))
  return {
    servers: ports.map((port) => newServer(port, ports[0]!, settings)),
    sentinels: places.map((place) => newSentinel(place, places, ports, settings)),
  }
}

function newServer(port: number, master: number, { password, args }: SentinelSettings): RedisNode {
  // In a file, as a failover writes down who follows whom: a server that is started again goes on as what it was.
  const lines = [
    `bind ${LOOPBACK}`,
    `port ${port}`,
    'save ""',
    // From a file a replica is online at once, and from a socket only with its first word a second later.
    'repl-diskless-sync no',
    ...(password === undefined ? [] : [`requirepass ${password}`, `masterauth ${password}`]),
    ...(port === master ? [] : [`replicaof ${LOOPBACK} ${master}`]),
  ]
  return new RedisNode(port, newProcess(lines, args), credentialsOf(password))
}

function newSentinel(self: Place, all: readonly Place[], servers: readonly number[], settings: SentinelSettings): SentinelNode {
  const { name, downAfterMs, password, sentinelPassword } = settings
  const [master, ...replicas] = servers
  const lines = [
    `bind ${LOOPBACK}`,
    `port ${self.port}`,
    ...(sentinelPassword === undefined ? [] : [`requirepass ${sentinelPassword}`, `sentinel sentinel-pass ${sentinelPassword}`]),
    `sentinel myid ${self.id}`,
    `sentinel monitor ${name} ${LOOPBACK} ${master} ${Math.floor(all.length / 2) + 1}`,
    `sentinel down-after-milliseconds ${name} ${downAfterMs}`,
    `sentinel parallel-syncs ${name} ${servers.length}`,
    `sentinel failover-timeout ${name} ${Math.max(3000, 3 * downAfterMs)}`,
    ...(password === undefined ? [] : [`sentinel auth-pass ${name} ${password}`]),
    ...replicas.map((port) => `sentinel known-replica ${name} ${LOOPBACK} ${port}`),
    ...all.filter((other) => other !== self).map(({ id, port }) => `sentinel known-sentinel ${name} ${LOOPBACK} ${port} ${id}`),
  ]
  return new SentinelNode(self.port, newProcess(lines, ['--sentinel']), credentialsOf(sentinelPassword))
}

function newProcess(lines: readonly string[], args: readonly string[]): ServerProcess {
  const folder = newFolder()
  const file = path.join(folder, 'server.conf')
  fs.writeFileSync(file, `${lines.join('\n')}\n`, { mode: 0o600 })
  return new ServerProcess(folder, [serverProgram(), file, ...args])
}

const credentialsOf = (password: string | undefined): Credentials => (password === undefined ? {} : { password })
