import type { History } from '../history/history'
import { commands } from './commands'
import { ending } from './ending'
import { exclusion } from './exclusion'
import { leftovers } from './leftovers'
import { progress } from './progress'
import { register } from './register'
import { settling } from './settling'
import { tokens } from './tokens'
import { truth } from './truth'
import type { Rule, Violation } from './violation'

const OF: Record<Rule, (history: History) => Violation[]> = { exclusion, tokens, register, settling, progress, leftovers, commands, truth, ending }

/** Every promise that was not kept. */
export function judge(history: History): Violation[] {
  return Object.values(OF).flatMap((rule) => rule(history))
}
