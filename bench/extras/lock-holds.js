'use strict'

const { median } = require('../stats')

/**
 * What a window shows of who held the lock when.
 *
 * A hand-over is a hold by another than the one before: who gets the lock again, while others wait for it, handed nothing over. Waits are those of
 * hand-overs, and of those who still waited when the window closed, as long as they had waited by then.
 *
 * @param {[who: number, asked: number, from: number, to: number][]} all
 */
function readHolds(all, { openedAt, closedAt }) {
  const holds = all.toSorted((a, b) => a[2] - b[2])
  const waits = []
  const idles = []
  let acquisitions = 0
  let handovers = 0
  let together = 0
  let until = -Infinity
  let whoBefore
  for (const [who, asked, from, to] of holds) {
    const [last, free] = [whoBefore, until]
    whoBefore = who
    until = Math.max(until, to)
    if (from < free) together++
    if (from < openedAt) continue
    if (from >= closedAt) {
      if (asked < closedAt) waits.push(closedAt - asked)
      continue
    }
    acquisitions++
    if (who === last) continue
    handovers++
    waits.push(from - asked)
    if (asked < free) idles.push(from - free)
  }
  const seconds = (closedAt - openedAt) / 1_000
  const sorted = waits.sort((a, b) => a - b)
  return {
    handovers,
    together,
    perSecond: handovers / seconds,
    acquisitionsPerSecond: acquisitions / seconds,
    p50Ms: rank(sorted, 0.5),
    p99Ms: rank(sorted, 0.99),
    idleMs: idles.length > 0 ? median(idles) : null,
  }
}

function rank(sorted, q) {
  return sorted.length > 0 ? sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] : null
}

module.exports = { readHolds }
