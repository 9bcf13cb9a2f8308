import type { Moment } from '../clock'
import { type Attempt, conflict } from './attempt'
import type { Loss } from './history'

/** Whether the servers forgot anything within a span. */
export function anyLoss(losses: readonly Loss[], from: Moment, to: Moment): boolean {
  return losses.some((loss) => loss.from <= to && loss.to >= from)
}

/**
 * Whether a lock was certainly granted before another. Either its call was answered before the other one was made; or the two exclude
 * each other and both were valid when answered: then the leases do not overlap, and come in the order of the answers. The second holds
 * only where no lease was forgotten.
 */
export function grantedBefore(a: Attempt, b: Attempt, losses: readonly Loss[]): boolean {
  if (a.settled !== undefined && a.settled < b.asked) return true
  if (!conflict(a.job, b.job) || a.believed === undefined || b.believed === undefined) return false
  return a.believed.from < b.believed.from && !anyLoss(losses, Math.min(a.asked, b.asked), b.believed.from)
}
