import { setTimeout as pause } from 'node:timers/promises'
import { type Moment, now } from '../clock'
import type { Fleet } from '../fleet/fleet'
import type { Calm } from '../history/history'
import type { Job } from '../locks/contract'
import { HAND_OVERS } from '../settings'
import type { World } from '../world'
import { Monitor } from './monitor'

/** How many hand-overs go before those that are counted: connections are made, scripts loaded. */
const WARM_UP = 10

/** For how long they are waited for: a slow machine is no reason for a verdict, and a lock that nobody hands over is. */
const PATIENCE_MS = 60_000

/** Has everybody want one lock, with nothing going wrong, and counts what clients send: not what a script does, and not the look whether a link lives. */
export async function countCalm(world: World, job: Job, fleet: Fleet): Promise<Calm> {
  const since = (from: Moment) =>
    fleet.attempts.filter(({ believed, job: { resources } }) => believed !== undefined && believed.from >= from && resources[0] === job.resources[0]).length
  const begun = now()
  const comeTo = async (count: number, from: Moment) => {
    while (since(from) < count && now() - begun < PATIENCE_MS) await pause(20)
  }
  for (const holder of fleet.holders) holder.order({ do: 'contend', job })
  await comeTo(WARM_UP, begun)
  const commands: Record<string, number> = {}
  const monitor = await Monitor.open(world.servers()[0]!.address, ({ name, inScript }) => {
    if (!inScript && name !== 'PING') commands[name] = (commands[name] ?? 0) + 1
  })
  const from = now()
  await comeTo(HAND_OVERS, from)
  await monitor.catchUp()
  monitor.close()
  const handOvers = since(from)
  for (const holder of fleet.holders) holder.order({ do: 'contend', job: null })
  return { commands, handOvers }
}
