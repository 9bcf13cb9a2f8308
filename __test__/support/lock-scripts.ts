import { brokenIn, scriptsOf } from './lua-scripts'

export type ScriptName = 'TAKE' | 'TAKE_ALL' | 'QUEUE_UP' | 'FREE' | 'LEAVE' | 'RENEW' | 'RAISE' | 'INSPECT' | 'ENTER' | 'EXIT' | 'KEEP' | 'RESIZE' | 'COUNT'
export type Scripts = Readonly<Record<ScriptName, string>>

/** The scripts of the product. */
export const SCRIPTS: Scripts = scriptsOf('lock')

/** All of them with a place broken, to see what notices. */
export const broken = (place: string, by: string, scripts = SCRIPTS): Scripts => brokenIn(scripts, place, by)
