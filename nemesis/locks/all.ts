import type { Make } from './contract'
import { naive } from './naive'
import { redwright } from './redwright'

/** The locks that can be put to the test, by name. */
export const MAKES = { redwright, naive } as const satisfies Record<string, Make>
export type MakeName = keyof typeof MAKES

/** Whose promises are looked at. */
export const OURS: MakeName = 'redwright'
