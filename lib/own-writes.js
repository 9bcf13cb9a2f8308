'use strict'

// What this process itself writes to a key space, for the copies that it has in memory of what is there.
//
// The server tells of own writes too, but by another connection than that of their answers: who writes, and then reads, must not depend on
// which is the first. So each write moves a word of its key when it leaves and when it has ended. A copy is given while the words are those
// from before its read; and while a write is under way its key is read behind it, and no copy is made.

const { fingerprint } = require('./near-ghost')

/** Keys that share a word cost each other a read now and then. */
const BITS = 14
const LENGTH = 2 ** BITS

/** @type {WeakMap<object, Map<string, OwnWrites>>} */
const known = new WeakMap()

class OwnWrites {
  /** One of each key, and one of each namespace. Empty while nobody has copies. */
  words = new Uint32Array(0)
  /** Those of this key space who share reads in this turn. @type {Set<import('./shared-reads').SharedReads>} */
  sharing = new Set()
  /** How many writes are under way that left before anybody had copies. */
  #unwatched = 0
  /** How many writes are under way, by word. @type {Map<number, number>} */
  #underWay = new Map()

  /**
   * Those of a key space: all objects over one client and prefix share them.
   * @param {object} redis
   * @param {string} prefix
   */
  static of(redis, prefix) {
    let spaces = known.get(redis)
    if (spaces === undefined) known.set(redis, (spaces = new Map()))
    let writes = spaces.get(prefix)
    if (writes === undefined) spaces.set(prefix, (writes = new OwnWrites()))
    return writes
  }

  /** From now on somebody has copies. */
  watch() {
    if (this.words.length === 0) this.words = new Uint32Array(LENGTH)
    return this.words
  }

  /**
   * Where the words of a key are: that of its own in the low bits, that of its namespace above.
   * @param {string} namespace
   * @param {string} key
   */
  placesOf(namespace, key) {
    return (slotOf(namespace) << BITS) | slotOf(`${namespace}\0${key}`)
  }

  /** @param {number} places */
  isUnderWay(places) {
    return this.#unwatched > 0 || (this.#underWay.size > 0 && this.#underWay.has(places & (LENGTH - 1)))
  }

  /**
   * A write of these keys leaves, and ends with `end`, which takes what this gives: `null` where nobody has copies.
   * @param {string} namespace
   * @param {readonly string[]} keys
   */
  begin(namespace, keys) {
    if (this.words.length === 0) {
      this.#unwatched++
      return null
    }
    const slots = keys.map((key) => slotOf(`${namespace}\0${key}`))
    for (const slot of slots) {
      this.words[slot]++
      this.#underWay.set(slot, (this.#underWay.get(slot) ?? 0) + 1)
    }
    return slots
  }

  /** @param {number[] | null} slots */
  end(slots) {
    if (slots === null) return void this.#unwatched--
    for (const slot of slots) {
      this.words[slot]++
      const left = /** @type {number} */ (this.#underWay.get(slot)) - 1
      if (left === 0) this.#underWay.delete(slot)
      else this.#underWay.set(slot, left)
    }
  }

  /**
   * Something of a namespace is written, and nobody here knows what.
   * @param {string} namespace
   */
  moveAll(namespace) {
    if (this.words.length > 0) this.words[slotOf(namespace)]++
  }

  /** Something of any namespace. */
  moveEverything() {
    for (let slot = 0; slot < this.words.length; slot++) this.words[slot]++
  }
}

/** @param {string} text */
function slotOf(text) {
  return fingerprint(text) & (LENGTH - 1)
}

/**
 * Both words, in one number: either has moved where it is another one.
 * @param {Uint32Array} words
 * @param {number} places as `placesOf` gave them
 */
function stampOf(words, places) {
  return words[places & (LENGTH - 1)] + words[places >>> BITS]
}

module.exports = { OwnWrites, stampOf }
