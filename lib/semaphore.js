'use strict'

// `Semaphore`: the public class. `lib/lock/` does what it says.

const check = require('./check')
const { Locks } = require('./lock/locks')
const { EXCLUSIVE, SEMAPHORE } = require('./lock/native')
const { optionsOf, permitsOf } = require('./lock/options')

const KNOWN = optionsOf({ isFairOption: true, more: ['permits'] })
const MODES = [EXCLUSIVE]

class Semaphore {
  #locks

  /**
   * @param {import('./redis').Redis} redis
   * @param {import('../index').SemaphoreOptions} options
   */
  constructor(redis, options) {
    const given = check.object(options, 'options', KNOWN.construct)
    const permits = permitsOf(given.permits, 'options.permits')
    this.#locks = new Locks(redis, given, { kind: SEMAPHORE, prefix: 'semaphore', permits, known: KNOWN })
  }

  /**
   * @param {string} resource
   * @param {import('../index').Duration} [ttlMs]
   * @param {import('../index').AcquireOptions} [options]
   */
  acquire(resource, ttlMs, options) {
    return this.#locks.acquire(resource, ttlMs, options, EXCLUSIVE)
  }

  /**
   * @param {string} resource
   * @param {string | import('../index').HeldLock} permit
   */
  release(resource, permit) {
    return this.#locks.release(resource, permit, MODES)
  }

  /**
   * @param {string} resource
   * @param {string | import('../index').HeldLock} permit
   * @param {import('../index').Duration} ttlMs
   */
  extend(resource, permit, ttlMs) {
    return this.#locks.extend(resource, permit, ttlMs, MODES)
  }

  /**
   * @param {string} resource
   * @param {(permit: import('../index').HeldLock) => any} fn
   * @param {import('../index').WithLockOptions} [options]
   */
  withPermit(resource, fn, options) {
    return this.#locks.under(resource, fn, options, EXCLUSIVE)
  }

  /**
   * @param {string} resource
   * @param {number} permits
   */
  async resize(resource, permits) {
    return this.#locks.resize(resource, permitsOf(permits, 'permits'))
  }

  /** @param {string} resource */
  inspect(resource) {
    return this.#locks.inspect(resource, inspected)
  }

  metrics() {
    return this.#locks.metrics()
  }
}

/** @param {[taken: number, none: number, waiting: number, permits: number]} answer */
function inspected([taken, , waiting, permits]) {
  return { permits, taken, waiting }
}

module.exports = { Semaphore }
