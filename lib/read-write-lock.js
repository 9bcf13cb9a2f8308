'use strict'

// `ReadWriteLock`: the public class. `lib/lock/` does what it says.

const check = require('./check')
const { Locks } = require('./lock/locks')
const { EXCLUSIVE, SHARED, READ_WRITE } = require('./lock/native')
const { optionsOf } = require('./lock/options')

const KNOWN = optionsOf({ isFairOption: false })
const MODES = [SHARED, EXCLUSIVE]

class ReadWriteLock {
  #locks

  /**
   * @param {import('./redis').Redis} redis
   * @param {import('../index').ReadWriteLockOptions} [options]
   */
  constructor(redis, options) {
    this.#locks = new Locks(redis, check.options(options, 'options', KNOWN.construct), { kind: READ_WRITE, prefix: 'rwlock', known: KNOWN })
  }

  /**
   * @param {string} resource
   * @param {import('../index').Duration} [ttlMs]
   * @param {import('../index').ReadWriteAcquireOptions} [options]
   */
  read(resource, ttlMs, options) {
    return this.#locks.acquire(resource, ttlMs, options, SHARED)
  }

  /**
   * @param {string} resource
   * @param {import('../index').Duration} [ttlMs]
   * @param {import('../index').ReadWriteAcquireOptions} [options]
   */
  write(resource, ttlMs, options) {
    return this.#locks.acquire(resource, ttlMs, options, EXCLUSIVE)
  }

  /**
   * @param {string} resource
   * @param {(lock: import('../index').HeldLock) => any} fn
   * @param {import('../index').WithReadWriteLockOptions} [options]
   */
  withRead(resource, fn, options) {
    return this.#locks.under(resource, fn, options, SHARED)
  }

  /**
   * @param {string} resource
   * @param {(lock: import('../index').HeldLock) => any} fn
   * @param {import('../index').WithReadWriteLockOptions} [options]
   */
  withWrite(resource, fn, options) {
    return this.#locks.under(resource, fn, options, EXCLUSIVE)
  }

  /**
   * @param {string} resource
   * @param {string | import('../index').HeldLock} lock
   */
  release(resource, lock) {
    return this.#locks.release(resource, lock, MODES)
  }

  /**
   * @param {string} resource
   * @param {string | import('../index').HeldLock} lock
   * @param {import('../index').Duration} ttlMs
   */
  extend(resource, lock, ttlMs) {
    return this.#locks.extend(resource, lock, ttlMs, MODES)
  }

  /** @param {string} resource */
  inspect(resource) {
    return this.#locks.inspect(resource, inspected)
  }

  metrics() {
    return this.#locks.metrics()
  }
}

/** @param {[readers: number, writers: number, waiting: number, ...unknown[]]} answer */
function inspected([readers, writers, waiting]) {
  return { readers, writer: writers > 0, waiting }
}

module.exports = { ReadWriteLock }
