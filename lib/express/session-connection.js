'use strict'

/**
 * Tells a store's listeners when Redis can be reached and when not, once each time it changes.
 * @param {import('../redis').Redis} redis
 * @param {import('node:events').EventEmitter} store
 */
function tellConnection(redis, store) {
  let isUp = true
  /** @param {boolean} now */
  const tell = (now) => {
    if (now === isUp) return
    isUp = now
    store.emit(now ? 'connect' : 'disconnect')
  }
  redis.on('ready', () => tell(true))
  redis.on('reconnecting', () => tell(false))
  redis.on('close', () => tell(false))
}

module.exports = { tellConnection }
