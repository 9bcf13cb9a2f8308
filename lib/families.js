'use strict'

// The figures of all sources, metric by metric, as Prometheus and OpenTelemetry want them.

const { TABLES } = require('./metric-tables')
const { sources } = require('./registry')

/** @typedef {import('./metric-tables').Metric} Metric */
/** @typedef {import('./metric-tables').Kind} Kind */
/** @typedef {{ kind: Kind, metric: Metric, samples: { source: string, value: number }[] }} Family */

const KINDS = /** @type {Kind[]} */ (Object.keys(TABLES))

/**
 * A metric that no source has is left out.
 * @returns {Family[]}
 */
function families() {
  return KINDS.flatMap((kind) => {
    const read = [...sources(kind)]
    const all = TABLES[kind].map((metric) => ({ kind, metric, samples: samples(metric, read) }))
    return all.filter((family) => family.samples.length > 0)
  })
}

/**
 * @param {Metric} metric
 * @param {[string, import('./registry').Figures][]} read
 */
function samples({ key, type, scale }, read) {
  return read.flatMap(([source, figures]) => {
    // A state that no source is in has no figure; it is that of none.
    const value = figures[key] ?? (type === 'gauge' && key.includes('.') ? 0 : undefined)
    return value === undefined ? [] : [{ source, value: value * scale }]
  })
}

module.exports = { families, KINDS }
