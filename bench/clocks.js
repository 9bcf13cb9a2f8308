'use strict'

const { readFileSync } = require('node:fs')
const { performance } = require('node:perf_hooks')

// What one window costs, by three clocks:
//
// - the event loop's busy time (`eventLoopUtilization`): how long the loop could serve nobody else. It counts the time in which a
//   busy thread was held up by its neighbours too, so on a full machine it is the strictest of the three;
// - the CPU time of the main thread, which leaves that out, where the system tells it;
// - the CPU time of the whole process: native threads and the garbage collector's helpers with it.

function mainThreadCpu() {
  if (process.threadCpuUsage) {
    const { user, system } = process.threadCpuUsage()
    return user + system
  }
  try {
    // Linux: the first number is nanoseconds on a CPU, of the main thread alone.
    return Number(readFileSync('/proc/self/schedstat', 'utf8').split(' ')[0]) / 1_000
  } catch {
    return null
  }
}

function readClocks() {
  const { user, system } = process.cpuUsage()
  return {
    wallMs: performance.now(),
    loopMs: performance.eventLoopUtilization().active,
    threadUs: mainThreadCpu(),
    processUs: user + system,
  }
}

/** What passed between two readings, in microseconds. */
function between(a, b) {
  return {
    wallUs: (b.wallMs - a.wallMs) * 1_000,
    loopUs: (b.loopMs - a.loopMs) * 1_000,
    threadUs: a.threadUs === null ? null : b.threadUs - a.threadUs,
    processUs: b.processUs - a.processUs,
  }
}

/** What a window without latencies tells. */
function figures(operations, { wallUs, loopUs, threadUs, processUs }) {
  return {
    operations,
    seconds: wallUs / 1e6,
    throughput: operations / (wallUs / 1e6),
    p50Us: null,
    p99Us: null,
    mainUs: loopUs / operations,
    mainCpuUs: threadUs === null ? null : threadUs / operations,
    cpuUs: processUs / operations,
    rssMb: process.memoryUsage.rss() / 2 ** 20,
  }
}

module.exports = { between, figures, readClocks }
