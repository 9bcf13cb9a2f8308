'use strict'

// The figures of all caches and clients for Prometheus: as text, or for the registry of prom-client.

const { typeError, kindOf } = require('./errors')
const { families, KINDS } = require('./families')
const { TABLES } = require('./metric-tables')

/** Of the text exposition format. */
const contentType = 'text/plain; version=0.0.4; charset=utf-8'

const SUFFIXES = new Map([['s', '_seconds'], ['By', '_bytes']])

/**
 * The name that an exporter of OpenTelemetry would give it too.
 * @param {string} kind
 * @param {import('./metric-tables').Metric} metric
 */
function nameOf(kind, { name, unit, type }) {
  return `redwright_${kind}_${name.replaceAll('.', '_')}${SUFFIXES.get(unit) ?? ''}${type === 'counter' ? '_total' : ''}`
}

function metricsText() {
  const lines = families().flatMap(({ kind, metric, samples }) => {
    const name = nameOf(kind, metric)
    const values = samples.map(({ source, value }) => `${name}{${kind}="${escape(source)}"} ${value}`)
    return [`# HELP ${name} ${metric.help}`, `# TYPE ${name} ${metric.type}`, ...values]
  })
  return lines.map((line) => `${line}\n`).join('')
}

/** @param {string} label */
function escape(label) {
  return label.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"')
}

/** @param {import('../prometheus').PromClientRegistry} registry */
function registerWith(registry) {
  if (typeof registry?.registerMetric !== 'function') throw typeError(`registry must be a Registry of prom-client, got ${kindOf(registry)}`)
  const names = KINDS.flatMap((kind) =>
    TABLES[kind].map((metric) => {
      const name = nameOf(kind, metric)
      registry.registerMetric(collector(name, kind, metric))
      return name
    }),
  )
  return () => names.forEach((name) => registry.removeSingleMetric(name))
}

/**
 * What prom-client takes for a metric; it asks for the values when it is scraped.
 * @param {string} name
 * @param {import('./metric-tables').Kind} kind
 * @param {import('./metric-tables').Metric} metric
 */
function collector(name, kind, metric) {
  return {
    // For OpenMetrics prom-client takes `_total` off the name of a counter.
    name,
    type: metric.type,
    async get() {
      const samples = families().find((family) => family.kind === kind && family.metric === metric)?.samples ?? []
      const values = samples.map(({ source, value }) => ({ value, labels: { [kind]: source } }))
      return { name: this.name, help: metric.help, type: metric.type, aggregator: 'sum', values }
    },
    // `resetMetrics()` of the registry: these counters are those of the caches.
    reset() {},
  }
}

module.exports = { contentType, metricsText, registerWith }
