import { scriptsOf } from './lua-scripts'

export type ScriptName = 'LEASE' | 'ABANDON' | 'STORE' | 'REGISTER' | 'EPOCH' | 'DOOM' | 'DRAIN' | 'BREAK'

/** The scripts of the product. */
export const SCRIPTS: Readonly<Record<ScriptName, string>> = scriptsOf('cache')

/** The scripts with a place in one of them broken, to see what notices. */
export function broken(name: ScriptName, place: string, by: string): Readonly<Record<ScriptName, string>> {
  const pieces = SCRIPTS[name].split(place)
  if (pieces.length < 2) throw new Error(`${name} has no place like ${place}`)
  return { ...SCRIPTS, [name]: pieces.join(by) }
}

/** As `src/cache/tag_keys.rs` has it. */
export function tagKeys(prefix: string, tag: string): { index: string; last: string; doomed: string; mark: Buffer } {
  const escape = (part: string) => part.replace(/[%:{}]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`)
  const key = (what: string) => `${escape(prefix)}:%${what}:{${escape(tag)}}`
  return { index: key('tag'), last: key('last'), doomed: key('doomed'), mark: mark(tag) }
}

/** FNV-1a of 32 bits. */
function mark(tag: string): Buffer {
  const hash = Buffer.from(tag).reduce((sum, byte) => Math.imul(sum ^ byte, 0x0100_0193) >>> 0, 0x811c_9dc5)
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(hash)
  return bytes
}

/** An entry with a head: `codec` 3 is JSON, 0 a lease alone. */
export function entry(text: string, marks: readonly Buffer[], codec = 3, token: Buffer = Buffer.alloc(8)): Buffer {
  const head = Buffer.alloc(36)
  head.set([0xc1, 2, codec, 0])
  head.set(token, 4)
  head.writeUInt16BE(marks.length, 34)
  return Buffer.concat([head, ...marks, Buffer.from(text)])
}
