'use strict'

const { entrant } = require('./contenders')
const { Racer } = require('./racer')
const { runCell } = require('./rounds')
const { ROWS } = require('./rows')

const WARM_UP_INFLIGHT = 64

/** One row at one size: starts a process for each contender, fills what is not yet there, warms up, and runs every cell. */
async function race(group, { url, text, seeded, onCell }) {
  const racers = []
  const absent = {}
  try {
    for (const name of group.racers) {
      const racer = await enter(name, group, { url, text, seeded }).catch((error) => void (absent[name] = error.message))
      if (racer) racers.push(racer)
    }
    for (const cell of group.cells) {
      const { row, size, baseline } = group
      onCell(withAbsent(await runCell({ row, size, baseline, racers, ...cell }), absent))
    }
  } finally {
    await Promise.all(racers.map((racer) => racer.stop()))
  }
}

async function enter(name, { row, size, warmUpMs }, { url, text, seeded }) {
  const racer = await Racer.start(name, { row, size, text, url })
  try {
    const form = formOf(name, row)
    if (form !== undefined && !seeded.has(`${form} ${size}`)) {
      await racer.ask('seed')
      seeded.add(`${form} ${size}`)
    }
    await racer.ask('check')
    await racer.ask('measure', { inflight: WARM_UP_INFLIGHT, rampMs: 0, windowMs: warmUpMs })
    return racer
  } catch (error) {
    await racer.stop()
    throw error
  }
}

/** In which form the data of a row lie on the server; contenders with the same form share them. */
function formOf(name, row) {
  const { data } = ROWS[row]
  if (data === undefined) return undefined
  return data === 'string' ? 'plain' : entrant(name, row).data
}

function withAbsent(cell, absent) {
  for (const [name, error] of Object.entries(absent)) {
    cell.contenders[name] = { error, rounds: [] }
  }
  return cell
}

module.exports = { race }
