import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'

/** Generous, because nothing is learnt from it but that the condition never came. */
const CAP_MS = 60_000

/** Waits for a condition. */
export async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + CAP_MS
  while (!(await condition())) {
    if (Date.now() > deadline) assert.fail(`not within ${CAP_MS / 1000} s: ${what}`)
    await pause(10)
  }
}
