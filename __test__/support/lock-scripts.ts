import { readFileSync } from 'node:fs'
import path from 'node:path'
import { root } from './root'

const FOLDER = path.join(root, 'src/lock')
const read = (name: string) => readFileSync(path.join(FOLDER, name), 'utf8')

export type ScriptName = 'TAKE' | 'TAKE_ALL' | 'QUEUE_UP' | 'FREE' | 'LEAVE' | 'RENEW' | 'RAISE' | 'INSPECT' | 'ENTER' | 'EXIT' | 'KEEP' | 'RESIZE' | 'COUNT'
export type Scripts = Readonly<Record<ScriptName, string>>

/** The scripts of the product, made of their parts as `src/lock/scripts.rs` says. */
export const SCRIPTS = Object.fromEntries(
  [...read('scripts.rs').matchAll(/pub static (\w+): .*= script!\(([^;)]+)/g)].map(([, name, parts]) => [
    name,
    [...parts!.matchAll(/"(\w+)"/g)].map(([, part]) => read(`lua/${part}.lua`)).join(''),
  ]),
) as Scripts

/** All of them with a place broken, to see what notices. */
export function broken(place: string, by: string, scripts = SCRIPTS): Scripts {
  const pieces = Object.entries(scripts).map(([name, text]) => [name, text.split(place)] as const)
  if (pieces.every(([, parts]) => parts.length < 2)) throw new Error(`no script has a place like ${place}`)
  return Object.fromEntries(pieces.map(([name, parts]) => [name, parts.join(by)])) as Scripts
}
