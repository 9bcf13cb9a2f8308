'use strict'

// The way from a lock to its native half, which is made when it is first needed.

const { until } = require('../abort')
const bridge = require('../calls')
const { opened } = require('../redis')
const { openNative } = require('./native')

/** @typedef {import('./native').NativeLock} NativeLock */
/** @typedef {import('../../binding').NativeRedis} NativeRedis */

class Link {
  #clients
  #beside
  #settings
  #source
  /** Which cancels. @type {NativeRedis | undefined} */
  #first
  /** @type {NativeLock | null} */
  native = null

  /**
   * @param {readonly import('../redis').Redis[]} clients
   * @param {import('../redis').Redis | null} beside on which it is waited for replicas
   * @param {{ kind: number, prefix: string, loopStallMs: number }} settings
   * @param {{ onEvent(name: string, fields: any[]): void }} receiver
   */
  constructor(clients, beside, settings, receiver) {
    this.#clients = clients
    this.#beside = beside
    this.#settings = settings
    this.#source = bridge.addSource(receiver)
  }

  /**
   * @param {(native: NativeLock, ticket: number) => number} submit
   * @param {import('../calls').Decode | null} [decode]
   * @param {AbortSignal} [signal]
   * @returns {Promise<any>}
   */
  call(submit, decode = null, signal) {
    if (this.native !== null) return this.#callNow(this.native, submit, decode, signal)
    const clients = (this.#beside === null ? this.#clients : [...this.#clients, this.#beside]).map(opened)
    if (clients.every(isThere)) return this.#callNow(this.#open(clients), submit, decode, signal)
    const all = Promise.all(clients)
    const recover = decode === null || typeof decode === 'function' ? undefined : decode.recover.bind(decode)
    const there = signal === undefined ? all : until(signal, all)
    return there.then((clients) => this.#callNow(this.#open(clients), submit, decode, signal), recover)
  }

  /**
   * As `call`, of one that crosses together with others of its turn; `null` where that is not gathered, and nothing has begun.
   * @param {import('../calls').Gatherer} by
   * @param {string} key
   * @param {any} entry
   * @param {import('../calls').Decode} decode
   * @returns {Promise<any> | null}
   */
  callTogether(by, key, entry, decode) {
    return this.native === null || this.#clients.length > 1 ? null : bridge.callTogether(by, key, entry, 0, decode)
  }

  handOver() {
    bridge.leave()
  }

  /**
   * Who decodes the answer holds the clients meanwhile.
   * @param {NativeLock} native
   * @param {(native: NativeLock, ticket: number) => number} submit
   * @param {import('../calls').Decode | null} decode
   * @param {AbortSignal} [signal]
   */
  #callNow(native, submit, decode, signal) {
    if (signal === undefined) return bridge.call(native, submit, decode)
    return bridge.callUntil(/** @type {NativeRedis} */ (this.#first), signal, (_redis, ticket) => submit(native, ticket), decode)
  }

  /** @param {NativeRedis[]} clients the one beside the others at the end */
  #open(clients) {
    this.#first ??= clients[0]
    const beside = this.#beside === null ? null : clients[this.#clients.length]
    return (this.native ??= openNative(clients.slice(0, this.#clients.length), beside, this.#source, this.#settings))
  }
}

/**
 * @param {NativeRedis | Promise<NativeRedis>} client
 * @returns {client is NativeRedis}
 */
function isThere(client) {
  return !(client instanceof Promise)
}

module.exports = { Link }
