import path from 'node:path'
import { FaultProxy, type Target } from '../../__test__/support/fault-proxy'
import { newFolder } from '../../__test__/support/reaper'
import { until } from '../../__test__/support/until'
import type { Attempt } from '../history/attempt'
import type { End } from '../history/history'
import type { Config } from '../holder/config'
import { ENDING_MS, WORKERS } from '../settings'
import { Holder } from './holder'

export interface Outfit extends Pick<Config, 'seed' | 'make' | 'registers' | 'menu'> {
  readonly servers: readonly Target[]
}

/** The processes that want locks. Each goes to the servers by ways of its own. */
export class Fleet {
  /** Those that run, each at its place. */
  readonly holders: Holder[] = []
  /** Before each server, for each place. */
  readonly proxies: FaultProxy[][] = []
  readonly #all: Holder[] = []
  readonly #folder = newFolder()
  readonly #outfit: Outfit

  private constructor(outfit: Outfit) {
    this.#outfit = outfit
  }

  static async start(places: number, outfit: Outfit): Promise<Fleet> {
    const fleet = new Fleet(outfit)
    try {
      for (let place = 0; place < places; place++) {
        fleet.proxies.push(await Promise.all(outfit.servers.map((server) => FaultProxy.start(server))))
        fleet.#launch(place)
      }
      for (const holder of fleet.holders) await fleet.#up(holder)
      return fleet
    } catch (error) {
      await fleet.dispose()
      throw error
    }
  }

  #launch(place: number): void {
    const generation = this.#all.filter((holder) => holder.place === place).length
    const name = `p${place + 1}${generation === 0 ? '' : `.${generation + 1}`}`
    const { servers: _, ...outfit } = this.#outfit
    const servers = this.proxies[place]!.map(({ host, port }) => ({ host, port }))
    const holder = new Holder(place, { ...outfit, name, servers, log: path.join(this.#folder, name), workers: WORKERS })
    this.holders[place] = holder
    this.#all.push(holder)
  }

  async #up(holder: Holder): Promise<void> {
    await until(`${holder.name} is up`, () => {
      if (holder.end !== undefined) throw new Error(`${holder.name} ended with code ${holder.end.code}: ${holder.end.said}`)
      return holder.reading.isUp
    })
  }

  /** Kills a process, and starts another in its place. */
  async replace(holder: Holder): Promise<void> {
    await holder.kill()
    this.#launch(holder.place)
    await this.#up(this.holders[holder.place]!)
  }

  /** All that anybody has tried until now. */
  get attempts(): Attempt[] {
    return this.#all.flatMap((holder) => [...holder.reading.attempts.values()])
  }

  get ends(): End[] {
    return this.#all.flatMap(({ end }) => end ?? [])
  }

  async stop(): Promise<void> {
    await Promise.all(this.holders.map((holder) => holder.stop(ENDING_MS)))
  }

  async dispose(): Promise<void> {
    for (const holder of this.#all) holder.dispose()
    await Promise.all(this.proxies.flat().map((proxy) => proxy.stop()))
  }
}
