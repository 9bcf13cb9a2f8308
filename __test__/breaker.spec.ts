import assert from 'node:assert/strict'
import { beforeEach, describe, mock, test } from 'node:test'
import { CircuitBreaker, type CircuitBreakerOptions } from '../index.js'
import { deferred } from './support/cache-tools'
import { until } from './support/until'

// Breakers keep to the clock of `performance.now()`, which is ours here.
let now = 0
mock.method(performance, 'now', () => now)
beforeEach(() => void (now = 1000))

const boom = new Error('boom')
const fail = () => Promise.reject(boom)

/** Lets operations fail, each with its own error. */
async function failing(breaker: CircuitBreaker, times: number): Promise<void> {
  for (let i = 0; i < times; i++) await assert.rejects(breaker.execute(fail), (error) => error === boom)
}

/** What a breaker does with one more operation. */
async function next(breaker: CircuitBreaker): Promise<'called' | 'refused'> {
  return (await breaker.execute(() => true)) === null ? 'refused' : 'called'
}

async function opened(options?: CircuitBreakerOptions): Promise<CircuitBreaker> {
  const breaker = new CircuitBreaker({ threshold: 1, openMs: 1000, ...options })
  await failing(breaker, 1)
  assert.equal(breaker.state, 'open')
  return breaker
}

describe('a circuit breaker', () => {
  test('gives what an operation gives and rejects with its own error', async () => {
    const breaker = new CircuitBreaker()
    assert.equal(await breaker.execute(async () => 'value'), 'value')
    assert.equal(await breaker.execute(() => 0), 0)
    assert.equal(await breaker.execute(async () => undefined), undefined)
    await assert.rejects(breaker.execute(fail), (error) => error === boom)
    const thrown = () => {
      throw boom
    }
    await assert.rejects(breaker.execute(thrown), (error) => error === boom)
    assert.equal(breaker.state, 'closed')
  })

  test('opens after five failures in a row, and then resolves to null without calling', async () => {
    const breaker = new CircuitBreaker()
    await failing(breaker, 4)
    assert.equal(breaker.state, 'closed')
    await failing(breaker, 1)
    assert.equal(breaker.state, 'open')
    let calls = 0
    assert.equal(await breaker.execute(async () => ++calls), null)
    assert.equal(calls, 0)
  })

  test('begins a new row with every success', async () => {
    const breaker = new CircuitBreaker(3)
    for (let i = 0; i < 5; i++) {
      await failing(breaker, 2)
      assert.equal(await next(breaker), 'called')
    }
    await failing(breaker, 3)
    assert.equal(breaker.state, 'open')
  })

  test('stays open for its time, up to a fifth of it less', async () => {
    const breaker = new CircuitBreaker(1, '10s')
    await failing(breaker, 1)
    now += 7999
    assert.deepEqual([breaker.state, await next(breaker)], ['open', 'refused'])
    now += 2001
    assert.deepEqual([breaker.state, await next(breaker), breaker.state], ['half-open', 'called', 'closed'])
  })

  test('stays open for half a minute where nothing is said', async () => {
    const breaker = new CircuitBreaker(1)
    await failing(breaker, 1)
    now += 23_999
    assert.equal(breaker.state, 'open')
    now += 6001
    assert.equal(breaker.state, 'half-open')
  })

  test('lets one probe through; the others get null until it has succeeded', async () => {
    const breaker = await opened()
    now += 1000
    const probe = deferred<string>()
    const probing = breaker.execute(() => probe.promise)
    assert.deepEqual(await Promise.all([next(breaker), next(breaker)]), ['refused', 'refused'])
    assert.equal(breaker.state, 'half-open')
    probe.resolve('well')
    assert.equal(await probing, 'well')
    assert.deepEqual([breaker.state, await next(breaker), await next(breaker)], ['closed', 'called', 'called'])
  })

  test('opens again for its whole time when the probe fails', async () => {
    const breaker = await opened()
    now += 1000
    await failing(breaker, 1)
    now += 799
    assert.deepEqual([breaker.state, await next(breaker)], ['open', 'refused'])
    now += 201
    assert.equal(await next(breaker), 'called')
  })

  test('is not held half-open by a probe that never ends', async () => {
    const breaker = await opened()
    now += 1000
    void breaker.execute(() => new Promise(() => {}))
    now += 999
    assert.equal(await next(breaker), 'refused')
    now += 1
    assert.deepEqual([await next(breaker), breaker.state], ['called', 'closed'])
  })

  test('does not heed the late end of what began before it opened', async () => {
    const breaker = new CircuitBreaker({ threshold: 1, openMs: 1000 })
    const [good, bad, worse] = [deferred(), deferred(), deferred()]
    const slow = [good, bad, worse].map(({ promise }) => breaker.execute(() => promise))
    slow.forEach((each) => each.catch(() => {}))
    await failing(breaker, 1)
    good.resolve()
    await slow[0]
    assert.equal(breaker.state, 'open', 'a late success does not close it')
    now += 700
    bad.reject(boom)
    await assert.rejects(slow[1]!)
    now += 300
    assert.equal(breaker.state, 'half-open', 'a late failure does not lengthen it')
    assert.equal(await next(breaker), 'called')
    worse.reject(boom)
    await assert.rejects(slow[2]!)
    assert.equal(breaker.state, 'closed', 'a late failure does not open it again')
  })

  test('opens at a rate of errors once there are calls enough, whatever their order', async () => {
    const breaker = new CircuitBreaker({ errorRate: 0.5, minimumCalls: 10, windowMs: 1000 })
    await failing(breaker, 4)
    for (let i = 0; i < 5; i++) await next(breaker)
    assert.equal(breaker.state, 'closed', 'nine calls')
    await failing(breaker, 1)
    assert.equal(breaker.state, 'open')
  })

  test('forgets what is older than the window', async () => {
    const breaker = new CircuitBreaker({ errorRate: 0.5, minimumCalls: 10, windowMs: 1000 })
    await failing(breaker, 9)
    now += 1000
    await failing(breaker, 9)
    assert.equal(breaker.state, 'closed')
    await failing(breaker, 1)
    assert.equal(breaker.state, 'open')
  })

  test('counts a rate and a row where both are given', async () => {
    const breaker = new CircuitBreaker({ errorRate: 0.5, threshold: 3 })
    await failing(breaker, 3)
    assert.equal(breaker.state, 'open')
  })

  test('counts only the errors that isFailure calls failures', async () => {
    const isFailure = (error: unknown) => error === boom
    const breaker = new CircuitBreaker({ threshold: 2, isFailure })
    const refused = () => Promise.reject(new TypeError('your own fault'))
    for (let i = 0; i < 5; i++) await assert.rejects(breaker.execute(refused), { message: 'your own fault' })
    await failing(breaker, 1)
    await assert.rejects(breaker.execute(refused), TypeError)
    await failing(breaker, 1)
    assert.equal(breaker.state, 'closed', 'an error that is no failure begins a new row')
    await failing(breaker, 1)
    assert.equal(breaker.state, 'open')
  })

  test('counts an error on which isFailure itself throws, and hands on the first', async () => {
    const isFailure = () => {
      throw new Error('of isFailure')
    }
    const breaker = new CircuitBreaker({ threshold: 1, isFailure })
    await failing(breaker, 1)
    assert.equal(breaker.state, 'open')
  })

  test('tells of its turns, and of what opened it', async () => {
    const breaker = new CircuitBreaker(1, 1000)
    const events: unknown[][] = []
    for (const event of ['open', 'halfOpen', 'close'] as const) breaker.on(event, (...args: unknown[]) => events.push([event, ...args]))
    await failing(breaker, 1)
    await next(breaker)
    now += 1000
    await failing(breaker, 1)
    now += 1000
    await next(breaker)
    await next(breaker)
    assert.deepEqual(events, [['open', boom], ['halfOpen'], ['open', boom], ['halfOpen'], ['close']])
  })

  test('is not disturbed by a listener that throws', async (t) => {
    const uncaught: string[] = []
    const before = process.listeners('uncaughtException')
    process.removeAllListeners('uncaughtException')
    process.on('uncaughtException', ({ message }) => uncaught.push(message))
    t.after(() => {
      process.removeAllListeners('uncaughtException')
      before.forEach((listener) => process.on('uncaughtException', listener))
    })
    const breaker = new CircuitBreaker(1)
    breaker.on('open', () => {
      throw new Error('of a listener')
    })
    await failing(breaker, 1)
    await until('it has thrown', () => uncaught.length > 0)
    assert.deepEqual(uncaught, ['of a listener'])
  })
})

