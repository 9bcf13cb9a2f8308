import { createHash } from 'node:crypto'
import { scriptsOf } from './lua-scripts'

/** A command as a client sends it, taken apart, and as it came. */
export interface Sent {
  words: string[]
  bytes: Buffer
}

/** The first command of what has come, once it is complete. */
export function commandIn(received: Buffer): Sent | undefined {
  let at = 0
  const line = (): string | undefined => {
    const end = received.indexOf('\r\n', at)
    if (end < 0) return undefined
    const text = received.toString('latin1', at, end)
    at = end + 2
    return text
  }
  const head = line()
  if (head === undefined) return undefined
  if (!head.startsWith('*')) return { words: head.split(' '), bytes: received.subarray(0, at) }
  const words: string[] = []
  for (let left = Number(head.slice(1)); left > 0; left--) {
    const size = line()
    if (size === undefined) return undefined
    const end = at + Number(size.slice(1))
    if (received.length < end + 2) return undefined
    words.push(received.toString('latin1', at, end))
    at = end + 2
  }
  return { words, bytes: received.subarray(0, at) }
}

/** What the native half calls its scripts, by their hashes. */
const SCRIPTS = new Map(Object.entries(scriptsOf('cache')).map(([name, source]) => [createHash('sha1').update(source).digest('hex'), name.toLowerCase()]))

/** Whether a protocol can have such a step. */
export const hasScript = (name: string) => [...SCRIPTS.values()].includes(name)

/** What a step of a protocol of the cache is called: the script, the command, or `snapshot` for the look at the epoch. */
export function stepOf([name = '', first = '']: string[]): string {
  const command = name.toLowerCase()
  if (command === 'evalsha') return SCRIPTS.get(first) ?? command
  if (command === 'eval') return SCRIPTS.get(createHash('sha1').update(first, 'latin1').digest('hex')) ?? command
  return command === 'get' && first.endsWith(':%epoch') ? 'snapshot' : command
}

export function framed(...words: (string | number)[]): Buffer {
  return Buffer.from(`*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(String(word))}\r\n${word}\r\n`).join('')}`)
}
