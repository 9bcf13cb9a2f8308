import type { World } from '../world'
import { startFailover, startReplicated } from './failover'
import { startQuorum } from './quorum'
import { startForgetful, startSingle } from './single'

/** How each world is made, and its share of the time. */
export const WORLDS = {
  single: { start: startSingle, share: 8 },
  forgetful: { start: startForgetful, share: 2 },
  failover: { start: startFailover, share: 2 },
  replicated: { start: startReplicated, share: 2 },
  quorum: { start: startQuorum, share: 4 },
} as const satisfies Record<string, { start(): Promise<World>; share: number }>

export type WorldName = keyof typeof WORLDS
export const WORLD_NAMES = Object.keys(WORLDS) as WorldName[]
