'use strict'

// What is known of each node, under its names.

/** As many fields as `src/redis/native.rs` gives for a node, and in its order. */
const FIELDS = 8

/**
 * @param {(string | number)[]} flat none before there is a native half
 * @returns {import('../index').NodeMetrics[]}
 */
function nodes(flat) {
  const list = []
  for (let i = 0; i < flat.length; i += FIELDS) {
    const [address, role, slots, standing, connections, connectFailures, watchdogTrips, replies] = /** @type {any[]} */ (flat.slice(i, i + FIELDS))
    list.push({ address, role, slots, standing, connections, connectFailures, watchdogTrips, replies })
  }
  return list
}

module.exports = { nodes }
