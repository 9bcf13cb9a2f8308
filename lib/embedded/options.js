'use strict'

/** @type {Record<string, { is: (value: any) => boolean, what: string }>} */
const OPTIONS = {
  binary: { is: (value) => typeof value === 'string' && value !== '', what: 'a string that is not empty' },
  tcp: { is: (value) => typeof value === 'boolean', what: 'a boolean' },
  port: { is: (value) => Number.isInteger(value) && value >= 1 && value <= 65_535, what: 'an integer from 1 to 65535' },
  args: { is: (value) => Array.isArray(value) && value.every(isArgument), what: 'an array of strings without NUL' },
}

/** Settings that make the server private and findable; a second opinion would make it either unsafe or lost. */
const OWN = ['bind', 'port', 'unixsocket', 'unixsocketperm', 'protected-mode', 'requirepass', 'dir', 'logfile', 'daemonize']

/** @param {any} value */
function isArgument(value) {
  return typeof value === 'string' && !value.includes('\0')
}

/**
 * @param {any} options
 * @throws TypeError `ERR_INVALID_ARG` with the option's name
 */
function checkOptions(options) {
  if (typeof options !== 'object' || options === null) throw invalid('The options of startServer must be an object')
  for (const [key, value] of Object.entries(options)) {
    if (!Object.hasOwn(OPTIONS, key)) {
      throw invalid(`startServer has no option '${key}'; the nearest is '${nearest(key, Object.keys(OPTIONS))}'`)
    }
    if (value !== undefined && !OPTIONS[key].is(value)) {
      throw invalid(`The option ${key} of startServer must be ${OPTIONS[key].what}`)
    }
  }
  const own = (options.args ?? []).find(
    (/** @type {string} */ arg) => arg.startsWith('--') && OWN.includes(arg.slice(2).toLowerCase().split(/\s/, 1)[0]),
  )
  if (own !== undefined) throw invalid(`The option args of startServer must not hold '${own}': startServer sets it itself`)
  if (options.tcp === false && options.port !== undefined) {
    throw invalid('The option port of startServer implies tcp, and tcp is false')
  }
}

/** @param {string} message */
function invalid(message) {
  return Object.assign(new TypeError(message), { code: 'ERR_INVALID_ARG' })
}

/**
 * The known word that is the fewest edits away.
 * @param {string} word
 * @param {string[]} known
 */
function nearest(word, known) {
  return known.reduce((best, name) => (distance(word, name) < distance(word, best) ? name : best))
}

/**
 * Levenshtein's distance (Wagner and Fischer 1974), row by row.
 * @param {string} a
 * @param {string} b
 */
function distance(a, b) {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1)))
    }
    row = next
  }
  return row[b.length]
}

module.exports = { checkOptions }
