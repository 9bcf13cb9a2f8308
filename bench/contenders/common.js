'use strict'

// What the contenders that speak plain Redis share.

/** The life of everything the benchmark stores, in seconds. */
const HOUR = 3_600

/** What a team writes around `GET`: a miss stays `null`. */
function parse(reply) {
  return reply === null ? null : JSON.parse(reply)
}

/** The same around `MGET`. */
function parseAll(replies) {
  return replies.map(parse)
}

module.exports = { HOUR, parse, parseAll }
