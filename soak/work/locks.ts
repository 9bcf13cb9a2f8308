import { setTimeout as pause } from 'node:timers/promises'
import { DistributedLock, type HeldLock } from '../../index.js'
import { pick, type Random } from '../random'
import type { Account } from '../risk'
import { DEADLINE_MS } from '../settings'
import type { Context, Workload } from '../workload'

const KEYS = 6
const TTL_MS = 2000
const WAIT_MS = 300
const HOLD_MS = 20
/** A wait and a tenth of it, or a single try. */
const WITHIN_MS = Math.max(WAIT_MS * 1.1, DEADLINE_MS)

/** Who believes that he holds a resource, since when the servers may have forgotten it, and the greatest token that was given. */
class Contested implements Account {
  readonly resource: string
  holder: HeldLock | null = null
  /** How often the servers have lost something; and how often when the holder asked. */
  lost = 0
  lostBefore = 0
  token = 0

  constructor(resource: string) {
    this.resource = resource
  }

  decided(lost: boolean): void {
    if (lost) this.lost++
  }

  emptied(): void {
    this.lost++
  }
}

/** Locks that all clients want: two never hold one at once unless the servers forgot it, and tokens rise in any case, since all servers here have one clock. */
export class Locks implements Workload {
  readonly weight = 2
  readonly #locks: readonly DistributedLock[]
  readonly #resources: readonly Contested[]

  constructor(readonly context: Context) {
    this.#locks = context.clients.map(({ redis }) => new DistributedLock(redis, { prefix: `locks-${context.run}` }))
    this.#resources = Array.from({ length: KEYS }, (_, i) => context.risk.watch(new Contested(`r${i}`)))
  }

  worker(): (random: Random) => Promise<unknown> {
    return async (random) => {
      const [lock, contested, waits] = [pick(random, this.#locks), pick(random, this.#resources), random() < 0.5]
      const { judge, risk, violations } = this.context
      const [token, lost] = [contested.token, contested.lost]
      const acquire = () => lock.acquire(contested.resource, TTL_MS, { waitMs: waits ? WAIT_MS : 0, renew: random() < 0.3 })
      const { outcome, reply: held, begun } = await judge.run('DistributedLock.acquire', acquire, { deadlineMs: WITHIN_MS })
      if (outcome !== 'acknowledged' || !held) return
      if (held.fencingToken <= token) violations.report(`DistributedLock.acquire gave token ${held.fencingToken} behind ${token} for ${contested.resource}`)
      contested.token = Math.max(contested.token, held.fencingToken)
      const before = contested.holder
      const nothingLost = contested.lost === contested.lostBefore && contested.lost === lost && risk.touches(begun) === 'not'
      if (before?.isValid() && held.isValid() && nothingLost) {
        violations.report(`DistributedLock.acquire gave ${contested.resource} to two at once`)
      }
      Object.assign(contested, { holder: held, lostBefore: lost })
      await pause(random() * HOLD_MS)
      // It never rejects, and says within its time what became of it.
      await judge.run('HeldLock.release', () => held.release())
    }
  }
}
