import { until } from '../../__test__/support/until'
import { pick } from '../../soak/random'
import { now } from '../clock'
import type { Fault, Turn } from '../world'
import { type Prey, prey } from './prey'

/** What happens to processes while they hold. `ttlMs`: of the locks that they hold then. */
export function holderFaults(ttlMs: number): Fault[] {
  const short = [50, ttlMs / 2] as const
  const long = [ttlMs * 1.2, ttlMs * 2] as const
  return [
    {
      name: 'a holder stopped for a moment',
      on: 'process',
      lasts: short,
      apply: async (turn) => stopped(await prey(turn, { ttlMs, renew: pick(turn.random, [true, false]), holdMs: 2 * ttlMs })),
    },
    {
      name: 'a holder stopped for longer than its TTL',
      on: 'process',
      lasts: long,
      apply: async (turn) => stopped(await prey(turn, { ttlMs, renew: pick(turn.random, [true, false]), holdMs: 3 * ttlMs })),
    },
    {
      name: 'a holder killed',
      on: 'process',
      lasts: [0, 200],
      async apply(turn) {
        const { holder } = await prey(turn, { ttlMs, renew: pick(turn.random, [true, false]), holdMs: 3 * ttlMs })
        const from = now()
        await holder.kill()
        return { from, detail: holder.name, processes: [holder.name], heal: () => turn.fleet.replace(holder) }
      },
    },
    { name: 'a blocked loop, its lock renewed', on: 'process', lasts: long, apply: (turn) => blocked(turn, ttlMs, true) },
    { name: 'a blocked loop, its lock not renewed', on: 'process', lasts: long, apply: (turn) => blocked(turn, ttlMs, false) },
  ]
}

function stopped({ holder, attempt }: Prey) {
  const from = now()
  holder.signal('SIGSTOP')
  return {
    from,
    detail: attempt.job.renew ? `${holder.name}, who renews` : holder.name,
    processes: [holder.name],
    halts: true,
    heal: async () => holder.signal('SIGCONT'),
  }
}

async function blocked(turn: Turn, ttlMs: number, renew: boolean) {
  const blockMs = turn.lastsMs
  const { holder, attempt } = await prey(turn, { ttlMs, renew, holdMs: blockMs + 100, blockMs })
  const block = () => holder.reading && attempt.blocks[0]
  await until('its loop is blocked', () => block() !== undefined || holder.end !== undefined)
  return {
    from: block()?.from ?? now(),
    detail: holder.name,
    processes: [holder.name],
    halts: true,
    heal: () => until('its loop is free', () => block()?.to !== undefined || holder.end !== undefined),
  }
}
