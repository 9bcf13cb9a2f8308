import { FaultProxy, type Target } from '../../__test__/support/fault-proxy'
import type { RedisNode } from '../../__test__/support/redis-node'
import { until } from '../../__test__/support/until'
import { type Moment, now } from '../clock'
import { startNodes, stopAll } from './nodes'

/** As with the sets of the tests: a replica is complete as soon as it has the file. */
const ARGS = ['--repl-diskless-sync', 'no', '--repl-ping-replica-period', '1']

/** A master, and a replica that is fed through a proxy. */
export class Pair {
  /** Who takes writes: it comes to mean the other one. */
  readonly target: Target
  master: RedisNode
  #replica: RedisNode
  #link: FaultProxy

  private constructor(master: RedisNode, replica: RedisNode, link: FaultProxy) {
    this.master = master
    this.#replica = replica
    this.#link = link
    this.target = { ...master.address }
  }

  static async start(): Promise<Pair> {
    const [master, replica] = (await startNodes(2, ...ARGS)) as [RedisNode, RedisNode]
    const pair = new Pair(master, replica, await FaultProxy.start(master.address))
    await pair.#follow()
    return pair
  }

  /** Has the replica follow the master, and waits until it has everything. */
  async #follow(): Promise<void> {
    await this.#replica.ask('REPLICAOF', this.#link.host, this.#link.port)
    await until('the replica is complete', async () => (await this.#replica.isSynchronised()) && (await this.master.isSynchronised()))
    await until('the replica is counted', async () => (await this.master.ask<number>('WAIT', 1, 1000)) === 1)
  }

  /** Has the replica hear nothing more. What was acknowledged before the moment that it returns is on the replica. */
  async cutOff(): Promise<Moment> {
    const since = now()
    const offset = Number((await this.master.info('replication')).get('master_repl_offset'))
    await until('the replica has it all', async () => Number((await this.#replica.info('replication')).get('slave_repl_offset')) >= offset)
    this.#link.freeze()
    return since
  }

  joinAgain(): void {
    this.#link.thaw()
  }

  /** Kills the master and has the replica take its place, as it is. When that was done. */
  async promote(): Promise<Moment> {
    const [old, promoted] = [this.master, this.#replica]
    await old.crash()
    await this.#link.stop()
    await promoted.ask('REPLICAOF', 'NO', 'ONE')
    this.master = promoted
    this.#replica = old
    Object.assign(this.target, promoted.address)
    return now()
  }

  /** Has the one that was killed begin anew as the replica, with nothing. */
  async complete(): Promise<void> {
    this.#link = await FaultProxy.start(this.master.address)
    await this.#replica.start()
    await this.#follow()
  }

  async stop(): Promise<void> {
    await this.#link.stop()
    await stopAll([this.master, this.#replica])
  }
}
