'use strict'

// `Redis`: the public client.

const { EventEmitter } = require('node:events')
const binding = require('./native')
const { until } = require('./abort')
const { argument, oneLine } = require('./arguments')
const bridge = require('./calls')
const { ofClient } = require('./breaker-options')
const check = require('./check')
const { answerQuestion } = require('./credentials')
const { RedwrightError, typeError } = require('./errors')
const { refuseProduction } = require('./embedded/find')
const { nodeHealth, overall } = require('./health')
const { metrics } = require('./metrics')
const { register } = require('./registry')
const { revive } = require('./replies')
const { scriptOf } = require('./scripts')
const signals = require('./signals')
const { whyUnshared } = require('./unshared')
const { normalise, isEmbedded, merge, toNative } = require('./options')

/**
 * Begins an operation of a client, for the patterns of this package.
 * @type {(
 *   redis: Redis,
 *   submit: (native: import('../binding').NativeRedis, ticket: number) => number,
 *   decode?: import('./calls').Decode | null,
 *   signal?: AbortSignal,
 * ) => Promise<any>}
 */
let call

/**
 * As `call`, for what may cross together with others of its turn; `null` where it may not, and nothing has begun.
 * @type {(
 *   redis: Redis,
 *   gatherer: import('./calls').Gatherer,
 *   key: string,
 *   entry: any,
 *   word: number,
 *   decode: import('./calls').Decode | null,
 * ) => Promise<any> | null}
 */
let callTogether

/**
 * The generations of what was read, which the I/O thread moves when it changes; `null` until the native half is there.
 * @type {(redis: Redis) => Uint32Array | null}
 */
let wordsOf

/**
 * Whether the native half is there: with `embedded://` it comes when the server stands, and no deadline of ours holds for that.
 * @type {(redis: Redis) => boolean}
 */
let isOpen

/**
 * The native half: at once where it is there, else when the embedded server stands, within the time that there is to connect.
 * @type {(redis: Redis) => import('../binding').NativeRedis | Promise<import('../binding').NativeRedis>}
 */
let opened

/**
 * What tells the server of a client from others.
 * @type {(redis: Redis) => string}
 */
let realmOf

class Redis extends EventEmitter {
  /** @type {import('../index').RedisOptions} */
  #options
  /** In ms. */
  #connectTimeout = 0
  #breaker
  /** @type {import('../binding').NativeRedis | null} the native half; with `embedded://` it comes when the server stands */
  #native = null
  #realm = ''
  /** @type {Promise<import('../binding').NativeRedis> | null} */
  #embedded = null
  /** @type {import('../index').RedisStatus} */
  #status = 'idle'
  #mode
  /** @type {import('../index').ServerInfo} */
  #server
  /** @type {Promise<void> | null} */
  #closing = null
  /** Undoes `closeOnSignal`. */
  #ignoreSignals = () => {}
  /** Ends its being counted by the doors of observability. */
  #uncount
  /** The bridge holds it weakly, so that a client that nobody holds can go. */
  #receiver = { onEvent: (/** @type {string} */ name, /** @type {any[]} */ fields) => this.#onEvent(name, fields) }

