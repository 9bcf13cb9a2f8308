import type { MortalServer } from './client-server'
import type { RedisNode } from './redis-node'
import type { StepFault, StepLink, StepProxy } from './step-proxy'

/** Where the faults of one case happen. */
export interface Place {
  proxies: readonly StepProxy[]
  /** Asks every server. */
  ask(command: string): Promise<unknown>
  /** Where it may be killed and stopped. */
  server?: MortalServer
}

/** A fault that happens at a step, and what ends it. */
export interface Trouble {
  name: string
  at(place: Place): StepFault
  heal(place: Place): Promise<unknown> | unknown
  /** Whether the servers lose what they have. */
  loses?: boolean
  /** Whether nobody else reaches the server either. */
  takesAll?: boolean
  /** Whether others read, and cannot write either: what a full server is told to invalidate by a tag it cannot note. */
  refusesAll?: boolean
}

const thaw = ({ proxies }: Place) => proxies.forEach((proxy) => proxy.thaw())
const nothing = () => {}

async function freeze(link: StepLink): Promise<false> {
  link.proxy.frozen = true
  return false
}

async function lose(link: StepLink): Promise<false> {
  link.reset()
  return false
}

async function startEmpty({ server }: Place): Promise<void> {
  // It may still be dying.
  await server!.crash()
  await server!.start()
}

const refusal = (error: string): Trouble => ({ name: `it is refused with ${error.split(' ')[0]}`, at: () => ({ before: async () => error }), heal: nothing })

/** What concerns one client alone. */
export const PRIVATE: readonly Trouble[] = [
  { name: 'the server hangs before it', at: () => ({ before: freeze }), heal: thaw },
  { name: 'the server hangs behind it', at: () => ({ after: freeze }), heal: thaw },
  { name: 'the connection is lost before it', at: () => ({ before: lose }), heal: nothing },
  { name: 'the connection is lost behind it', at: () => ({ after: lose }), heal: nothing },
  {
    name: 'its reply is lost',
    at: () => ({
      async after(link) {
        link.deaf = true
      },
    }),
    // By itself: nothing else is answered there either, until the client gives the connection up.
    heal: nothing,
  },
  refusal('READONLY You can not write against a read only replica.'),
  refusal('LOADING Redis is loading the dataset in memory'),
  refusal('MISCONF Errors writing to the AOF file'),
  refusal('OOM command not allowed when used memory > maxmemory'),
]

const asking = (name: string, command: string): Trouble[] => [
  { name: `${name} before it`, at: ({ ask }) => ({ before: async () => void (await ask(command)) }), heal: nothing, loses: command === 'FLUSHALL' },
  { name: `${name} behind it`, at: ({ ask }) => ({ after: async () => void (await ask(command)) }), heal: nothing, loses: command === 'FLUSHALL' },
]

/** What a server forgets. */
export const FORGETTING: readonly Trouble[] = [...asking('FLUSHALL', 'FLUSHALL'), ...asking('SCRIPT FLUSH', 'SCRIPT FLUSH')]

/** What happens to the only server there is. */
export const SERVER_WIDE: readonly Trouble[] = [
  ...FORGETTING,
  {
    name: 'the memory is full before it',
    at: ({ ask }) => ({ before: async () => void (await ask('CONFIG SET maxmemory 1')) }),
    heal: ({ ask }) => ask('CONFIG SET maxmemory 0'),
    refusesAll: true,
  },
  {
    name: 'the server is killed before it, and started empty',
    at: ({ server }) => ({ before: async () => void (await server!.crash()) }),
    heal: startEmpty,
    loses: true,
    takesAll: true,
  },
  {
    name: 'the server is killed behind it, and started empty',
    at: ({ server }) => ({
      async after() {
        await server!.crash()
        return false
      },
    }),
    heal: startEmpty,
    loses: true,
    takesAll: true,
  },
  {
    name: 'the server is stopped before it',
    at: ({ server }) => ({ before: async () => server!.kill('SIGSTOP') }),
    heal: ({ server }) => server!.kill('SIGCONT'),
    takesAll: true,
  },
]

/** The place where the nodes of a cluster stand, each behind its proxy. What one is to forget all of them do. */
export function placeOf(nodes: readonly RedisNode[], proxies: readonly StepProxy[]): Place {
  return { proxies, ask: (command) => Promise.all(nodes.map((node) => node.ask(...command.split(' ')))) }
}
