import { setTimeout as pause } from 'node:timers/promises'
import type { RedisNode } from '../../__test__/support/redis-node'
import { between, pick, type Random } from '../../soak/random'
import { now } from '../clock'
import type { Applied, Fault, Turn } from '../world'

/** Which of the servers something happens to. */
type Servers = () => readonly RedisNode[]

/** What happens to one server at a time, and costs nothing that it acknowledged. */
export function serverFaults(servers: Servers, ttlMs: number): Fault[] {
  return [
    { name: 'a server stopped for a moment', on: 'server', lasts: [50, ttlMs / 2], apply: async ({ random }) => stopped(pick(random, servers())) },
    { name: 'a server stopped for longer than a TTL', on: 'server', lasts: [ttlMs * 1.2, ttlMs * 2], apply: async ({ random }) => stopped(pick(random, servers())) },
    {
      name: 'writes paused (CLIENT PAUSE WRITE)',
      on: 'server',
      lasts: [100, ttlMs * 1.5],
      async apply({ random }) {
        const server = pick(random, servers())
        const from = now()
        await server.ask('CLIENT', 'PAUSE', 60_000, 'WRITE')
        return { from, detail: nameOf(server), heal: async () => void (await server.ask('CLIENT', 'UNPAUSE')) }
      },
    },
    askedOfAll('SCRIPT FLUSH', ['SCRIPT', 'FLUSH'], servers),
    askedOfAll('CLIENT KILL', ['CLIENT', 'KILL', 'TYPE', 'normal'], servers),
    askedOfAll('CLIENT KILL of subscribers', ['CLIENT', 'KILL', 'TYPE', 'pubsub'], servers),
  ]
}

/** A server killed and started again. Without a journal it has forgotten all. */
export function restart(servers: Servers, { forgets }: { forgets: boolean }): Fault {
  return {
    name: forgets ? 'a server killed and started again, empty' : 'a server killed and started again',
    on: 'server',
    lasts: [0, 1000],
    async apply(turn) {
      const server = pick(turn.random, servers())
      const from = now()
      await server.crash()
      return {
        from,
        detail: nameOf(server),
        async heal() {
          await server.start()
          if (forgets) turn.lost({ from, to: now() })
        },
      }
    },
  }
}

export function flush(servers: Servers): Fault {
  return {
    name: 'FLUSHALL',
    on: 'server',
    lasts: [0, 0],
    async apply(turn) {
      const from = now()
      for (const server of servers()) await server.ask('FLUSHALL')
      turn.lost({ from, to: now() })
      return { from, heal: async () => {} }
    },
  }
}

const nameOf = ({ port }: RedisNode) => `port ${port}`

function stopped(server: RedisNode): Applied {
  const from = now()
  server.kill('SIGSTOP')
  return { from, detail: nameOf(server), heal: async () => server.kill('SIGCONT') }
}

function askedOfAll(name: string, words: readonly string[], servers: Servers): Fault {
  return {
    name,
    on: 'server',
    lasts: [0, 300],
    async apply({ random, lastsMs }: Turn) {
      const from = now()
      const times = times_(random)
      for (let i = 0; i < times; i++) {
        for (const server of servers()) await server.ask(...words)
        await pause(lastsMs / times)
      }
      return { from, detail: `${times} times`, heal: async () => {} }
    },
  }
}

const times_ = (random: Random) => between(random, 1, 4)
