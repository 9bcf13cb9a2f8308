import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'

/** Waits for a condition. The cap is generous, because nothing is learnt from it but that the condition never came. */
export async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 30_000
  while (!(await condition())) {
    if (Date.now() > deadline) assert.fail(`not within 30 s: ${what}`)
    await pause(10)
  }
}