describe('what a circuit breaker refuses', () => {
  const wrong: [args: unknown[], name: string, message: RegExp][] = [
    [[0], 'RangeError', /^threshold must be an integer from 1/],
    [[1.5], 'RangeError', /^threshold must be an integer/],
    [['5'], 'TypeError', /^threshold must be a number, got a string/],
    [[null], 'TypeError', /^options must be an object, got null/],
    [[5, 0], 'RangeError', /^timeoutMs must be/],
    [[5, 'soon'], 'TypeError', /^timeoutMs must be/],
    [[{}, 1000], 'TypeError', /^timeoutMs goes into the options, as openMs/],
    [[{ treshold: 5 }], 'TypeError', /^options.treshold is not an option; did you mean 'threshold'\?/],
    [[{ threshold: 0 }], 'RangeError', /^options.threshold must be/],
    [[{ errorRate: 0 }], 'RangeError', /^options.errorRate must be above 0 and at most 1, got 0/],
    [[{ errorRate: 50 }], 'RangeError', /^options.errorRate must be above 0 and at most 1, got 50/],
    [[{ errorRate: NaN }], 'RangeError', /^options.errorRate must be/],
    [[{ errorRate: '50%' }], 'TypeError', /^options.errorRate must be a number/],
    [[{ windowMs: 0 }], 'RangeError', /^options.windowMs must be/],
    [[{ minimumCalls: 0 }], 'RangeError', /^options.minimumCalls must be/],
    [[{ openMs: -1 }], 'RangeError', /^options.openMs must be/],
    [[{ isFailure: true }], 'TypeError', /^options.isFailure must be a function/],
  ]
  for (const [args, name, message] of wrong) {
    test(`new CircuitBreaker(${JSON.stringify(args).slice(1, -1)})`, () => {
      assert.throws(() => new (CircuitBreaker as any)(...args), { name, message, code: 'ERR_INVALID_ARG' })
    })
  }

  test('an operation that is no function, which is no failure of what it guards', async () => {
    const breaker = new CircuitBreaker(1)
    await assert.rejects(breaker.execute('x' as any), { name: 'TypeError', message: 'operation must be a function, got a string' })
    assert.equal(breaker.state, 'closed')
  })
})
