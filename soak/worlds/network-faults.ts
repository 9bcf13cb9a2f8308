import type { FaultProxy } from '../../__test__/support/fault-proxy'
import { until } from '../../__test__/support/until'
import { between, pick } from '../random'
import type { Applied, Fault } from '../world'
import { severalTimes } from './several-times'

/** What happens on the way to a server. */
interface NetworkFault {
  name: string
  lasts: Fault['lasts']
  apply(proxy: FaultProxy, turn: Parameters<Fault['apply']>[0]): Applied | Promise<Applied>
}

const FAULTS: readonly NetworkFault[] = [
  {
    name: 'frozen network',
    lasts: [50, 2500],
    apply(proxy) {
      proxy.freeze()
      return { heal: async () => proxy.thaw() }
    },
  },
  {
    name: 'half-open connections',
    lasts: [0, 500],
    apply(proxy) {
      const { connections } = proxy
      proxy.halfOpen()
      return { detail: `${connections} of them` }
    },
  },
  {
    name: 'connections reset',
    lasts: [0, 500],
    apply: (proxy, span) => severalTimes(span, 5, () => proxy.reset()),
  },
  {
    name: 'connection cut in a reply',
    lasts: [0, 300],
    apply(proxy, { random }) {
      const bytes = between(random, 1, 50_000)
      proxy.cutAfter(bytes)
      return { detail: `after ${bytes} bytes`, heal: () => until('the connection is cut', () => proxy.bytesUntilCut === undefined) }
    },
  },
  {
    name: 'replies lost',
    lasts: [50, 1500],
    apply(proxy) {
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
    lasts: [300, 2000],
    apply(proxy, { random }) {
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

/** On the way to one of the servers. None of it loses what the server acknowledged. */
export function networkFaults(ways: () => Promise<readonly { proxy: FaultProxy; to: string }[]>): Fault[] {
  return FAULTS.map(({ name, lasts, apply }) => ({
    name,
    lasts,
    loses: 'nothing',
    async apply(turn) {
      const { proxy, to } = pick(turn.random, await ways())
      const { detail, heal } = await apply(proxy, turn)
      return { detail: [to, detail].filter(Boolean).join(', ') || undefined, heal }
    },
  }))
}
