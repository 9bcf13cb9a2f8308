import { until } from '../../__test__/support/until'
import { pick } from '../../soak/random'
import type { Holder } from '../fleet/holder'
import type { Attempt } from '../history/attempt'
import type { Job } from '../locks/contract'
import type { Turn } from '../world'

/** How long whom a fault is to hit waits for its lock. */
const WAIT_MS = 10_000

/** Nobody could acquire what was wanted, with all well. */
export class NothingAcquired extends Error {}

export interface Prey {
  readonly holder: Holder
  readonly attempt: Attempt
}

interface Wants {
  ttlMs: number
  renew: boolean
  holdMs: number
  /** For how long it blocks its loop as soon as it holds. */
  blockMs?: number
}

/** A process, one of all unless it is given, that holds a lock: just acquired. */
export async function prey(turn: Turn, { ttlMs, renew, holdMs, blockMs }: Wants, holder = anyHolder(turn)): Promise<Prey> {
  const job: Job = { ...pick(turn.random, turn.preys), waitMs: WAIT_MS, ttlMs, renew }
  for (let n = 1; n <= 5; n++) {
    const tag = `turn ${turn.number}, ${n}`
    holder.order({ do: 'hold', tag, job, holdMs, ...(blockMs !== undefined && { blockMs }) })
    const settled = () => {
      const attempt = holder.reading.tagged(tag)
      return attempt !== undefined && attempt.outcome !== 'pending' ? attempt : undefined
    }
    await until(`${holder.name} is answered`, () => settled() !== undefined || holder.end !== undefined)
    const attempt = settled()
    if (attempt?.believed !== undefined) return { holder, attempt }
    if (holder.end !== undefined) break
  }
  throw new NothingAcquired(`${holder.name} could not acquire '${job.resources.join("' and '")}', with all well`)
}

export const anyHolder = ({ random, fleet }: Turn): Holder => pick(random, fleet.holders)
