'use strict'

// What the doors of observability read: every cache, client, limiter, lock, cache of pages and sessions' object of this thread by its name. A source is held weakly, so that being
// counted keeps nothing alive.

const { TABLES } = require('./metric-tables')

/** @typedef {import('./metric-tables').Kind} Kind */
/** @typedef {Record<string, number>} Figures */
/** @typedef {{ source: WeakRef<{ metrics(): object }>, last: (() => object) | undefined }} Entry */
/** @typedef {{ kind: Kind, living: Set<Entry>, ended: Figures }} Group all sources of one kind and name */

/** @type {Record<Kind, Map<string, Group>>} */
const groups = { cache: new Map(), client: new Map(), limiter: new Map(), lock: new Map(), next: new Map(), page: new Map(), session: new Map() }

const collected = new FinalizationRegistry((/** @type {{ group: Group, entry: Entry }} */ { group, entry }) => end(group, entry, entry.last?.()))

/**
 * Counts a source from now on. What it gives back ends that; its counters stay.
 * @param {Kind} kind
 * @param {string} name
 * @param {{ metrics(): object }} source
 * @param {() => object} [last] gives the counters when the source is gone, so that none of them runs backwards. It must not hold the source.
 * @returns {() => void}
 */
function register(kind, name, source, last) {
  const group = groups[kind].get(name) ?? { kind, living: new Set(), ended: {} }
  groups[kind].set(name, group)
  const entry = { source: new WeakRef(source), last }
  group.living.add(entry)
  collected.register(source, { group, entry }, entry)
  return () => {
    collected.unregister(entry)
    end(group, entry, entry.source.deref()?.metrics() ?? last?.())
  }
}

/**
 * @param {Group} group
 * @param {Entry} entry
 * @param {object | undefined} metrics
 */
function end(group, entry, metrics) {
  if (!group.living.delete(entry) || metrics === undefined) return
  const figures = flatten(metrics)
  for (const { key, type } of TABLES[group.kind]) {
    // Of what is gone nothing is there any more, but what it did was done.
    if (type === 'counter' && key in figures) add(group.ended, key, figures[key])
  }
}

/**
 * The figures of all sources of a kind, those of one name summed.
 * @param {Kind} kind
 * @returns {Generator<[name: string, figures: Figures]>}
 */
function* sources(kind) {
  for (const [name, group] of groups[kind]) {
    /** @type {Figures} */
    const sum = {}
    for (const entry of group.living) {
      const source = entry.source.deref()
      if (source === undefined) end(group, entry, entry.last?.())
      else for (const [key, value] of Object.entries(flatten(source.metrics()))) add(sum, key, value)
    }
    for (const [key, value] of Object.entries(group.ended)) add(sum, key, value)
    yield [name, sum]
  }
}

/**
 * @param {Figures} figures
 * @param {string} key
 * @param {number} value
 */
function add(figures, key, value) {
  figures[key] = (figures[key] ?? 0) + value
}

/**
 * The numbers of an object and of the objects in it, `{ breaker: { opened: 1, state: 'open' } }` as `{ 'breaker.opened': 1,
 * 'breaker.state.open': 1 }`: a state is counted, since of several sources each has its own.
 * @param {object} metrics
 * @param {string} [before]
 * @param {Figures} [figures]
 */
function flatten(metrics, before = '', figures = {}) {
  for (const [key, value] of Object.entries(metrics)) {
    if (typeof value === 'number') figures[before + key] = value
    else if (typeof value === 'string') figures[`${before}${key}.${value}`] = 1
    else if (typeof value === 'object' && value !== null && !Array.isArray(value)) flatten(value, `${before}${key}.`, figures)
  }
  return figures
}

module.exports = { register, sources }
