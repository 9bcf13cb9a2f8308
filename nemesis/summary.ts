import type { Attempt } from './history/attempt'
import type { History, Stored } from './history/history'
import { grantedBefore } from './history/order'
import { perHandOver } from './judge/commands'
import { latest } from './judge/settling'

/** What an act was made of, in a few lines. */
export function summary(history: History): string[] {
  const { attempts, calm } = history
  const of = (outcome: Attempt['outcome']) => attempts.filter((attempt) => attempt.outcome === outcome)
  const errors = counted(of('failed').map(({ error }) => error!.split(':')[0]!))
  const lost = counted(attempts.flatMap(({ over }) => (over === undefined ? [] : [over.why || 'for no reason given'])))
  const refused = attempts.flatMap(({ writes }) => writes.filter(({ accepted = {} }) => Object.values(accepted).includes(false))).length
  return [
    `${attempts.length} acquires: ${of('held').length} held (${counted(of('held').map(({ job }) => job.lock))}), ${of('busy').length} busy, ${of('failed').length} failed${errors && ` (${errors})`}`,
    `lost while held: ${lost || 'none'}; ${refused} late writes refused, and unfenced registers went back ${stepsBack(history)} times`,
    `latest answer ${Math.round(latest(history))} ms after its wait${calm === undefined ? '' : `; ${perHandOver(calm).toFixed(1)} commands a hand-over, calm`}`,
  ]
}

function counted(words: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1)
  return [...counts].map(([word, count]) => `${count} ${word}`).join(', ')
}

/** How often a register that looks at no token took a value of one who held earlier. */
function stepsBack({ attempts, storedUnfenced, losses }: History): number {
  const byId = new Map(attempts.map((attempt) => [attempt.id, attempt]))
  const latest = new Map<string, Attempt>()
  const isBack = ({ resource, id }: Stored) => {
    const [attempt, before] = [byId.get(id), latest.get(resource)]
    if (attempt === undefined || attempt === before) return false
    if (before !== undefined && grantedBefore(attempt, before, losses)) return true
    latest.set(resource, attempt)
    return false
  }
  return storedUnfenced.filter(isBack).length
}
