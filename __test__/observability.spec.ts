import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { afterEach, describe, test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics'
import { Registry } from 'prom-client'
import { DistributedLock, Redis, Semaphore } from '../index.js'
import { instrument } from '../opentelemetry.js'
import { contentType, metricsText, registerWith } from '../prometheus.js'
import { until } from './support/until'

const { register, sources } = createRequire(import.meta.url)('../lib/registry.js')

/** The sources of a test, held, and let go when it is over. */
const held: (() => void)[] = []
afterEach(() => held.splice(0).forEach((end) => end()))
function count(name: string, figures: object, kind = 'cache') {
  const source = { metrics: () => figures }
  const end = register(kind, name, source)
  held.push(() => source && end())
  return { source, end }
}
const lines = (name: string) => metricsText().split('\n').filter((line) => line.startsWith(name))
const figures = (name: string): any => new Map<string, any>(sources('cache')).get(name)

describe('what is counted', () => {
  test('is summed over all sources of one name', () => {
    count('sum', { hits: 1, misses: 2 })
    count('sum', { hits: 10 })
    assert.deepEqual(figures('sum'), { hits: 11, misses: 2 })
  })

  test('stays when its source is closed, but for what is there no more', () => {
    const { end } = count('closed', { hits: 3, nearEntries: 5 })
    end()
    end()
    assert.deepEqual(figures('closed'), { hits: 3 })
  })

  test('stays when nobody holds its source any more, which being counted does not keep alive', async () => {
    setFlagsFromString('--expose-gc')
    const gc = runInNewContext('gc')
    const counts = { hits: 7, nearBytes: 1 }
    let source: object | null = { metrics: () => counts }
    const ref = new WeakRef(source)
    register('cache', 'lost', source, () => counts)
    assert.deepEqual(figures('lost'), { hits: 7, nearBytes: 1 })
    source = null
    await until('it is collected', () => {
      gc()
      return ref.deref() === undefined
    })
    assert.deepEqual(figures('lost'), { hits: 7 })
    await new Promise(setImmediate)
    assert.deepEqual(figures('lost'), { hits: 7 }, 'not twice')
  })

  test('holds every client by the name of its connection, the states of its breaker among it', async () => {
    const redis = new Redis({ path: '/nowhere.sock', connectionName: 'seen', commandTimeout: 100, breaker: { threshold: 1, openMs: 60_000 } })
    assert.deepEqual(lines('redwright_client_breaker_open{client="seen"}'), ['redwright_client_breaker_open{client="seen"} 0'])
    await assert.rejects(redis.command('GET', 'a'))
    await until('the breaker is open', () => lines('redwright_client_breaker_open{client="seen"}')[0].endsWith(' 1'))
    assert.deepEqual(lines('redwright_client_operations_total{client="seen"}'), ['redwright_client_operations_total{client="seen"} 1'])
    await redis.close()
    assert.deepEqual(lines('redwright_client_operations_total{client="seen"}'), ['redwright_client_operations_total{client="seen"} 1'])
  })

  test('holds locks of every class by their name, which is their prefix where they have none', async () => {
    const redis = new Redis({ path: '/nowhere.sock', commandTimeout: 100 })
    const locks = [new DistributedLock(redis, { name: 'seen' }), new Semaphore(redis, { name: 'seen', permits: 1 }), new Semaphore(redis, { permits: 1 })]
    assert.ok(locks.every((lock) => lock.metrics().acquired === 0))
    for (const name of ['acquired_total', 'busy_total', 'released_total', 'lost_total', 'held']) {
      assert.deepEqual(lines(`redwright_lock_${name}{lock="seen"}`), [`redwright_lock_${name}{lock="seen"} 0`])
      assert.deepEqual(lines(`redwright_lock_${name}{lock="semaphore"}`), [`redwright_lock_${name}{lock="semaphore"} 0`])
    }
    await redis.close()
  })
})

describe('redwright/prometheus', () => {
  test('writes the text format, in base units, with labels that are escaped', () => {
    count('a "b" \\ \n', { hits: 1, loadMs: 1500, bytesRead: 2, nearBytes: 3, unknown: 4, key: 'secret' })
    const label = '{cache="a \\"b\\" \\\\ \\n"}'
    const text = metricsText()
    assert.ok(text.includes(`# HELP redwright_cache_hits_total Reads that found an entry.\n# TYPE redwright_cache_hits_total counter\n`))
    for (const line of ['hits_total 1', 'load_time_seconds_total 1.5', 'read_bytes_total 2', 'near_size_bytes 3']) {
      const [name, value] = line.split(' ')
      assert.ok(text.split('\n').includes(`redwright_cache_${name}${label} ${value}`), line)
    }
    assert.match(text, /^# TYPE redwright_cache_near_size_bytes gauge$/m)
    assert.ok(!/unknown|secret/.test(text), 'what it does not know it does not tell')
    assert.match(contentType, /version=0\.0\.4/)
  })

  test('every line is one of the format', () => {
    count('lines', { hits: 1, misses: 2, nearEntries: 3 })
    const line = /^(# (HELP|TYPE) redwright_\w+ .+|redwright_[a-z_]+\{(cache|client|limiter|lock|page|session)="([^"\\\n]|\\["\\n])*"\} [\d.e+-]+)$/
    for (const each of metricsText().trimEnd().split('\n')) assert.match(each, line)
  })

  test('gives prom-client what it writes itself', async () => {
    count('prom', { hits: 1, loadMs: 250, nearEntries: 2 })
    const registry = new Registry()
    const remove = registerWith(registry)
    const written = (text: string) => text.split('\n').filter((line) => line.includes('"prom"'))
    assert.deepEqual(written(await registry.metrics()), written(metricsText()))
    count('prom', { hits: 2 })
    assert.match(await registry.metrics(), /redwright_cache_hits_total\{cache="prom"\} 3/)
    assert.throws(() => registerWith(registry), /already been registered/)
    registry.resetMetrics()
    assert.equal((await registry.getMetricsAsJSON()).find(({ name }) => name === 'redwright_cache_hits_total')!.type, 'counter')
    registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE as any)
    const open = await registry.metrics()
    assert.match(open, /# TYPE redwright_cache_hits counter\nredwright_cache_hits_total\{/)
    registry.setContentType(Registry.PROMETHEUS_CONTENT_TYPE)
    remove()
    assert.equal(registry.getMetricsAsArray().length, 0)
  })

  test('refuses what is no registry', () => {
    assert.throws(() => registerWith({} as any), { name: 'TypeError', code: 'ERR_INVALID_ARG' })
  })
})

describe('redwright/opentelemetry', () => {
  class Reader extends MetricReader {
    async onShutdown() {}
    async onForceFlush() {}
  }
  const collect = async (reader: Reader) => {
    const { resourceMetrics, errors } = await reader.collect()
    assert.deepEqual(errors, [])
    return resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics)
  }

  for (const [what, pass] of [['a MeterProvider', (provider: any) => provider], ['a Meter', (provider: any) => provider.getMeter('app')]] as const) {
    test(`has ${what} read the counters when it collects`, async () => {
      const reader = new Reader()
      const provider = new MeterProvider({ readers: [reader] })
      const end = instrument(pass(provider))
      const counts = { hits: 1, loadMs: 500, nearBytes: 9 }
      count(what, counts)
      const found = async (name: string) => {
        const { descriptor, dataPoints } = (await collect(reader)).find((metric) => metric.descriptor.name === name)!
        return [descriptor.unit, (dataPoints as any[]).find(({ attributes }) => attributes['redwright.cache.name'] === what)?.value]
      }
      assert.deepEqual(await found('redwright.cache.hits'), ['{hit}', 1])
      assert.deepEqual(await found('redwright.cache.load.time'), ['s', 0.5])
      assert.deepEqual(await found('redwright.cache.near.size'), ['By', 9])
      counts.hits = 5
      assert.deepEqual(await found('redwright.cache.hits'), ['{hit}', 5])
      end()
      counts.hits = 9
      assert.deepEqual(await found('redwright.cache.hits'), ['{hit}', 5], 'it has ended')
      await provider.shutdown()
    })
  }

  test('refuses what is no meter', () => {
    for (const wrong of [{}, null, undefined, 'meter']) {
      assert.throws(() => instrument(wrong as any), { name: 'TypeError', code: 'ERR_INVALID_ARG' })
    }
  })
})
