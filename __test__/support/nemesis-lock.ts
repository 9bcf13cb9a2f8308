import * as fc from 'fast-check'
import type { Attempt } from '../../nemesis/history/attempt'
import type { History, Loss, Stored } from '../../nemesis/history/history'
import type { Job } from '../../nemesis/locks/contract'
import { attempt } from './nemesis-history'

/** What the next caller does, in ms: when it comes after the last one was answered, how long its answer takes, how long it holds, when it writes. */
export interface Step {
  pause: number
  way: number
  hold: number
  /** How long before the end of the hold it sends a write, and how long after it the write comes to the register. */
  write: number
  late: number
  renew: boolean
  /** Whether the servers forget all while it holds. */
  forgets: boolean
}

const ms = (max: number) => fc.integer({ min: 0, max })

export const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({ pause: ms(30), way: ms(5), hold: ms(150), write: ms(50), late: ms(300), renew: fc.boolean(), forgets: fc.boolean() }),
  { minLength: 2, maxLength: 40 },
)

const TTL_MS = 100

type Arrival = { at: number; token: number; attempt: Attempt; n: number; sent: number }

/**
 * What callers of a lock that keeps its promises write down: a lease is over when its holder lets it go, or by itself; its token is the
 * time. Where the servers forget, the next one has it at once. A register takes what is not of a lower token.
 */
export function lawful(callers: readonly Step[]): Pick<History, 'attempts' | 'losses' | 'stored' | 'ttls'> {
  const attempts: Attempt[] = []
  const losses: Loss[] = []
  const arrivals: Arrival[] = []
  let free = 0
  for (const [i, { pause, way, hold, write, late, renew, forgets }] of callers.entries()) {
    const granted = free + pause + 1
    const from = granted + way
    // Whoever renews what is forgotten is told so: his lock is over a TTL after the last renewal that was not.
    const ends = !renew ? granted + TTL_MS - 1 : forgets ? from + TTL_MS : Infinity
    const to = Math.max(from, Math.min(from + hold, ends))
    const job: Job = { lock: 'mutex', resources: ['a'], ttlMs: TTL_MS, waitMs: 0, renew }
    const mine = attempt({ id: `p${i % 3}/0/${i}`, asked: granted - way, held: [from, to], token: granted * 1000, job })
    attempts.push(mine)
    const sent = Math.max(from, to - write)
    arrivals.push({ at: sent + late, token: granted * 1000, attempt: mine, n: 1, sent })
    free = to + 0.5
    if (!forgets) continue
    losses.push({ from: from + 0.1, to: from + 0.2 })
    free = from + 0.3
  }
  return { attempts, losses, stored: arrive(arrivals), ttls: { a: TTL_MS } }
}

function arrive(arrivals: readonly Arrival[]): Stored[] {
  const stored: Stored[] = []
  let highest = 0
  for (const { at, token, attempt, n, sent } of [...arrivals].sort((a, b) => a.at - b.at)) {
    const accepted = token >= highest
    attempt.writes.push({ n, sent, answered: at, accepted: { a: accepted } })
    if (!accepted) continue
    highest = token
    stored.push({ resource: 'a', id: attempt.id, n, token })
  }
  return stored
}
