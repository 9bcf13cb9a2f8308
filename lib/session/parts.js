'use strict'

// What all that is done to sessions shares.

const { Link } = require('./link')
const { Names } = require('./names')
const { Reader } = require('./record')
const { Seal } = require('./seal')
const { Tally } = require('./tally')

/** @typedef {ReturnType<typeof partsOf>} Parts */

/**
 * @param {import('../redis').Redis} redis
 * @param {import('./options').Settings} settings
 */
function partsOf(redis, settings) {
  const seal = new Seal(settings.encryptionKeys)
  const tally = new Tally(settings.name)
  return { settings, link: new Link(redis, settings), names: new Names(settings.idKeys), seal, tally, reader: new Reader(seal, tally) }
}

module.exports = { partsOf }
