'use strict'

// A turn of the event loop, with all the promises that are settled in it: what is asked for in it is asked for together.

// Taken now, so that a test's fake timers cannot stop a turn from ending.
const { nextTick } = process

/** Those who have something that ends with the turn. @type {{ endTurn(): void }[]} */
let begun = []

function endTurn() {
  const ended = begun
  begun = []
  for (const one of ended) one.endTurn()
}

/**
 * Has `endTurn` called when this turn ends.
 * @param {{ endTurn(): void }} one
 */
function beginTurn(one) {
  if (begun.length === 0) nextTick(endTurn)
  begun.push(one)
}

module.exports = { beginTurn }
