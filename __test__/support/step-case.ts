import assert from 'node:assert/strict'
import { CacheManager, Redis, RedwrightError, TypeSafeCache, type CacheOptions, type RedisOptions } from '../../index.js'
import { fresh } from './cache-tools'
import type { Place, Trouble } from './step-faults'
import { type Cast, FIRST, KEY, MORE, OLD, type Pair, type Protocol } from './step-protocols'
import { Trap } from './step-proxy'
import { until } from './until'

/** Of a step. */
export const DEADLINE_MS = 300
const LEASE_MS = 600
/** Deadlines of all steps and the wait for another's lease, and plenty for a machine that is busy. */
const CEILING_MS = 15_000

/** For clients in trouble. */
export const TROUBLED: RedisOptions = {
  commandTimeout: DEADLINE_MS,
  connectTimeout: 1000,
  watchdogMs: 200,
  reconnect: { minMs: 1, maxMs: 20 },
  // What is refused at once puts nothing to the test.
  breaker: false,
}

/** What may come of a step that fails; the server's own errors are those that were asked for. */
const CODES = new Set(['ERR_TIMEOUT', 'ERR_UNAVAILABLE', 'ERR_SERVER'])
const GIVEN_UP = new Set(['ERR_TIMEOUT', 'ERR_UNAVAILABLE'])
const SERVERS = /^(READONLY|LOADING|MISCONF|OOM|CLUSTERDOWN|TRYAGAIN)$/

function assertTyped(error: unknown): asserts error is RedwrightError {
  assert.ok(error instanceof RedwrightError && CODES.has(error.code), `no error that was to be expected: ${error}`)
  if (error.code === 'ERR_SERVER') assert.match(error.serverCode!, SERVERS)
}

function pairOf(redis: Redis, options: CacheOptions): Pair {
  return { cache: new TypeSafeCache(redis, options), manager: new CacheManager(redis, options) }
}

async function within<T>(promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => (timer = setTimeout(() => reject(new Error(`not settled within ${CEILING_MS} ms`)), CEILING_MS)))
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

/** One protocol, with one fault at one of its steps, which must come. */
export async function runCase(...given: ConstructorParameters<typeof Case>): Promise<void> {
  await until(`${given[2]} is put to the test`, () => new Case(...given).run())
}

class Case {
  readonly #told: Error[] = []
  readonly #cast: Cast
  readonly #trap: Trap
  /** What the write or the invalidation rejected with. */
  #error: RedwrightError | undefined
  #isHealed = false

  /**
   * @param troubled its way leads through the proxies of `place`
   * @param direct its way does not
   */
  constructor(
    readonly protocol: Protocol,
    readonly trouble: Trouble,
    step: string,
    readonly place: Place,
    readonly troubled: Redis,
    direct: Redis,
  ) {
    const options = { prefix: fresh('p'), namespace: 'n', leaseMs: LEASE_MS }
    const onError: CacheOptions['onError'] = (error) => this.#told.push(error)
    this.#trap = new Trap(step, trouble.at(place))
    this.#cast = { troubled: pairOf(troubled, { ...options, onError }), direct: pairOf(direct, options), tag: fresh('tag'), isHit: () => this.#trap.hit }
  }

  /**
   * Whether the step has come. A machine that stands still for longer than a deadline has the client give up before: then nothing was put to
   * the test.
   */
  async run(): Promise<boolean> {
    try {
      return await this.#go()
    } finally {
      // Others use the same server.
      if (!this.#isHealed) await this.#heal()
    }
  }

  async #heal(): Promise<void> {
    this.#isHealed = true
    await this.trouble.heal(this.place)
  }

