import assert from 'node:assert/strict'
import type { Redis } from '../../index.js'

/** Lets the turn end in which calls were made, and then holds up the event loop until every answer has come to this process. */
export async function untilAnswered(redis: Redis): Promise<void> {
  // Not a whole turn of the event loop, in which the first answers would be read already.
  await new Promise<void>((resolve) => process.nextTick(resolve))
  const deadline = Date.now() + 30_000
  while (redis.metrics().pending > 0) assert.ok(Date.now() < deadline, 'not answered within 30 s')
}
