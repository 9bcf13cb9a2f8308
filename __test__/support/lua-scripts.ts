import { readFileSync } from 'node:fs'
import path from 'node:path'
import { root } from './root'

/** The scripts of a pattern by their names, made of their parts as its `scripts.rs` says. */
export function scriptsOf<Name extends string>(pattern: 'cache' | 'lock' | 'session'): Readonly<Record<Name, string>> {
  const read = (name: string) => readFileSync(path.join(root, 'src', pattern, name), 'utf8')
  const made = [...read('scripts.rs').matchAll(/pub static (\w+): [^=]*=\s*script!\(([^;)]+)/g)]
  const whole = (parts: string) => [...parts.matchAll(/"(\w+)"/g)].map(([, part]) => read(`lua/${part}.lua`)).join('')
  return Object.fromEntries(made.map(([, name, parts]) => [name, whole(parts!)])) as Record<Name, string>
}

/** Scripts with a place broken in all of them that have it, to see what notices. */
export function brokenIn<Scripts extends Readonly<Record<string, string>>>(scripts: Scripts, place: string, by: string): Scripts {
  const pieces = Object.entries(scripts).map(([name, text]) => [name, text.split(place)] as const)
  if (pieces.every(([, parts]) => parts.length < 2)) throw new Error(`no script has a place like ${place}`)
  return Object.fromEntries(pieces.map(([name, parts]) => [name, parts.join(by)])) as Scripts
}
