import { setTimeout as pause } from 'node:timers/promises'
import { until } from '../__test__/support/until'
import { between } from '../soak/random'
import { now } from './clock'
import { NothingAcquired } from './faults/prey'
import { Fleet } from './fleet/fleet'
import type { Calm, History, Loss, Window } from './history/history'
import { judge } from './judge/judge'
import { acquiredSince, boundMs } from './judge/progress'
import type { Violation } from './judge/violation'
import type { MakeName } from './locks/all'
import { MAKES } from './locks/all'
import type { Job } from './locks/contract'
import type { Report } from './report'
import { type Planned, schedule } from './schedule'
import { PROCESSES } from './settings'
import { countCalm } from './watch/calm'
import { lookForImmortals, lookForLeftovers } from './watch/leftovers'
import { Machine } from './watch/machine'
import { RegisterServer } from './watch/register-server'
import type { World } from './world'

export interface Script {
  readonly make: MakeName
  readonly seed: number
  /** Of the streams of random numbers. */
  readonly name: string
  readonly ms: number
  /** Part of the name of each fault that may happen; all without any. */
  readonly only: readonly string[]
}

export interface Played {
  readonly history: History
  readonly violations: readonly Violation[]
}

/** One world for a time: processes that want locks, and one fault after another. */
export class Act {
  readonly #machine = new Machine()
  readonly #windows: Window[] = []
  readonly #losses: Loss[] = []
  readonly #immortal = new Set<string>()
  readonly #violations: Violation[] = []

  private constructor(
    readonly world: World,
    readonly script: Script,
    readonly menu: readonly Job[],
    readonly registers: RegisterServer,
    readonly fleet: Fleet,
    readonly report: Report,
  ) {}

  static async play(world: World, script: Script, report: Report): Promise<Played> {
    const { make, seed } = script
    const menu = world.menu.filter((job) => MAKES[make].does(job))
    const registers = await RegisterServer.start()
    try {
      const fleet = await Fleet.start(PROCESSES, { servers: world.targets, registers: registers.url, menu, make, seed })
      try {
        const act = new Act(world, script, menu, registers, fleet, report)
        return await act.#play()
      } finally {
        await fleet.dispose()
      }
    } finally {
      await registers.stop()
    }
  }

  async #play(): Promise<Played> {
    const { world, fleet, registers } = this
    try {
      const calm = world.contended === undefined ? undefined : await countCalm(world, world.contended, fleet)
      await this.#turns()
      const stopped = now()
      await fleet.stop()
      const longest = Math.max(...Object.values(this.#ttls), ...(world.contended === undefined ? [] : [world.contended.ttlMs]))
      const { immortal, late } = await lookForLeftovers(world.servers(), longest)
      const leftovers = { immortal: [...new Set([...this.#immortal, ...immortal])], late }
      await registers.catchUp()
      const history = this.#history({ stopped, leftovers, calm })
      return { history, violations: [...this.#violations, ...judge(history)] }
    } finally {
      await this.#machine.stop()
    }
  }

  #history(rest: { stopped: number; leftovers: History['leftovers']; calm: Calm | undefined }): History {
    const { fleet, registers } = this
    const machine = this.#machine
    return {
      ...rest,
      attempts: fleet.attempts,
      ends: fleet.ends,
      faults: this.#windows,
      losses: this.#losses,
      stored: registers.fenced,
      storedUnfenced: registers.unfenced,
      ttls: this.#ttls,
      lateMs: (from, to) => machine.lateMs(from, to),
      clockStepMs: machine.clockStepMs,
    }
  }

  /** Of what is wanted at any time, the longest TTL by resource. */
  get #ttls(): Record<string, number> {
    const ttls: Record<string, number> = {}
    for (const { resources, ttlMs } of this.menu) for (const resource of resources) ttls[resource] = Math.max(ttls[resource] ?? 0, ttlMs)
    return ttls
  }

  async #turns(): Promise<void> {
    const { script, world } = this
    const faults = world.faults.filter(({ name }) => script.only.length === 0 || script.only.some((part) => name.includes(part)))
    if (faults.length === 0) return pause(script.ms)
    const ends = now() + script.ms
    // Those that were asked for by name happen, be the time over or not.
    const least = script.only.length === 0 ? 1 : faults.length
    for (const turn of schedule(script.seed, script.name, faults)) {
      if (turn.number > least && now() > ends) return
      if (!(await this.#turn(turn))) return
    }
  }

  /** Whether it makes sense to go on. */
  async #turn(planned: Planned): Promise<boolean> {
    await pause(planned.calmMs)
    try {
      const windows = await this.#suffer(planned)
      const progressed = await this.#progress(windows.at(-1)!)
      for (const key of await lookForImmortals(this.world.servers())) this.#immortal.add(key)
      this.report.turn(planned.number, windows, progressed)
      return progressed !== undefined
    } catch (error) {
      if (!(error instanceof NothingAcquired)) throw error
      this.#violations.push({ rule: 'progress', what: error.message, at: now() })
      return false
    }
  }

  /** One fault from its beginning to its end, and what happens within it. In the order of their ends. */
  async #suffer({ number, fault, within, lastsMs, random }: Omit<Planned, 'calmMs'>): Promise<Window[]> {
    const { fleet, world, script } = this
    const lost = (loss: Loss) => void this.#losses.push(loss)
    const { detail, processes, halts, from, heal } = await fault.apply({ number, lastsMs, random, fleet, preys: world.preys.filter((job) => MAKES[script.make].does(job)), lost })
    const inner = within === undefined ? [] : this.#suffer({ number, fault: within, lastsMs: between(random, ...within.lasts), random })
    const [windows] = await Promise.all([inner, pause(lastsMs)])
    await heal()
    const window: Window = { name: fault.name, detail, from, to: now(), processes, halts }
    this.#windows.push(window)
    return [...windows, window]
  }

  /** How long after it every resource had been acquired anew; `undefined` when one was not in good time, which the judge will say. */
  async #progress({ to }: Window): Promise<number | undefined> {
    let last = to
    for (const [resource, ttlMs] of Object.entries(this.#ttls)) {
      let acquired: number | undefined
      await until(`'${resource}' is acquired`, async () => {
        const { attempts } = this.fleet
        acquired = acquiredSince(attempts, resource, to)
        return acquired !== undefined || now() > to + boundMs(attempts, resource, to, ttlMs) + this.#machine.lateMs(to, now())
      })
      if (acquired === undefined) return undefined
      last = Math.max(last, acquired)
    }
    return last - to
  }
}
