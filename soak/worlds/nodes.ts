import type { RedisNode } from '../../__test__/support/redis-node'
import { until } from '../../__test__/support/until'
import type { Fault } from '../world'
import { severalTimes } from './several-times'

const listed = (node: RedisNode) => `port ${node.port}`

/** Kills a server and starts it again after a while, somebody having taken over or not. */
export async function killed(node: RedisNode) {
  await node.crash()
  return { detail: listed(node), heal: () => node.start() }
}

export async function stopped(node: RedisNode) {
  node.kill('SIGSTOP')
  return { detail: listed(node), heal: async () => node.kill('SIGCONT') }
}

/** Waits until somebody else has taken over. */
export async function untilReplaced(leaders: () => Promise<string>, before: string): Promise<void> {
  const replaced = () => until('another has taken over', async () => (await leaders().catch(() => before)) !== before)
  // Sentinels that each vote for themselves try again after six seconds, and may need several rounds.
  await replaced().catch(replaced)
}

/** What is done to all servers that live, a few times. */
export function askedOfAll(name: string, words: readonly string[], nodes: () => readonly RedisNode[]): Fault {
  return {
    name,
    loses: 'nothing',
    lasts: [0, 500],
    apply: (span) => severalTimes(span, 4, () => Promise.all(nodes().map((node) => node.ask(...words)))),
  }
}