  static {
    call = (redis, submit, decode, signal) => redis.#call(submit, decode, signal)
    callTogether = (redis, by, key, entry, word, decode) => (redis.#isPlain() ? bridge.callTogether(by, key, entry, word, decode) : null)
    wordsOf = (redis) => /** @type {any} */ (redis.#native?.words() ?? null)
    isOpen = (redis) => redis.#native !== null
    opened = (redis) => redis.#native ?? redis.#soon()
    realmOf = (redis) => redis.#realm
  }

  /** @param {string | import('../index').RedisOptions} [options] */
  constructor(options) {
    super()
    this.#options = normalise(options)
    const native = toNative(this.#options)
    this.#mode = /** @type {import('../index').ServerInfo['mode']} */ (native.topology)
    this.#server = { product: 'unknown', version: '', mode: this.#mode }
    this.#connectTimeout = native.connectTimeout
    this.#breaker = ofClient(this.#options.breaker)
    if (isEmbedded(this.#options)) refuseProduction()
    else this.#native = this.#open(native)
    this.#uncount = register('client', this.#options.connectionName ?? 'default', this)
  }

  /** @param {string | import('../index').RedisOptions} [options] */
  static async connect(options) {
    const redis = new Redis(options)
    try {
      const native = await redis.#ready()
      const within = redis.#connectTimeout
      // The attempt has its own time limit, and so has the credentials callback; this one is behind them.
      const limit = Math.min((redis.#options.credentials ? 2 : 1) * within + 1000, 2 ** 32 - 1)
      await bridge.call(native, (native, ticket) => native.connect(ticket, limit, within))
      return redis
    } catch (error) {
      await redis.close()
      throw error
    }
  }

  /** @param {import('../binding').NativeOptions} options */
  #open(options) {
    const { topology, addresses, masterName, path, db } = options
    this.#realm = JSON.stringify([topology, addresses, masterName, path, db])
    return new binding.NativeRedis(bridge.port, bridge.addSource(this.#receiver), options, this.#breaker)
  }

  async #startEmbedded() {
    const { embeddedUrl } = require('./embedded')
    const url = await embeddedUrl()
    if (this.#closing) throw new RedwrightError('ERR_CLOSED', 'the client is closed')
    return (this.#native = this.#open(toNative({ ...this.#options, url })))
  }

  /** The native half: at once, or when the embedded server stands. */
  #ready() {
    if (this.#native) return Promise.resolve(this.#native)
    if (this.#closing) return Promise.reject(new RedwrightError('ERR_CLOSED', 'the client is closed'))
    // A start that failed is tried again by whoever asks next.
    return (this.#embedded ??= this.#startEmbedded().catch((error) => {
      this.#embedded = null
      throw error
    }))
  }

  /** As `#ready`, and not longer than an attempt to connect may take. */
  #soon() {
    const limit = AbortSignal.timeout(this.#connectTimeout)
    return until(limit, this.#ready()).catch((cause) => {
      throw cause === limit.reason ? new RedwrightError('ERR_UNAVAILABLE', 'the embedded server does not stand yet', { cause }) : cause
    })
  }

  /**
   * @param {(native: import('../binding').NativeRedis, ticket: number) => number} submit
   * @param {import('./calls').Decode | null} [decode]
   * @param {AbortSignal} [signal]
   * @returns {Promise<any>}
   */
  #call(submit, decode = null, signal) {
    const native = this.#native
    if (native === null) {
      const recover = decode === null || typeof decode === 'function' ? undefined : decode.recover.bind(decode)
      const later = this.#ready().then(() => this.#call(submit, decode, signal), recover)
      return signal ? until(signal, later) : later
    }
    const answer = signal ? bridge.callUntil(native, signal, submit, decode) : bridge.call(native, submit, decode)
    // Its callback may be asked for the answer, and the bridge holds the receiver of the question weakly.
    if (this.#options.credentials !== undefined) answer.then(() => this, () => this)
    return answer
  }

  /** Whether a call is handed over as it is, with nothing before and nothing behind. */
  #isPlain() {
    return this.#native !== null && this.#options.credentials === undefined
  }

  get status() {
    return this.#status
  }

  get server() {
    return this.#server
  }

  /**
   * @param {string} name
   * @param {...(string | number | bigint | Uint8Array)} args
   */
  command(name, ...args) {
    try {
      check.key(name, 'name')
      const why = whyUnshared(name, args)
      if (why !== null) throw typeError(why)
      const line = oneLine(name, args)
      if (line !== null) return this.#call((native, ticket) => native.commandLine(ticket, line), revive)
      const parts = args.map(argument)
      return this.#call((native, ticket) => native.command(ticket, name, parts), revive)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /**
   * @param {string} script
   * @param {readonly string[]} [keys]
   * @param {readonly (string | number | bigint | Uint8Array)[]} [args]
   */
  eval(script, keys = [], args = []) {
    try {
      const known = scriptOf(script)
      const parts = [...check.keys(keys, 'keys'), ...check.array(args, 'args').map(argument)]
      return this.#call((native, ticket) => native.eval(ticket, known, parts, keys.length), revive)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  ping() {
    return this.#call((native, ticket) => native.ping(ticket))
  }

  /** @param {{ timeoutMs?: import('../index').Duration }} [options] */
  async health(options) {
    const given = check.options(options, 'options', ['timeoutMs'])
    const within = check.duration(given.timeoutMs ?? 1000, 'options.timeoutMs')
    const begun = performance.now()
    try {
      // The start of an embedded server knows no deadline of ours.
      const signal = this.#native ? undefined : AbortSignal.timeout(within)
      const nodes = (await this.#call((native, ticket) => native.health(ticket, within), null, signal)).map(nodeHealth)
      return { ...overall(nodes), status: this.#status, server: this.#server }
    } catch (cause) {
      const known = cause instanceof RedwrightError
      const error = known ? cause : new RedwrightError('ERR_UNAVAILABLE', 'the embedded server does not stand', { cause })
      return { ok: false, latencyMs: performance.now() - begun, status: this.#status, server: this.#server, error }
    }
  }

  metrics() {
    return metrics(this.#native)
  }

  /** @param {import('../index').RedisOptions} [options] */
  duplicate(options) {
    return new Redis(merge(this.#options, normalise(options)))
  }

  /** @param {{ timeoutMs?: import('../index').Duration }} [options] */
  close(options) {
    try {
      const given = check.options(options, 'options', ['timeoutMs'])
      const within = check.duration(given.timeoutMs ?? 2000, 'options.timeoutMs')
      return (this.#closing ??= this.#close(within))
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** @param {number} within */
  async #close(within) {
    this.#status = 'closing'
    // Whoever waits for the embedded server is told by `#startEmbedded`. Nothing is awaited otherwise: later calls are refused from now on.
    if (!this.#native) await this.#embedded?.catch(() => {})
    const native = this.#native
    if (native) await bridge.call(native, (native, ticket) => (native.close(ticket, within) ? 0 : 3))
    this.#status = 'closed'
    this.#uncount()
    this.#ignoreSignals()
    // A listener that throws is no failure of this.
    queueMicrotask(() => this.emit('close', {}))
  }

  /** @param {{ timeoutMs?: import('../index').Duration }} [options] */
  quit(options) {
    return this.close(options)
  }

  /** @param {{ signals?: readonly ('SIGTERM' | 'SIGINT')[], timeoutMs?: import('../index').Duration }} [options] */
  closeOnSignal(options) {
    const { signals: names, timeoutMs } = signals.given(options)
    this.#ignoreSignals()
    if (this.#status === 'closed') return () => {}
    return (this.#ignoreSignals = signals.closeOn(names, () => this.close({ timeoutMs })))
  }

  [Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')]() {
    return this.close()
  }

  /**
   * What the link reports.
   * @param {string} name
   * @param {any[]} fields
   */
  #onEvent(name, [node, ...fields]) {
    const { credentials } = this.#options
    // Also while it closes: what is pending may wait for them.
    if (name === 'credentials' && credentials && this.#native) return void answerQuestion(credentials, this.#native, fields[0])
    if (this.#closing) return
    switch (name) {
      case 'connecting':
        if (this.#status === 'idle') this.#status = 'connecting'
        return
      case 'connect':
        return void this.emit('connect', { attempt: fields[0], node })
      case 'ready':
        this.#server = { product: fields[0], version: fields[1], mode: this.#mode }
        this.#status = 'ready'
        return void this.emit('ready', { server: this.#server })
      case 'reconnecting':
        this.#status = 'reconnecting'
        return void this.emit('reconnecting', { attempt: fields[0], delayMs: fields[1], node })
      case 'gap':
        return void this.emit('gap', { reason: fields[0], node })
      case 'breaker': {
        const [state, why] = fields
        return void this.emit('breaker', why === null ? { state } : { state, error: revive(why) })
      }
      case 'error':
        // An error event that nobody listens to would throw.
        if (this.listenerCount('error') > 0) this.emit('error', revive(fields[0]))
    }
  }
}

module.exports = { Redis, call, callTogether, wordsOf, isOpen, opened, realmOf }
