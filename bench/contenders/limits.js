'use strict'

// What is asked in the rows of rate limits, the same of everyone. Each contender makes `true` of a decision that allows and `false` of one that
// refuses.

const MINUTE = 60
const HOUR = 3_600

/** Of `limit`: so high that all is allowed, however fast a contender is. */
const WIDE = { limit: 1_000, seconds: MINUTE }
/** Of `limitHot`: all but the first are refused. */
const NARROW = { limit: 10, seconds: MINUTE }
/** Of `limitMulti`: both in one check. */
const BOTH = [WIDE, { limit: 100_000, seconds: HOUR }]

/** In `limitHot` everybody asks for the same key. */
const hotKey = (keys) => keys[0]

module.exports = { BOTH, NARROW, WIDE, hotKey }
