import { setTimeout as pause } from 'node:timers/promises'
import { between, type Random } from '../random'

/** Does something a few times, spread over the time that a fault lasts. */
export async function severalTimes({ random, lastsMs }: { random: Random; lastsMs: number }, most: number, act: () => unknown) {
  const times = between(random, 1, most)
  for (let i = 0; i < times; i++) {
    await act()
    await pause(lastsMs / times)
  }
  return { detail: `${times} times` }
}
