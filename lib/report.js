'use strict'

// What went wrong while the caller is served all the same.

const { channels } = require('./channels')
const { RedwrightError } = require('./errors')

class Report {
  #name
  #counts
  #onError
  #warned = false

  /**
   * @param {string} name of the cache
   * @param {{ errors: number }} counts
   * @param {import('../index').CacheOptions['onError']} onError
   */
  constructor(name, counts, onError) {
    this.#name = name
    this.#counts = counts
    this.#onError = onError
  }

  /**
   * The cache failed and the caller is served all the same, whatever `onError` does.
   * @param {any} error
   * @param {{ operation: 'get' | 'set' | 'load', key: string, namespace: string }} info
   */
  failed(error, info) {
    if (info.operation !== 'load') this.#wentOn(error, info.operation)
    if (this.#onError !== undefined) void this.#tell(this.#onError, error, info)
  }

  /**
   * @param {any} error
   * @param {string} operation
   */
  #wentOn(error, operation) {
    this.#counts.errors++
    if (channels.error.hasSubscribers) channels.error.publish({ cache: this.#name, operation, code: codeOf(error) })
  }

  /**
   * Async, so that neither what `onError` throws nor what it returns, should it be async against its type, ends the process.
   * @param {(error: any, info: any) => unknown} onError
   * @param {any} error
   * @param {object} info
   */
  async #tell(onError, error, info) {
    try {
      await onError(error, info)
    } catch (thrown) {
      this.#warn(thrown)
    }
  }

  /** @param {unknown} thrown */
  #warn(thrown) {
    if (this.#warned) return
    this.#warned = true
    const detail = thrown instanceof Error ? thrown.stack : undefined
    process.emitWarning("a cache's onError threw; this is said once", { type: 'RedwrightWarning', code: 'REDWRIGHT_ON_ERROR', detail })
  }
}

/**
 * Of our own; that of another may hold anything.
 * @param {any} error
 */
function codeOf(error) {
  return error instanceof RedwrightError || error?.code === 'ERR_INVALID_ARG' ? error.code : undefined
}

module.exports = { Report }
