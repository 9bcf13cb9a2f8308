'use strict'

/** No place. */
const NOBODY = -1

/** Places in the order of their coming. */
class Queue {
  first = NOBODY
  last = NOBODY
  count = 0
  bytes = 0
}

/** Places, each of them free or in a queue; linked in arrays, so that one that is taken out leaves nothing behind. */
class Queues {
  /** How large is what is in a place, in bytes. */
  #sizes = new Float64Array(0)
  #before = new Int32Array(0)
  /** Of a place that is free, the next one that is. */
  #after = new Int32Array(0)
  #free = NOBODY

  /** How many places there are. */
  get length() {
    return this.#after.length
  }

  /**
   * A place that is free; without one there are twice as many from now on.
   * @param {number} most how many will do
   */
  take(most) {
    if (this.#free === NOBODY) this.#grow(Math.max(16, Math.min(this.length * 2, Math.max(most, this.length + 1))))
    const place = this.#free
    this.#free = this.#after[place]
    return place
  }

  /** @param {number} place that is in no queue */
  release(place) {
    this.#after[place] = this.#free
    this.#free = place
  }

  /** @param {number} length */
  #grow(length) {
    const before = this.length
    this.#sizes = grown(this.#sizes, new Float64Array(length))
    this.#before = grown(this.#before, new Int32Array(length))
    this.#after = grown(this.#after, new Int32Array(length))
    for (let place = length - 1; place >= before; place--) this.release(place)
  }

  /**
   * @param {Queue} queue
   * @param {number} place
   * @param {number} bytes
   */
  append(queue, place, bytes) {
    this.#sizes[place] = bytes
    this.#before[place] = queue.last
    this.#after[place] = NOBODY
    if (queue.last === NOBODY) queue.first = place
    else this.#after[queue.last] = place
    queue.last = place
    queue.count++
    queue.bytes += bytes
  }

  /**
   * Gives its size.
   * @param {Queue} queue
   * @param {number} place
   */
  remove(queue, place) {
    const before = this.#before[place]
    const after = this.#after[place]
    if (before === NOBODY) queue.first = after
    else this.#after[before] = after
    if (after === NOBODY) queue.last = before
    else this.#before[after] = before
    queue.count--
    queue.bytes -= this.#sizes[place]
    return this.#sizes[place]
  }

  /**
   * @param {Queue} queue
   * @param {number} place
   * @param {number} bytes
   */
  setSize(queue, place, bytes) {
    queue.bytes += bytes - this.#sizes[place]
    this.#sizes[place] = bytes
  }
}

/**
 * @template {Float64Array | Uint8Array | Int32Array} A
 * @param {A} from
 * @param {A} to
 * @returns {A}
 */
function grown(from, to) {
  to.set(from)
  return to
}

module.exports = { Queue, Queues, grown }
