import assert from 'node:assert/strict'
import { onFreePorts } from './ports'
import type { RedisNode } from './redis-node'
import { prepareSentinels, type SentinelNode, type SentinelNodes, type SentinelSettings } from './sentinel-start'
import { until } from './until'

export interface TestSentinelOptions {
  /** What the sentinels call the master. Default: `'mymaster'`. */
  name?: string
  /** Default: `2`. */
  replicas?: number
  /** Default: `3`. */
  sentinels?: number
  /** How long a silent master is waited for before a sentinel holds it to be down. Default: `1000`. */
  downAfterMs?: number
  /** Of the data servers. */
  password?: string
  sentinelPassword?: string
  /** More arguments for every data server. */
  args?: readonly string[]
}

/** A real master with its replicas, and real sentinels over them, on loopback ports. */
export class TestSentinel {
  readonly name: string
  /** The data servers; the first one is the master at the start. */
  readonly servers: readonly RedisNode[]
  readonly sentinels: readonly SentinelNode[]
  readonly #settings: SentinelSettings

  private constructor({ servers, sentinels }: SentinelNodes, settings: SentinelSettings) {
    this.name = settings.name
    this.servers = servers
    this.sentinels = sentinels
    this.#settings = settings
  }

  static async start(options: TestSentinelOptions = {}): Promise<TestSentinel> {
    const settings = { name: 'mymaster', replicas: 2, sentinels: 3, downAfterMs: 1000, args: [], ...options }
    return onFreePorts(async () => {
      const sentinel = new TestSentinel(await prepareSentinels(settings), settings)
      const [master, ...replicas] = sentinel.servers
      try {
        // A replica that finds no master tries again a second later, and so does a sentinel that finds a replica without one.
        await startAll([master!])
        await startAll(replicas)
        await until('the replicas have their master', async () => (await Promise.all(replicas.map((replica) => isLinked(replica, master!)))).every(Boolean))
        await startAll(sentinel.sentinels)
        await Promise.all(sentinel.sentinels.map((node) => node.hurry()))
        await sentinel.untilConverged()
        await Promise.all(sentinel.sentinels.map((node) => node.keepPace()))
        return sentinel
      } catch (error) {
        await sentinel.stop()
        throw error
      }
    })
  }

  /** What a client needs. */
  get options(): { sentinels: { host: string; port: number }[]; name: string; password?: string; sentinelPassword?: string } {
    const { password, sentinelPassword } = this.#settings
    return {
      sentinels: this.sentinels.map(({ address }) => address),
      name: this.name,
      ...(password !== undefined && { password }),
      ...(sentinelPassword !== undefined && { sentinelPassword }),
    }
  }

  get url(): string {
    const { password } = this.#settings
    const credentials = password === undefined ? '' : `:${encodeURIComponent(password)}@`
    return `redis+sentinel://${credentials}${this.sentinels.map(({ host, port }) => `${host}:${port}`).join()}/${this.name}`
  }

  /** Whom the living sentinels hold to be the master, once they agree. */
  async master(): Promise<RedisNode> {
    let ports: number[] = []
    await until('the sentinels agree', async () => {
      const asked = this.sentinels.filter(({ alive }) => alive)
      ports = await Promise.all(asked.map((sentinel) => this.#masterOf(sentinel)))
      return new Set(ports).size === 1
    })
    const master = this.servers.find(({ port }) => port === ports[0])
    assert.ok(master !== undefined, 'the sentinels follow a server that is not of this set-up')
    return master
  }

  /** Counts the failovers. */
  async epoch(): Promise<number> {
    const asked = this.sentinels.filter(({ alive }) => alive)
    const epochs = await Promise.all(asked.map(async (sentinel) => fieldsOf(await sentinel.ask('SENTINEL', 'MASTER', this.name)).get('config-epoch')))
    return Math.max(...epochs.map(Number))
  }

  /** The living data servers that are not the master. */
  async replicas(): Promise<RedisNode[]> {
    const master = await this.master()
    return this.servers.filter((server) => server !== master && server.alive)
  }

  /** Has the sentinels choose another master while the present one is well, and waits until all is settled. */
  async failover(): Promise<void> {
    const before = await this.master()
    const [sentinel] = this.sentinels.filter(({ alive }) => alive)
    assert.equal(await sentinel!.ask('SENTINEL', 'FAILOVER', this.name), 'OK')
    await this.untilMasterIsNot(before)
    await this.untilConverged()
  }

  /** Waits until all living sentinels follow another master, which takes writes. */
  async untilMasterIsNot(before: RedisNode): Promise<void> {
    await until('there is another master', async () => {
      const master = await this.master()
      return master !== before && (await master.role()) === 'master'
    })
  }

  /** Waits until every living sentinel sees the master, all living replicas complete and linked to it, and all other living sentinels. */
  async untilConverged(): Promise<void> {
    await until('the sentinels have converged', async () => this.#isConverged().catch(() => false))
  }

  async #isConverged(): Promise<boolean> {
    const sentinels = this.sentinels.filter(({ alive }) => alive)
    const [port, ...others] = await Promise.all(sentinels.map((sentinel) => this.#masterOf(sentinel)))
    const master = this.servers.find((server) => server.port === port)
    if (master === undefined || others.some((other) => other !== port) || (await master.role()) !== 'master') return false
    const replicas = this.servers.filter((server) => server !== master && server.alive)
    const linked = await Promise.all(replicas.map((replica) => isLinked(replica, master)))
    const seen = await Promise.all(sentinels.map((sentinel) => this.#sees(sentinel, master, replicas, sentinels)))
    return [...linked, ...seen, await master.isSynchronised()].every(Boolean)
  }

  async #masterOf(sentinel: RedisNode): Promise<number> {
    const [, port] = await sentinel.ask('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', this.name)
    return Number(port)
  }

  async #sees(sentinel: RedisNode, master: RedisNode, replicas: readonly RedisNode[], sentinels: readonly RedisNode[]): Promise<boolean> {
    const replies = await sentinel.askAll([
      ['SENTINEL', 'MASTER', this.name],
      ['SENTINEL', 'REPLICAS', this.name],
      ['SENTINEL', 'SENTINELS', this.name],
    ])
    const seen = (replies.flatMap((reply, i) => (i === 0 ? [reply] : reply)) as string[][]).map(fieldsOf)
    const wanted = [master, ...replicas, ...sentinels.filter((other) => other !== sentinel)]
    return wanted.every(({ port }) =>
      seen.some((fields) => {
        const complete = fields.get('role-reported') !== 'slave' || (fields.get('master-link-status') === 'ok' && fields.get('master-port') === String(master.port))
        return fields.get('port') === String(port) && !/down|disconnected/.test(fields.get('flags')!) && complete
      }),
    )
  }

  /** Ends all servers. Idempotent. */
  async stop(): Promise<void> {
    await Promise.all([...this.sentinels, ...this.servers].map((node) => node.process.dispose()))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }
}

async function startAll(nodes: readonly RedisNode[]): Promise<void> {
  const ends = await Promise.allSettled(nodes.map((node) => node.start()))
  const failed = ends.find((end) => end.status === 'rejected')
  if (failed !== undefined) throw failed.reason
}

async function isLinked(replica: RedisNode, master: RedisNode): Promise<boolean> {
  const info = await replica.info('replication')
  return info.get('master_port') === String(master.port) && info.get('master_link_status') === 'up'
}

/** A reply that is a list of names and values in turn. */
function fieldsOf(reply: readonly string[]): Map<string, string> {
  return new Map(reply.flatMap((name, i) => (i % 2 === 0 ? [[name, reply[i + 1]!] as const] : [])))
}
