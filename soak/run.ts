import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { Redis } from '../index.js'
import { now } from '../__test__/support/noise'
import type { Arguments, Topology } from './arguments'
import { Crew } from './crew'
import { Judge } from './judge'
import { recovered } from './probe'
import { Report } from './report'
import { Calm, Risk } from './risk'
import { schedule, type Turn } from './schedule'
import { CLIENTS, COMMON, ECHO_MS, IDLE_SHARE } from './settings'
import { idleShare, Vitals } from './vitals'
import type { Violations } from './violations'
import { workloads } from './work/all'
import type { Client, Workload } from './workload'
import type { World } from './world'
import { ClusterWorld } from './worlds/cluster'
import { SentinelWorld } from './worlds/sentinel'
import { SingleWorld } from './worlds/single'

const WORLDS: Record<Topology, { start(): Promise<World> }> = { single: SingleWorld, sentinel: SentinelWorld, cluster: ClusterWorld }

/** One topology for a time, with all classes at work and one fault after another. */
export class Run {
  readonly #judge: Judge
  readonly #risk = new Risk()
  readonly #calm = new Calm()
  readonly #vitals = new Vitals()
  readonly #report: Report
  #leaders = ''

  private constructor(
    readonly world: World,
    readonly clients: readonly Client[],
    readonly seed: number,
    readonly slackMs: number,
    readonly violations: Violations,
  ) {
    this.#judge = new Judge(violations, slackMs)
    this.#report = new Report(this.#judge)
  }

  static async on(topology: Topology, ms: number, { seed, slackMs }: Arguments, violations: Violations): Promise<void> {
    const world = await WORLDS[topology].start()
    try {
      // On a busy machine a first attempt may take longer than the clients are to wait for one; duplicates connect when they are used.
      const patient = await Redis.connect({ ...world.address, connectTimeout: '60s' })
      const clients = Object.entries(CLIENTS).map(([name, options]) => ({ name, redis: patient.duplicate({ ...COMMON, ...options }) }))
      await patient.close()
      await new Run(world, clients, seed, slackMs, violations).#go(ms)
    } finally {
      await world.stop()
    }
  }

  async #go(ms: number): Promise<void> {
    const { world, clients, violations } = this
    const all = workloads({ clients, judge: this.#judge, violations, risk: this.#risk, calm: this.#calm, run: randomUUID().slice(0, 8) })
    const crew = new Crew(all, this.seed, violations)
    this.#leaders = await world.leaders()
    const ends = performance.now() + ms
    for (const turn of schedule(this.seed, world.faults)) {
      if (turn.number > 1 && performance.now() > ends) break
      await this.#take(turn, all)
      if (violations.any) break
    }
    await crew.stop()
    if (!violations.any) await this.#sweep(all)
    const lines = violations.any ? [] : await this.#quiet()
    await this.#close()
    lines.push(this.#vitals.end(violations))
    // The last ones can be judged when what the other threads have measured has come.
    await pause(1100)
    this.#judge.decide()
    await this.#judge.stop()
    const [raw, excess] = [this.#judge.latestMs, this.#judge.latestExcessMs].map((ms) => Math.round(ms))
    const late = excess === -Infinity ? '' : `; without what the machine was late: ${excess} ms, and ${this.slackMs} are allowed`
    this.#report.end([...lines, `latest answer ${raw} ms after its deadline (${this.#judge.latestWhat})${late}`])
  }

  /** One fault, from the calm before it to the calm after it. */
  async #take(turn: Turn, all: readonly Workload[]): Promise<void> {
    const { clients, violations } = this
    const { fault } = turn
    await pause(turn.calmMs)
    await this.#changedHands(false)
    this.#report.faultBegins()
    if (fault.loses !== 'nothing') this.#risk.open()
    if (fault.loses === 'all') this.#risk.empty()
    const begun = now()
    const { detail, heal } = await fault.apply(turn)
    if (heal !== undefined) await pause(turn.lastsMs)
    await heal?.()
    const tookMs = now() - begun
    const recoveredMs = await recovered(clients, this.#judge, violations, this.#settled())
    const changed = await this.#changedHands(fault.loses !== 'nothing' || fault.replaces === true)
    if (fault.loses !== 'nothing') this.#risk.close(fault.loses !== 'perhaps' || changed)
    // Whatever is wrong already, a sweep would only take its time.
    if (!violations.any) {
      const before = now()
      await pause(ECHO_MS)
      this.#calm.mark(before)
      await this.#sweep(all)
    }
    this.#judge.decide()
    this.#vitals.begin()
    this.#report.faultEnds({ turn, tookMs, recoveredMs, ...(detail !== undefined && { detail }) })
  }

  /** The servers are given more time than a test would give them: they are not what is looked at. */
  async #settled(): Promise<void> {
    await this.world.settled().catch(() => this.world.settled())
  }

  /** Whether somebody else has taken over; if that was not asked for, nothing that was lost can be blamed on the client. */
  async #changedHands(expected: boolean): Promise<boolean> {
    const leaders = await this.world.leaders()
    const changed = leaders !== this.#leaders
    this.#leaders = leaders
    if (changed && !expected) {
      this.#report.say('the servers have chosen another primary by themselves')
      this.#risk.empty()
    }
    this.violations.decide(changed && !expected)
    return changed
  }

  async #sweep(all: readonly Workload[]): Promise<void> {
    for (const workload of all) await workload.sweep?.()
    await this.#changedHands(false)
  }

  /** Nothing asked, and every server away: next to nothing is done. Then all is well again. */
  async #quiet(): Promise<string[]> {
    const { world, clients, violations } = this
    for (const { name, redis } of clients) {
      const { pending } = redis.metrics()
      if (pending !== 0) violations.report(`the client '${name}' says that ${pending} operations are pending, and all were answered`)
    }
    await world.leave()
    const share = await idleShare()
    if (share > IDLE_SHARE) violations.report(`${Math.round(share * 100)} % of a core were taken while all servers were away and nothing was asked`)
    await world.comeBack()
    const tookMs = await recovered(clients, this.#judge, violations, this.#settled())
    return [`${(share * 100).toFixed(1)} % of a core while all servers were away; all clients write ${(tookMs / 1000).toFixed(2)} s after they came back`]
  }

  async #close(): Promise<void> {
    const closed = Promise.all(this.clients.map(({ redis }) => redis.close())).then(() => true)
    if (!(await Promise.race([closed, pause(20_000, false, { ref: false })]))) this.violations.report('close() has not ended within 20 s')
  }
}
