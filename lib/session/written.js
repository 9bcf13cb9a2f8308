'use strict'

// What has come of a write, as whoever wrote is told.

const { CODE } = require('./record')

/** @typedef {import('./by-id').Written} Written */

/**
 * @param {any[]} told
 * @param {import('./tally').Tally} tally
 * @returns {Written | null} `null` where it was not done
 */
function done(told, tally) {
  if (told[0] !== CODE.LIVE) return null
  tally.counts.written++
  return { outcome: 'written', version: told[6] }
}

/**
 * @param {any[]} told
 * @param {{ version: string, data: string, cookie: string } | null} found what is there in its place
 * @param {import('./tally').Tally} tally
 * @returns {Written}
 */
function undone(told, found, tally) {
  if (found === null) {
    const reason = told[0] === CODE.GONE ? 'destroyed' : 'expired'
    tally.refused(reason)
    return { outcome: 'gone', reason }
  }
  tally.counts.conflicts++
  return { outcome: 'conflict', version: found.version, data: found.data, cookie: found.cookie }
}

module.exports = { done, undone }
