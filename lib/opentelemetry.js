'use strict'

// The figures of all caches and clients for OpenTelemetry, through the meter that is passed: nothing of it is imported.

const { typeError, kindOf } = require('./errors')
const { families, KINDS } = require('./families')
const { TABLES } = require('./metric-tables')

/** @param {import('../opentelemetry').MeterLike | import('../opentelemetry').MeterProviderLike} target */
function instrument(target) {
  const provider = /** @type {Partial<import('../opentelemetry').MeterProviderLike>} */ (target)
  const meter = typeof provider?.getMeter === 'function' ? provider.getMeter('redwright') : /** @type {import('../opentelemetry').MeterLike} */ (target)
  if (typeof meter?.addBatchObservableCallback !== 'function') {
    throw typeError(`meter must be a Meter or a MeterProvider of OpenTelemetry, got ${kindOf(target)}`)
  }
  const instruments = new Map(
    KINDS.flatMap((kind) =>
      TABLES[kind].map((metric) => {
        const name = `redwright.${kind}.${metric.name}`
        const options = { description: metric.help, unit: metric.unit }
        const made = metric.type === 'counter' ? meter.createObservableCounter(name, options) : meter.createObservableGauge(name, options)
        return [metric, made]
      }),
    ),
  )
  const observables = [...instruments.values()]
  /** @param {any} result */
  const observe = (result) => {
    for (const { kind, metric, samples } of families()) {
      const instrument = instruments.get(metric)
      for (const { source, value } of samples) result.observe(instrument, value, { [`redwright.${kind}.name`]: source })
    }
  }
  meter.addBatchObservableCallback(observe, observables)
  return () => meter.removeBatchObservableCallback(observe, observables)
}

module.exports = { instrument }
