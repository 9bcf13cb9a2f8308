'use strict'

// What the memory layers share. All have room for everything: no row is about eviction.

const ROOM = 20_000
/** Longer than any run, so that nothing ends on the way. */
const LIFE_MS = 3_600_000

module.exports = { LIFE_MS, ROOM }
