import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import { until } from './until'

/** Calls until an answer comes in time, which must be as wanted: where deadlines are short for the sake of a test, a busy machine misses some. */
export async function inTime(what: string, call: () => Promise<unknown>, holds: (value: unknown) => boolean = () => true): Promise<void> {
  await until(what, () => call().then((value) => (assert.ok(holds(value), `${what}: ${inspect(value)}`), true), () => false))
}
