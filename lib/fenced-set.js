'use strict'

// `fencedSet`: a write that a stale holder of a lock cannot make.

const { isUint8Array } = require('node:util/types')
const check = require('./check')
const json = require('./codecs/json')
const { typeError, rangeError, kindOf } = require('./errors')
const { Redis } = require('./redis')

/** How much longer the token is kept than the value, in ms: whoever comes later than that is not known to be late. */
const KEPT_MS = 3_600_000

// KEYS[1]  the value
// KEYS[2]  the greatest token that has written it; in the same slot
// ARGV[1]  the token of who writes
// ARGV[2]  the value
// ARGV[3]  the life of the value in ms; empty for no end
// ARGV[4]  how much longer the token is kept, in ms
// Reply    1 if it was written, 0 if a greater token has written before
// Atomic   because between the look at the token and the write a later holder could write.
// TTL      both have one, unless the value has no end: then the token has none either. That of the token is never shortened by a write with
//          a shorter life, so that who was late stays so.
const SCRIPT = `
local token = tonumber(redis.call('GET', KEYS[2]) or '0')
if tonumber(ARGV[1]) < token then return 0 end
if ARGV[3] == '' then
  redis.call('SET', KEYS[1], ARGV[2])
  redis.call('SET', KEYS[2], ARGV[1])
  return 1
end
local kept = tonumber(ARGV[3]) + tonumber(ARGV[4])
local left = redis.call('PTTL', KEYS[2])
if left > kept then kept = left end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
redis.call('SET', KEYS[2], ARGV[1], 'PX', string.format('%.0f', kept))
return 1
`

/**
 * @param {import('./redis').Redis} redis
 * @param {string} key
 * @param {number} fencingToken
 * @param {unknown} value
 * @param {{ ttl: import('../index').Duration }} options
 * @returns {Promise<boolean>}
 */
async function fencedSet(redis, key, fencingToken, value, options) {
  if (!(redis instanceof Redis)) throw typeError(`redis must be a Redis of this package, got ${kindOf(redis)}`)
  check.key(key)
  const beside = besideOf(key)
  check.integer(fencingToken, 'fencingToken', 1, Number.MAX_SAFE_INTEGER)
  const stored = storedOf(value)
  const { ttl } = check.object(options, 'options', ['ttl'])
  const ms = check.ttl(ttl, 'options.ttl')
  if (ms === 0) throw rangeError('options.ttl must not be 0')
  const life = ms === Infinity ? '' : String(ms)
  return (await redis.eval(SCRIPT, [key, beside], [fencingToken, stored, life, KEPT_MS])) === 1
}

/**
 * Where the token of a key is: in the same slot, and where no other key's is.
 * @param {string} key
 */
function besideOf(key) {
  const from = key.indexOf('{')
  const to = key.indexOf('}', from + 1)
  // What a cluster hashes is between the first `{` and the next `}`, where that is not empty.
  if (from !== -1 && to > from + 1) return `fence::${key}`
  if (key.includes('}')) throw typeError('key must not hold a } without a { and a name before it: nothing else could be sure to lie in its slot')
  return `fence:{${key}}`
}

/** @param {unknown} value */
function storedOf(value) {
  return typeof value === 'string' || isUint8Array(value) ? value : json.encode(value, 'value')
}

module.exports = { fencedSet, besideOf }
