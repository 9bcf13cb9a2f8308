'use strict'

// Clients whose connection waits for replicas, so that nobody else's commands wait with it.

/** @typedef {import('../redis').Redis} Redis */

/** By the client that they are beside of. @type {WeakMap<Redis, Redis>} */
const beside = new WeakMap()

/**
 * The client beside this one: one for all locks over it, and closed with it.
 * @param {Redis} redis
 * @returns {Redis}
 */
function clientBeside(redis) {
  const known = beside.get(redis)
  if (known !== undefined) return known
  // It refuses for itself.
  if (redis.status === 'closing' || redis.status === 'closed') return redis
  const own = redis.duplicate()
  beside.set(redis, own)
  redis.once('close', () => void own.close())
  return own
}

module.exports = { clientBeside }
