import type { Moment } from '../clock'

export const RULES = ['exclusion', 'tokens', 'register', 'settling', 'progress', 'leftovers', 'commands', 'truth', 'ending'] as const
export type Rule = (typeof RULES)[number]

/** What was promised and not kept. */
export interface Violation {
  readonly rule: Rule
  readonly what: string
  readonly at?: Moment | undefined
  /** The attempts that it is about. */
  readonly ids?: readonly string[]
}
