import assert from 'node:assert/strict'
import { until } from './until'

/** What is all that the caller can be told who waits for a core until his deadline has passed. */
const LATE = /^no (reply|connection) (within \d+ ms|in time)$/

/** Calls, of which each rejects, until one says why. */
export async function untilTold(call: () => Promise<unknown>, expected: Record<string, unknown>, message: string): Promise<void> {
  await until(`it is told: ${message}`, () =>
    call().then(() => assert.fail('it was answered'), (error) => {
      if (LATE.test(error.message)) return false
      const told = Object.fromEntries(Object.keys(expected).map((name) => [name, error[name]]))
      assert.deepEqual({ ...told, message: error.message }, { ...expected, message }, error.stack)
      return true
    }),
  )
}
