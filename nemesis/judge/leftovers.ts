import type { History } from '../history/history'
import type { Violation } from './violation'

/** (I6) No key without a TTL; and when the longest TTL is over, nothing but what the next tokens are made from. */
export function leftovers({ leftovers: { immortal, late } }: History): Violation[] {
  return [...list(immortal, 'without a TTL'), ...list(late, 'there when the longest TTL was over')]
}

const list = (keys: readonly string[], what: string): Violation[] =>
  keys.length === 0 ? [] : [{ rule: 'leftovers', what: `${keys.length} keys are ${what}: ${keys.slice(0, 5).join(', ')}` }]

/** Whether a key may outlive the locks: the last fencing token of each resource, and how many permits were set. */
export const mayStay = (key: string) => /^(fence|permits):\{/.test(key)
