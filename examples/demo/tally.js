'use strict'

const { performance } = require('node:perf_hooks')

/** Counts how one route's answers came about, and what its loads cost. */
class Tally {
  hits = 0
  misses = 0
  shared = 0
  bypassed = 0
  loads = 0
  loadMs = 0
  loadCpuMs = 0
  cacheErrors = 0

  count(outcome) {
    if (outcome === 'HIT') this.hits++
    else if (outcome === 'MISS') this.misses++
    else if (outcome === 'SHARED') this.shared++
    else this.bypassed++
  }

  /** Runs a load and adds its time, and the CPU time that the process spent meanwhile. */
  async time(load) {
    const start = performance.now()
    const cpu = process.cpuUsage()
    try {
      return await load()
    } finally {
      const { user, system } = process.cpuUsage(cpu)
      this.loads++
      this.loadMs += performance.now() - start
      this.loadCpuMs += (user + system) / 1000
    }
  }

  report() {
    const { hits, misses, shared, bypassed, loads, cacheErrors } = this
    const asked = hits + misses + shared
    return {
      requests: asked + bypassed,
      hits,
      misses,
      shared,
      bypassed,
      hitRatio: asked ? hits / asked : 0,
      loadsSaved: hits + shared,
      meanLoadMs: loads ? this.loadMs / loads : 0,
      cacheErrors,
    }
  }
}

/** The reports of several routes as one. */
function total(reports) {
  const sum = { requests: 0, hits: 0, misses: 0, shared: 0, bypassed: 0, hitRatio: 0, loadsSaved: 0 }
  for (const report of reports) {
    for (const name of ['requests', 'hits', 'misses', 'shared', 'bypassed', 'loadsSaved']) sum[name] += report[name]
  }
  const asked = sum.hits + sum.misses + sum.shared
  sum.hitRatio = asked ? sum.hits / asked : 0
  return sum
}

module.exports = { Tally, total }
