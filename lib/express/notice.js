'use strict'

// What somebody should look at though every request was answered: an event of `diagnostics_channel` each time, a warning of the process once.
// Neither holds a key or an address.

const { channel } = require('node:diagnostics_channel')

const channels = Object.freeze({
  noKey: channel('redwright:limit:no-key'),
  trustProxy: channel('redwright:limit:trust-proxy'),
  countedTwice: channel('redwright:limit:counted-twice'),
  refund: channel('redwright:limit:refund'),
  storeAlone: channel('redwright:limit:store-alone'),
})

const CODES = /** @type {const} */ ({
  noKey: 'REDWRIGHT_LIMIT_NO_KEY',
  trustProxy: 'REDWRIGHT_LIMIT_TRUST_PROXY',
  countedTwice: 'REDWRIGHT_LIMIT_COUNTED_TWICE',
  refund: 'REDWRIGHT_LIMIT_REFUND',
  storeAlone: 'REDWRIGHT_LIMIT_STORE_ALONE',
})

/** @type {Set<string>} */
const warned = new Set()

/**
 * @param {keyof typeof CODES} kind
 * @param {string} text what is wrong and what to do
 * @param {object} [message] of the event
 */
function notice(kind, text, message = {}) {
  if (channels[kind].hasSubscribers) channels[kind].publish(message)
  const id = `${kind} ${text}`
  if (warned.has(id)) return
  warned.add(id)
  process.emitWarning(`${text}. This is said once.`, { type: 'RedwrightWarning', code: CODES[kind] })
}

module.exports = { notice }
