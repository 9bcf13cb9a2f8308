import { now } from '../clock'
import { holderFaults } from '../faults/holders'
import type { Job } from '../locks/contract'
import type { Fault, World } from '../world'
import { MUTEX_PREYS, MUTEXES, PREY_TTL_MS, replicated } from './menus'
import { Pair } from './pair'

/** A master that is killed before its replica, which takes its place, has heard of the last locks. */
export async function startFailover(): Promise<World> {
  const pair = await Pair.start()
  return worldOf('failover', pair, MUTEXES, MUTEX_PREYS, [promotion(pair)])
}

/** The same with locks that every replica has to know of. */
export async function startReplicated(): Promise<World> {
  const pair = await Pair.start()
  return worldOf('replicated', pair, replicated(MUTEXES), replicated(MUTEX_PREYS), [promotion(pair), replicaAway(pair)])
}

function worldOf(name: string, pair: Pair, menu: readonly Job[], preys: readonly Job[], faults: readonly Fault[]): World {
  const stops = holderFaults(PREY_TTL_MS).filter(({ name }) => name.includes('longer'))
  return { name, targets: [pair.target], menu, preys, faults: [...faults, ...stops], servers: () => [pair.master], stop: () => pair.stop() }
}

function promotion(pair: Pair): Fault {
  return {
    name: 'master killed before replication, replica promoted',
    on: 'server',
    lasts: [300, 1000],
    async apply(turn) {
      const since = await pair.cutOff()
      return {
        from: since,
        async heal() {
          const from = now()
          turn.lost({ from, to: await pair.promote(), since, sparesReplicated: true })
          await pair.complete()
        },
      }
    },
  }
}

/** Who wants every replica to know gets nothing meanwhile. */
function replicaAway(pair: Pair): Fault {
  return {
    name: 'replica cut off',
    on: 'server',
    lasts: [300, 1500],
    async apply() {
      return { from: await pair.cutOff(), heal: async () => pair.joinAgain() }
    },
  }
}
