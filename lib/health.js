'use strict'

// What a look at the nodes says of them, and of the whole.

const { revive } = require('./replies')

/**
 * The fields of `src/redis/health.rs` under their names.
 * @param {any[]} fields
 * @returns {import('../index').NodeHealth}
 */
function nodeHealth([address, role, latencyMs, usedBytes, maxBytes, policy, error]) {
  return {
    address,
    role,
    ok: error === null,
    latencyMs,
    ...(policy !== null && { memory: { usedBytes, maxBytes, policy } }),
    ...(error !== null && { error: revive(error) }),
  }
}

/**
 * Well is who has all its masters.
 * @param {import('../index').NodeHealth[]} nodes
 */
function overall(nodes) {
  const masters = nodes.filter(({ role }) => role === 'master')
  const sick = masters.find(({ ok }) => !ok)
  const [{ memory = undefined } = {}] = masters.length === 1 ? masters : []
  return {
    ok: sick === undefined,
    latencyMs: Math.max(0, ...masters.map(({ latencyMs }) => latencyMs)),
    nodes,
    ...(memory && { memory }),
    ...(sick && { error: sick.error }),
  }
}

module.exports = { nodeHealth, overall }
