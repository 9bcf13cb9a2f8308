'use strict'

const { performance } = require('node:perf_hooks')
const { setTimeout: sleep } = require('node:timers/promises')
const { openServer } = require('./server')
const { Subject } = require('./subject')
const { decimals, thousands } = require('./report/format')

const RAMP_MS = 500

/** One contender at one row in this very process, for a profiler. */
async function single({ single: { name, seconds }, rows: [row], inflight, sizes, text, url }, give) {
  const server = await openServer(url)
  try {
    const load = inflight?.length === 1 ? inflight[0] : 64
    const subject = await Subject.open({ name, row, size: sizes[0], text, url: server.url })
    if (subject.row.data !== undefined) await subject.seed()
    await subject.check()
    give(`${name} · ${row} · ${sizes[0]} B · ${load} in flight · ${seconds} s · ${server.description}`)
    await sleep(50)
    const begun = performance.now()
    const f = await subject.measure({ inflight: load, rampMs: RAMP_MS, windowMs: seconds * 1_000 })
    give(`${thousands(f.throughput)} ops/s · p50 ${decimals(f.p50Us)} µs · p99 ${decimals(f.p99Us)} µs`)
    give(`main thread ${decimals(f.mainUs)} µs/op (of CPU ${decimals(f.mainCpuUs)}) · process CPU ${decimals(f.cpuUs)} µs/op · RSS ${decimals(f.rssMb)} MB`)
    give(`measured ${thousands(f.operations)} operations; ${decimals((performance.now() - begun) / 1_000)} s with the ramp`)
    await subject.close()
  } finally {
    await server.stop()
  }
}

module.exports = { single }
