import type { History } from '../history/history'
import { COMMANDS_PER_HAND_OVER, HAND_OVERS } from '../settings'
import type { Violation } from './violation'

/** (I7) What a hand-over costs where many wait. */
export function commands({ calm }: History): Violation[] {
  if (calm === undefined) return []
  if (calm.handOvers < HAND_OVERS) return [{ rule: 'commands', what: `there were only ${calm.handOvers} hand-overs of ${HAND_OVERS}, with nothing going wrong` }]
  const each = perHandOver(calm)
  if (each <= COMMANDS_PER_HAND_OVER) return []
  const listed = Object.entries(calm.commands).sort(([, a], [, b]) => b - a)
  const what = listed.map(([name, count]) => `${count} ${name}`).join(', ')
  return [{ rule: 'commands', what: `${calm.handOvers} hand-overs took ${each.toFixed(1)} commands each: ${what}` }]
}

export function perHandOver({ commands, handOvers }: NonNullable<History['calm']>): number {
  return Object.values(commands).reduce((sum, count) => sum + count, 0) / handOvers
}
