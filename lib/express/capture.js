'use strict'

// What a handler writes to a response, byte for byte, whichever way it does: `writeHead`, `write`, `end`, and so `json`, `send`, `pipe`.

/**
 * Who is told. `head` is called once, when status and fields are known and nothing has left; where it gives `false`, nothing of what the handler writes is sent,
 * and somebody else answers, which only happens where `mayHold` says so. `chunk` is told of each piece of the body while `keeps` is true, `end` that it is whole, `closed` that it will never be.
 * @typedef {{ keeps: boolean, mayHold: boolean, head(): boolean, chunk(bytes: Buffer): void, end(): void, closed(): void }} Watcher
 */

class Capture {
  #res
  #watcher
  #own
  #isHead = false
  #isSent = true
  #isEnded = false
  /** Whether the response is as it was. */
  #isOver = false
  /** What is called inside of a call is part of it: `end` of HTTP/2 writes. */
  #isInside = false

  /**
   * @param {any} res
   * @param {Watcher} watcher
   */
  constructor(res, watcher) {
    this.#res = res
    this.#watcher = watcher
    // Express gives each response a shape of its own, so whatever is set on one is dear. That is why nothing more is set, and nothing is set back.
    const { writeHead, write, end } = res
    this.#own = { writeHead, write, end }
    res.writeHead = (/** @type {any[]} */ ...args) => (this.#isOver ? writeHead.apply(res, args) : this.#writeHead(args))
    res.write = (/** @type {any[]} */ ...args) => (this.#isOver ? write.apply(res, args) : this.#write(args))
    res.end = (/** @type {any[]} */ ...args) => (this.#isOver ? end.apply(res, args) : this.#end(args))
    res.on('close', this.#closed)
    if (watcher.mayHold) this.#watchFlushes()
  }

  /** It asks for a head and sends it, and there may be none. */
  #watchFlushes() {
    const res = this.#res
    const { flushHeaders } = res
    res.flushHeaders = () => {
      if (!this.#isOver) this.#head()
      if (this.#isOver || this.#isSent) flushHeaders.call(res)
    }
  }

  /** From now on the response is as if nobody watched. */
  over() {
    this.#isOver = true
  }

  #closed = () => {
    if (!this.#isEnded) this.#giveUp()
  }

  #giveUp() {
    this.#isEnded = true
    this.#watcher.closed()
  }

  #head() {
    if (this.#isHead) return
    this.#isHead = true
    this.#isSent = this.#watcher.head()
  }

  /** @param {any[]} args */
  #writeHead(args) {
    const res = this.#res
    if (this.#isHead || res.headersSent) return this.#isSent ? this.#own.writeHead.apply(res, args) : res
    applyHead(res, args)
    this.#head()
    return this.#isSent ? this.#own.writeHead.call(res, res.statusCode) : res
  }

  /** @param {any[]} args */
  #write(args) {
    if (this.#isInside) return this.#own.write.apply(this.#res, args)
    this.#head()
    const goesOn = this.#isSent ? this.#try(this.#own.write, args) : swallow(args)
    if (this.#isEnded || !this.#watcher.keeps) return goesOn
    this.#keep(args)
    // What is kept does not wait for its client: others wait for it.
    return true
  }

  /** @param {any[]} args */
  #end(args) {
    const res = this.#res
    this.#head()
    if (this.#isEnded) return this.#isSent ? this.#own.end.apply(res, args) : res
    if (this.#isSent) this.#try(this.#own.end, args)
    else swallow(args)
    this.#isEnded = true
    if (this.#watcher.keeps) this.#keep(args)
    this.#watcher.end()
    return res
  }

  /**
   * What Node refuses was not written.
   * @param {(...args: any[]) => any} method
   * @param {any[]} args
   */
  #try(method, args) {
    this.#isInside = true
    try {
      return method.apply(this.#res, args)
    } catch (error) {
      if (!this.#isEnded) this.#giveUp()
      throw error
    } finally {
      this.#isInside = false
    }
  }

  /**
   * A copy: the handler may use its bytes again.
   * @param {any[]} args
   */
  #keep([chunk, encoding]) {
    if (typeof chunk === 'string') this.#watcher.chunk(Buffer.from(chunk, typeof encoding === 'string' ? /** @type {BufferEncoding} */ (encoding) : 'utf8'))
    else if (chunk instanceof Uint8Array) this.#watcher.chunk(Buffer.from(chunk))
  }
}

/**
 * As if it were written.
 * @param {any[]} args
 */
function swallow(args) {
  const callback = args.find((arg) => typeof arg === 'function')
  if (callback !== undefined) process.nextTick(callback)
  return true
}

/**
 * `writeHead(status, reason?, fields?)`, fields being an object, or a list of pairs or of names and values by turns.
 * @param {any} res
 * @param {any[]} args
 */
function applyHead(res, [status, reason, fields]) {
  res.statusCode = status
  if (typeof reason === 'string') res.statusMessage = reason
  /** @type {any} */
  const given = typeof reason === 'string' ? fields : (reason ?? fields)
  if (given === undefined || given === null) return
  if (!Array.isArray(given)) {
    for (const name of Object.keys(given)) res.setHeader(name, given[name])
    return
  }
  const flat = Array.isArray(given[0]) ? given.flat() : given
  /** @type {Map<string, { name: string, values: any[] }>} */
  const all = new Map()
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const lower = String(flat[i]).toLowerCase()
    /** @type {{ name: string, values: any[] }} */
    const field = all.get(lower) ?? { name: flat[i], values: [] }
    field.values.push(flat[i + 1])
    all.set(lower, field)
  }
  for (const { name, values } of all.values()) res.setHeader(name, values.length === 1 ? values[0] : values)
}

module.exports = { Capture, applyHead }
