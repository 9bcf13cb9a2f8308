import { setTimeout as pause } from 'node:timers/promises'
import type { FaultProxy } from '../../__test__/support/fault-proxy'
import { until } from '../../__test__/support/until'
import { between } from '../random'
import type { Fault } from '../world'

/** What happens on the way to a server. None of it loses what the server acknowledged. */
export function networkFaults(proxy: FaultProxy): Fault[] {
  const loses = 'nothing'
  return [
    {
      name: 'frozen network',
      loses,
      lasts: [50, 2500],
      async apply() {
        proxy.freeze()
        return { heal: async () => proxy.thaw() }
      },
    },
    {
      name: 'half-open connections',
      loses,
      lasts: [0, 500],
      async apply() {
        proxy.halfOpen()
        return { detail: `${proxy.connections} of them` }
      },
    },
    {
      name: 'connections reset',
      loses,
      lasts: [0, 500],
      async apply({ random, lastsMs }) {
        const times = between(random, 1, 5)
        for (let i = 0; i < times; i++) {
          proxy.reset()
          await pause(lastsMs / times)
        }
        return { detail: `${times} times` }
      },
    },
    {
      name: 'connection cut in a reply',
      loses,
      lasts: [0, 300],
      async apply({ random }) {
        const bytes = between(random, 1, 50_000)
        proxy.cutAfter(bytes)
        return {
          detail: `after ${bytes} bytes`,
          heal: () => until('the connection is cut', () => proxy.bytesUntilCut === undefined),
        }
      },
    },
    {
      name: 'replies lost',
      loses,
      lasts: [50, 1500],
      async apply() {
        proxy.dropReplies = true
        return {
          // TCP loses the rest of a connection, never a piece of it.
          heal: async () => {
            proxy.reset()
            proxy.dropReplies = false
          },
        }
      },
    },
    {
      name: 'slow network',
      loses,
      lasts: [300, 2000],
      async apply({ random }) {
        proxy.delayMs = between(random, 10, 300)
        return {
          detail: `${proxy.delayMs} ms each way`,
          heal: async () => {
            proxy.delayMs = 0
          },
        }
      },
    },
  ]
}
