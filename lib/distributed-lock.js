'use strict'

// `DistributedLock`: the public class. `lib/lock/` does what it says.

const check = require('./check')
const { Locks } = require('./lock/locks')
const { EXCLUSIVE, MUTEX } = require('./lock/native')
const { optionsOf } = require('./lock/options')

const KNOWN = optionsOf({ isFairOption: true })
const MODES = [EXCLUSIVE]

class DistributedLock {
  #locks

  /**
   * @param {import('./redis').Redis | readonly import('./redis').Redis[]} redis
   * @param {import('../index').LockOptions} [options]
   */
  constructor(redis, options) {
    this.#locks = new Locks(redis, check.options(options, 'options', KNOWN.construct), { kind: MUTEX, prefix: 'lock', known: KNOWN })
  }

  /**
   * @param {string | readonly string[]} resource
   * @param {import('../index').Duration} [ttlMs]
   * @param {import('../index').AcquireOptions} [options]
   */
  acquire(resource, ttlMs, options) {
    return this.#locks.acquire(resource, ttlMs, options, EXCLUSIVE)
  }

  /**
   * @param {string | readonly string[]} resource
   * @param {string | import('../index').HeldLock} lock
   */
  release(resource, lock) {
    return this.#locks.release(resource, lock, MODES)
  }

  /**
   * @param {string | readonly string[]} resource
   * @param {string | import('../index').HeldLock} lock
   * @param {import('../index').Duration} ttlMs
   */
  extend(resource, lock, ttlMs) {
    return this.#locks.extend(resource, lock, ttlMs, MODES)
  }

  /**
   * @param {string | readonly string[]} resource
   * @param {(lock: import('../index').HeldLock) => any} fn
   * @param {import('../index').WithLockOptions} [options]
   */
  withLock(resource, fn, options) {
    return this.#locks.under(resource, fn, options, EXCLUSIVE)
  }

  /** @param {string} resource */
  inspect(resource) {
    return this.#locks.inspect(resource, inspected)
  }

  metrics() {
    return this.#locks.metrics()
  }
}

/** As `PTTL` says it. */
const NOT_THERE = -2
const NO_END = -1

/**
 * What somebody else has put there that is no lock has no token, and is in the way all the same.
 * @param {[token: string | null, ttlMs: number, fencingToken: number]} answer
 */
function inspected([token, ttlMs, fencingToken]) {
  if (ttlMs === NOT_THERE) return { held: false, token: null, ttlMs: 0, fencingToken: null }
  return { held: true, token, ttlMs: ttlMs === NO_END ? Infinity : ttlMs, fencingToken: fencingToken === 0 ? null : fencingToken }
}

module.exports = { DistributedLock }
