'use strict'

const { OURS, contenderNames, entrant, isOurs } = require('./contenders')
const { ROWS } = require('./rows')
const { isPromised } = require('./promises')

// How long a contender runs before each window opens (`rampMs`), and while it is open. `WARM_UP_MS` comes once, before all of them.
const WINDOWS = {
  promised: { rampMs: 200, windowMs: 1_000 },
  near: { rampMs: 100, windowMs: 300 },
  heavy: { rampMs: 400, windowMs: 800 },
  other: { rampMs: 100, windowMs: 350 },
  quick: { rampMs: 100, windowMs: 300 },
}
const WARM_UP_MS = { full: 1_000, quick: 500 }

/** How many are in flight where neither the row nor the command line says. */
const LOADS = [1, 64, 512]

// More than this in flight measures memory and not a client: 512 times 100 values of 10 KB would be half a gigabyte.
const MOST_BYTES_IN_FLIGHT = 128 * 2 ** 20
// From here on one turn of everything in flight takes a good part of a second.
const HEAVY_BYTES_IN_FLIGHT = 16 * 2 ** 20
const VALUES_PER_CALL = { getMany: 100 }

/** The groups of a run: one row at one size, with everyone who takes part, and a cell for each load. */
function makePlan({ rows, sizes, inflight, rounds, contenders, quick }) {
  const groups = []
  for (const row of rows) {
    const racers = whoRuns(row, contenders)
    for (const size of sizesOf(row, sizes)) {
      const cells = loadsOf(row, inflight)
        .filter((n) => bytesInFlight({ row, size, inflight: n }) <= MOST_BYTES_IN_FLIGHT)
        .map((n) => ({ inflight: n, rounds, ...windowOf({ row, size, inflight: n }, quick) }))
      if (racers.length > 0 && cells.length > 0) {
        groups.push({ row, size, baseline: ROWS[row].baseline, racers, cells, warmUpMs: quick ? WARM_UP_MS.quick : WARM_UP_MS.full })
      }
    }
  }
  return groups
}

function whoRuns(row, contenders) {
  const able = contenders.filter((name) => entrant(name, row))
  const { baseline } = ROWS[row]
  if (able.length === 0 || able.includes(baseline)) return able
  if (isOurs(baseline) && !contenders.includes(OURS)) return able
  return contenderNames.filter((name) => name === baseline || able.includes(name))
}

function sizesOf(row, sizes) {
  const own = ROWS[row].sizes?.filter((size) => sizes.includes(size)) ?? sizes
  return ROWS[row].bare ? own.slice(0, 1) : own
}

/** `asked` is what the command line says. What is in memory is asked for one after the other, whatever that is. */
function loadsOf(row, asked) {
  const { near, loads } = ROWS[row]
  if (near || asked === undefined) return loads ?? LOADS
  return loads?.filter((load) => asked.includes(load)) ?? asked
}

function bytesInFlight({ row, size, inflight }) {
  return inflight * size * (VALUES_PER_CALL[row] ?? 1)
}

function windowOf(cell, quick) {
  if (quick) return WINDOWS.quick
  if (ROWS[cell.row].near) return WINDOWS.near
  if (bytesInFlight(cell) >= HEAVY_BYTES_IN_FLIGHT) return WINDOWS.heavy
  return isPromised(cell) ? WINDOWS.promised : WINDOWS.other
}

/** About how long the run will take. */
function estimateSeconds(groups) {
  const START_MS = 600
  const BETWEEN_MS = 60
  let ms = 0
  for (const { racers, cells, warmUpMs } of groups) {
    ms += racers.length * (START_MS + warmUpMs)
    for (const { rounds, rampMs, windowMs } of cells) ms += racers.length * rounds * (rampMs + windowMs + BETWEEN_MS)
  }
  return Math.round(ms / 1_000)
}

module.exports = { estimateSeconds, makePlan }
