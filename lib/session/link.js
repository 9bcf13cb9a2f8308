'use strict'

// The way from sessions to their native half, by the names of ids.

const binding = require('../native')
const { Redis, call } = require('../redis')
const { typeError, kindOf } = require('../errors')
const { CODE } = require('./record')

/** How often what an id has become is followed: each time it was changed again within the grace of the change before. */
const MOST_MOVES = 32

/** @typedef {import('../../binding').NativeSessions} NativeSessions */

class Link {
  #redis
  #settings
  /** @type {NativeSessions | null} */
  #native = null

  /**
   * @param {Redis} redis
   * @param {import('./options').Settings} settings
   */
  constructor(redis, settings) {
    if (!(redis instanceof Redis)) throw typeError(`redis must be a Redis of this package, got ${kindOf(redis)}`)
    this.#redis = redis
    this.#settings = settings
  }

  /** @param {import('../../binding').NativeRedis} redis */
  #on(redis) {
    const { prefix, namespace, timeoutMs, absoluteMs, tombstoneMs } = this.#settings
    return (this.#native ??= new binding.NativeSessions(redis, prefix, namespace, timeoutMs, absoluteMs, tombstoneMs))
  }

  /**
   * @param {(native: NativeSessions, ticket: number) => number} submit
   * @returns {Promise<any>}
   */
  call(submit) {
    return call(this.#redis, (redis, ticket) => submit(this.#on(redis), ticket))
  }

  /**
   * Asks by names, and by what these lead to.
   * @param {string} names
   * @param {(names: string) => Promise<any[]>} ask
   * @returns {Promise<{ told: any[], hasMoved: boolean }>}
   */
  async follow(names, ask) {
    let told = await ask(names)
    let moves = 0
    while (told[0] === CODE.MOVED && moves++ < MOST_MOVES) told = await ask(told[2])
    return { told, hasMoved: moves > 0 }
  }

  /**
   * Asks by each of several names until one has something: for what is made for one name only.
   * @param {string} names
   * @param {(name: string) => Promise<any[]>} ask
   */
  async oneByOne(names, ask) {
    /** @type {any[]} */
    let told = [CODE.NONE]
    for (const name of names.split('\0')) {
      told = await ask(name)
      if (told[0] !== CODE.NONE && told[0] !== CODE.BAD) break
    }
    return told
  }

  /**
   * What is told of each step of a walk, over the keys of another store where a prefix is given.
   * @param {string} [prefix]
   * @returns {AsyncGenerator<any[][], void>}
   */
  async *walk(prefix) {
    /** @type {import('../../binding').NativeSessionWalk | undefined} */
    let walk
    for (;;) {
      const step = await this.call((native, ticket) => (walk ??= native.walk(prefix)).next(ticket))
      if (step === null) return
      yield step
    }
  }
}

module.exports = { Link, MOST_MOVES }
