'use strict'

// Callers of one turn who read the same key share one read. Each gets a value of their own.

const { isUint8Array } = require('node:util/types')
const { beginTurn } = require('./turn')

/** One read; it is what the native call answers. */
class SharedRead {
  /** Those who have come behind the first. @type {((stored: any, error: any) => void)[] | null} */
  #others = null
  #found
  /** It may be refused at once, within its turn: who comes behind that reads again. */
  isOver = false

  /** @param {(stored: any) => any} found makes the outcome */
  constructor(found) {
    this.#found = found
  }

  /** @returns {Promise<any>} */
  join() {
    return new Promise((resolve, reject) => {
      this.#others ??= []
      this.#others.push((stored, error) => {
        if (error !== null) return reject(error)
        // Whatever becomes of it here, the others get theirs.
        try {
          resolve(this.#found(own(stored)))
        } catch (thrown) {
          reject(thrown)
        }
      })
    })
  }

  /** @param {any} stored */
  decode(stored) {
    this.#tell(stored, null)
    return this.#found(stored)
  }

  /** @param {any} error */
  recover(error) {
    this.#tell(null, error)
    return Promise.reject(error)
  }

  /**
   * @param {any} stored
   * @param {any} error
   */
  #tell(stored, error) {
    this.isOver = true
    for (const other of this.#others ?? []) other(stored, error)
  }
}

/**
 * What is stored, with bytes that nobody else has.
 * @param {any} stored
 * @returns {any}
 */
function own(stored) {
  if (Array.isArray(stored)) return stored.map(own)
  if (!isUint8Array(stored)) return stored
  return Buffer.isBuffer(stored) ? Buffer.from(stored) : stored.slice()
}

/** Those of one turn, by key. */
class SharedReads {
  /** @type {Map<string, SharedRead>} */
  #reads = new Map()
  #isBegun = false
  #sharing

  /** @param {Set<SharedReads>} sharing those of the key space who share reads in this turn */
  constructor(sharing) {
    this.#sharing = sharing
  }

  /** @param {string} key */
  get(key) {
    const read = this.#isBegun ? this.#reads.get(key) : undefined
    return read?.isOver ? undefined : read
  }

  /**
   * @param {string} key
   * @param {(stored: any) => any} found
   */
  begin(key, found) {
    if (!this.#isBegun) {
      this.#isBegun = true
      this.#sharing.add(this)
      beginTurn(this)
    }
    const read = new SharedRead(found)
    this.#reads.set(key, read)
    return read
  }

  /**
   * Something is written: what was read before is for nobody who asks from now on.
   * @param {string} key
   */
  part(key) {
    if (this.#sharing.size === 0) return
    this.#reads.delete(key)
    // Another's names are others; it is rare enough.
    for (const other of this.#sharing) if (other !== this) other.#reads = new Map()
  }

  partAll() {
    for (const each of this.#sharing) each.#reads = new Map()
  }

  endTurn() {
    this.#isBegun = false
    this.#sharing.delete(this)
    // Not cleared, as in `Flights`.
    this.#reads = new Map()
  }
}

module.exports = { SharedReads }