  async #go(): Promise<boolean> {
    const { protocol, trouble, place } = this
    const { direct, elsewhere } = await this.#prepared()
    for (const proxy of place.proxies) proxy.trap = this.#trap
    const outcome = protocol.run(this.#cast)
    await within(protocol.kind === 'load' ? this.#loads(outcome) : this.#ends(outcome))
    // What is given back is not waited for.
    await until(`the step has come, and not only ${place.proxies.flatMap(({ steps }) => steps)}`, () => this.#trap.hit || this.#gaveUp)
    if (!this.#trap.hit) return this.#leave()
    if (!trouble.takesAll) await this.#assertAsSaid()
    if (trouble.takesAll || trouble.refusesAll) await this.#heal()
    // From here on nobody may see what was loaded or stored before.
    await this.#invalidated()
    const mayComeLate = protocol.kind === 'write' && this.#error?.maybeExecuted === true
    if (!mayComeLate) assert.ok((await direct.cache.get(KEY)) === null)
    if (!this.#isHealed) await this.#heal()
    await this.#worksAgain()
    if (elsewhere !== undefined || protocol.kind === 'invalidation') await this.#loadedElsewhere()
    // What was held back has come by now.
    if (mayComeLate) await this.#invalidated()
    for (const key of MORE) assert.equal(await direct.cache.get(key), null, `${key} has come back`)
    await this.#loadsAndStores()
    return true
  }

  /** Whether the client has waited for an answer in vain. */
  get #gaveUp(): boolean {
    return [...this.#told, this.#error].some((error) => error instanceof RedwrightError && GIVEN_UP.has(error.code))
  }

  async #leave(): Promise<false> {
    for (const proxy of this.place.proxies) proxy.trap = undefined
    this.#cast.elsewhere?.source.resolve(OLD)
    await until('the client works', async () => this.troubled.ping().then(() => true, () => false))
    return false
  }

  async #prepared(): Promise<Cast> {
    await this.protocol.prepare?.(this.#cast)
    return this.#cast
  }

  async #loads(outcome: Promise<unknown>): Promise<void> {
    const { gives = [OLD] } = this.protocol
    assert.ok(gives.includes((await outcome) as string))
    for (const error of this.#told) if (error.message !== 'no source either') assertTyped(error)
  }

  async #ends(outcome: Promise<unknown>): Promise<void> {
    await outcome.catch((error) => {
      assertTyped(error)
      this.#error = error
    })
  }

  /** What was said to have been done was, and what was said not to have been, was not. */
  async #assertAsSaid(): Promise<void> {
    const { protocol, trouble } = this
    const { direct, troubled } = this.#cast
    if (trouble.loses) return
    const value = await direct.cache.get(KEY)
    const error = this.#error
    if (protocol.kind === 'load') {
      const { stores } = troubled.cache.metrics()
      if (stores > 0 && this.#told.length === 0 && protocol.gives === undefined && protocol.prepare === undefined) assert.equal(value, OLD, 'it was said to be stored')
    } else if (error === undefined) assert.equal(value, protocol.kind === 'write' ? OLD : null, 'it was said to be done')
    else if (!error.maybeExecuted) assert.equal(value, FIRST, `it was said not to be done: ${error}`)
  }

  async #invalidated(): Promise<void> {
    const { direct } = this.#cast
    const invalidate = this.protocol.invalidate ?? (() => direct.cache.deleteMany(MORE))
    if (!this.trouble.takesAll) return void (await invalidate(this.#cast))
    // Its own client has to find it again.
    await until('it is invalidated', async () => invalidate(this.#cast).then(() => true, () => false))
  }

  /** The client in trouble, by itself; what it had sent before is over then. */
  async #worksAgain(): Promise<void> {
    for (const proxy of this.place.proxies) proxy.trap = undefined
    await until('nothing is pending', () => this.troubled.metrics().pending === 0)
    await until('the client writes again', async () => this.#cast.troubled.cache.set('other', 1).then(() => true, () => false))
    for (const proxy of this.place.proxies) await until('nothing is held back', () => proxy.isIdle)
  }

  async #loadedElsewhere(): Promise<void> {
    this.#cast.elsewhere?.source.resolve(OLD)
    await this.#cast.elsewhere?.load
    assert.equal(await this.#cast.direct.cache.get('loaded elsewhere'), null, 'it was loaded before its tag was invalidated')
  }

  /** Whatever lease was left behind ends, and what is loaded anew is stored and found. */
  async #loadsAndStores(): Promise<void> {
    const { troubled, direct } = this.#cast
    await until('it is loaded and stored', async () => {
      const value = await troubled.cache.getOrSet(KEY, async () => 'new', { waitMs: '10s' })
      assert.equal(value, 'new')
      return (await direct.cache.get(KEY)) === 'new'
    })
  }
}
