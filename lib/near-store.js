'use strict'

const { Ghost } = require('./near-ghost')
const { Queue, Queues, grown } = require('./near-queues')

// What a process keeps of what it has read: S3-FIFO (Yang et al., "FIFO queues are all you need for cache eviction", SOSP 2023). What is new
// passes a small queue, and only what is asked for again meanwhile gets into the main one; what has just left the small one without that
// gets there at once when it comes again. So what is read once in a walk over everything displaces next to nothing.

/** The share of the whole that belongs to what is new. */
const SMALL = 0.1
/** What takes more than this share of the whole would displace too much. */
const LARGEST = 1 / 8

/** Of a mark: how often it was asked for, and whether it is in the main queue. */
const OFTEN = 3
const MAIN = 4

/** @template {{ bytes: number }} T the entries; `bytes` is looked at once, by `put` */
class NearStore {
  #maxEntries
  #maxBytes
  /** @type {Map<string, number>} */
  #places = new Map()
  /** @type {(string | undefined)[]} */
  #keys = []
  /** @type {(T | undefined)[]} */
  #entries = []
  #marks = new Uint8Array(0)
  #queues = new Queues()
  #small = new Queue()
  #main = new Queue()
  #ghost = new Ghost(0)
  /** How many have had to leave for others. */
  evictions = 0

  /** @param {{ maxEntries: number, maxBytes: number }} bounds either may be `Infinity` */
  constructor({ maxEntries, maxBytes }) {
    this.#maxEntries = maxEntries
    this.#maxBytes = maxBytes
  }

  get size() {
    return this.#places.size
  }

  get bytes() {
    return this.#small.bytes + this.#main.bytes
  }

  /**
   * The entry, which counts as asked for.
   * @param {string} key
   * @returns {T | undefined}
   */
  get(key) {
    const place = this.#places.get(key)
    if (place === undefined) return undefined
    const mark = this.#marks[place]
    if ((mark & OFTEN) < OFTEN) this.#marks[place] = mark + 1
    return this.#entries[place]
  }

  /**
   * Whether it was taken. One that is too large is not, and then there is none of that key.
   * @param {string} key
   * @param {T} entry
   */
  put(key, entry) {
    const bytes = Math.ceil(entry.bytes)
    const place = this.#places.get(key)
    // Written so that no number is too large, too.
    if (!(bytes <= this.#maxBytes * LARGEST) || this.#maxEntries < 1) {
      if (place !== undefined) this.#remove(place)
      return false
    }
    if (place === undefined) {
      this.#insert(key, entry, bytes)
    } else {
      // It keeps its turn.
      this.#queues.setSize(this.#queueOf(place), place, bytes)
      this.#entries[place] = entry
      this.#makeRoom(0, 0)
    }
    return true
  }

  /**
   * Whether it was there.
   * @param {string} key
   */
  delete(key) {
    const place = this.#places.get(key)
    if (place === undefined) return false
    this.#remove(place)
    return true
  }

  /** Gives back the memory, too. */
  clear() {
    this.#places = new Map()
    this.#keys = []
    this.#entries = []
    this.#marks = new Uint8Array(0)
    this.#queues = new Queues()
    this.#small = new Queue()
    this.#main = new Queue()
    this.#ghost = new Ghost(0)
  }

  /**
   * @param {string} key
   * @param {T} entry
   * @param {number} bytes
   */
  #insert(key, entry, bytes) {
    this.#makeRoom(1, bytes)
    const place = this.#queues.take(this.#maxEntries)
    const { length } = this.#queues
    if (length > this.#marks.length) {
      this.#marks = grown(this.#marks, new Uint8Array(length))
      // It has hardly anything to tell while there is room for more.
      this.#ghost = new Ghost(length)
    }
    const isBack = this.#ghost.take(key, this.#main.count)
    this.#places.set(key, place)
    this.#keys[place] = key
    this.#entries[place] = entry
    this.#marks[place] = isBack ? MAIN : 0
    this.#queues.append(this.#queueOf(place), place, bytes)
  }

  /**
   * @param {number} entries
   * @param {number} bytes
   */
  #makeRoom(entries, bytes) {
    while (this.size + entries > this.#maxEntries || this.bytes + bytes > this.#maxBytes) {
      const { count, bytes: held } = this.#small
      const isFull = count >= this.#maxEntries * SMALL || held >= this.#maxBytes * SMALL
      if (this.#main.count === 0 || (count > 0 && isFull)) this.#leaveSmall(this.#small.first)
      else this.#leaveMain(this.#main.first)
    }
  }

  /**
   * What was asked for more than once goes on to the main queue.
   * @param {number} place
   */
  #leaveSmall(place) {
    if ((this.#marks[place] & OFTEN) > 1) {
      this.#queues.append(this.#main, place, this.#queues.remove(this.#small, place))
      this.#marks[place] = MAIN
      return
    }
    this.#ghost.add(/** @type {string} */ (this.#keys[place]))
    this.#evict(place)
  }

  /**
   * What was asked for goes round once more for each time.
   * @param {number} place
   */
  #leaveMain(place) {
    if ((this.#marks[place] & OFTEN) === 0) return this.#evict(place)
    this.#queues.append(this.#main, place, this.#queues.remove(this.#main, place))
    this.#marks[place]--
  }

  /** @param {number} place */
  #evict(place) {
    this.#remove(place)
    this.evictions++
  }

  /** @param {number} place */
  #remove(place) {
    this.#queues.remove(this.#queueOf(place), place)
    this.#queues.release(place)
    this.#places.delete(/** @type {string} */ (this.#keys[place]))
    this.#keys[place] = undefined
    this.#entries[place] = undefined
  }

  /** @param {number} place */
  #queueOf(place) {
    return this.#marks[place] & MAIN ? this.#main : this.#small
  }
}

module.exports = { NearStore }
