'use strict'

// Commands that are not sent, because they would change the shared connection under everybody, or hold it up.

const UNSHARED = new Set([
  'ASKING', 'AUTH', 'BLMOVE', 'BLMPOP', 'BLPOP', 'BRPOP', 'BRPOPLPUSH', 'BZMPOP', 'BZPOPMAX', 'BZPOPMIN', 'DISCARD', 'EXEC', 'HELLO',
  'MONITOR', 'MULTI', 'PSUBSCRIBE', 'PSYNC', 'PUNSUBSCRIBE', 'QUIT', 'READONLY', 'READWRITE', 'REPLCONF', 'RESET', 'SELECT',
  'SSUBSCRIBE', 'SUBSCRIBE', 'SUNSUBSCRIBE', 'SYNC', 'UNSUBSCRIBE', 'UNWATCH', 'WAIT', 'WAITAOF', 'WATCH',
])

/** Those that are refused with some arguments only: the words that tell, and whether they stand first or anywhere. */
const SOMETIMES = new Map([
  ['CLIENT', { words: ['REPLY', 'TRACKING', 'CACHING', 'NO-EVICT', 'NO-TOUCH', 'SETNAME', 'SETINFO'], first: true }],
  ['SCRIPT', { words: ['DEBUG'], first: true }],
  ['XREAD', { words: ['BLOCK'], first: false }],
  ['XREADGROUP', { words: ['BLOCK'], first: false }],
])

/** Names that were looked at before, as they were written; so few that they need no bound but one against mischief. */
const shared = new Set()
const MOST_NAMES = 1000

/**
 * What to tell whoever gave a command that cannot be sent; `null` for one that can.
 * @param {string} name
 * @param {unknown[]} args
 */
function whyUnshared(name, args) {
  if (shared.has(name)) return null
  const upper = name.toUpperCase()
  if (UNSHARED.has(upper)) return explain(upper)
  const sometimes = SOMETIMES.get(upper)
  if (sometimes === undefined) {
    if (shared.size < MOST_NAMES) shared.add(name)
    return null
  }
  // What follows `STREAMS` are keys and ids.
  const end = sometimes.first ? 1 : args.findIndex((arg) => isWord(arg, 'STREAMS'))
  const word = sometimes.words.find((word) => args.slice(0, end < 0 ? args.length : end).some((arg) => isWord(arg, word)))
  return word === undefined ? null : explain(`${upper} ${word}`)
}

/**
 * @param {unknown} arg
 * @param {string} word
 */
function isWord(arg, word) {
  const text = arg instanceof Uint8Array && arg.length === word.length ? Buffer.from(arg).toString('latin1') : arg
  return typeof text === 'string' && text.toUpperCase() === word
}

/** @param {string} command */
function explain(command) {
  return `name: ${command} cannot be sent on a shared connection`
}

module.exports = { whyUnshared }
