import type { Redis } from '../../index.js'
import { until } from './until'

/**
 * Waits until a connection has outlived some questions of its watchdog, of which `asked` counts all. A machine that stands still leaves one
 * unanswered now and then, and the connection is given up for that: then another one has to.
 */
export async function outlives(redis: Redis, asked: () => number | Promise<number>, questions = 3): Promise<void> {
  await until('a connection outlives the questions of its watchdog', async () => {
    const { connections } = redis.metrics()
    const before = await asked()
    await until('it is asked', async () => (await asked()) >= before + questions)
    return redis.metrics().connections === connections
  })
}
