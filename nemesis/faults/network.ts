import type { FaultProxy } from '../../__test__/support/fault-proxy'
import { until } from '../../__test__/support/until'
import { between, type Random } from '../../soak/random'
import { now } from '../clock'
import type { Fault } from '../world'
import { COMMAND_MS } from '../settings'
import { anyHolder, prey } from './prey'

interface NetworkFault {
  readonly name: string
  readonly lasts: readonly [least: number, most: number]
  /** Begins it on some of the ways of one process. How it ends, and to what extent it happened. */
  begin(ways: readonly FaultProxy[], random: Random): { detail?: string; heal(): Promise<void> }
}

/** What happens on the way between a process and the servers. None of it loses what a server acknowledged. */
export function networkFaults(ttlMs: number): Fault[] {
  const faults: NetworkFault[] = [
    {
      name: 'frozen network of a holder',
      lasts: [ttlMs / 2, ttlMs * 2],
      begin(ways) {
        for (const way of ways) way.freeze()
        return {
          heal: async () => {
            for (const way of ways) way.thaw()
          },
        }
      },
    },
    {
      name: 'half-open connections of a holder',
      lasts: [0, ttlMs],
      begin(ways) {
        const count = ways.reduce((sum, { connections }) => sum + connections, 0)
        for (const way of ways) way.halfOpen()
        return { detail: `${count} of them`, heal: async () => {} }
      },
    },
    {
      name: 'replies to a process lost',
      lasts: [0, 50],
      begin(ways, random) {
        const [before, most] = [dropped(ways), between(random, 1, 4)]
        for (const way of ways) way.dropReplies = true
        return {
          detail: `${most} at least`,
          heal: async () => {
            await until('the replies are lost', () => dropped(ways) >= before + most)
            for (const way of ways) {
              // TCP loses the rest of a connection, never a piece of it.
              way.reset()
              way.dropReplies = false
            }
          },
        }
      },
    },
  ]
  const onHolders = faults.map(({ name, lasts, begin }): Fault => ({
    name,
    on: 'process',
    lasts,
    async apply(turn) {
      const { holder } = await prey(turn, { ttlMs, renew: true, holdMs: turn.lastsMs + ttlMs })
      const from = now()
      const ways = turn.fleet.proxies[holder.place]!
      const { detail, heal } = begin(ways, turn.random)
      return { from, detail: [holder.name, detail].filter(Boolean).join(', '), processes: [holder.name], heal }
    },
  }))
  return [...onHolders, slow(ttlMs)]
}

/** The answer comes long after the lock was granted: whoever counts from the answer believes for too long. */
function slow(ttlMs: number): Fault {
  return {
    name: 'slow network of a process',
    on: 'process',
    lasts: [ttlMs, ttlMs * 2],
    async apply(turn) {
      const holder = anyHolder(turn)
      const ways = turn.fleet.proxies[holder.place]!
      const delayMs = between(turn.random, 20, COMMAND_MS / 3)
      const from = now()
      for (const way of ways) way.delayMs = delayMs
      await prey(turn, { ttlMs, renew: false, holdMs: 2 * ttlMs }, holder)
      return {
        from,
        detail: `${holder.name}, ${delayMs} ms each way`,
        processes: [holder.name],
        heal: async () => {
          for (const way of ways) way.delayMs = 0
        },
      }
    },
  }
}

const dropped = (ways: readonly FaultProxy[]) => ways.reduce((sum, { repliesDropped }) => sum + repliesDropped, 0)
