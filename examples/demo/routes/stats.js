'use strict'

const { Router } = require('express')
const { takeInventory } = require('../inventory')
const { total } = require('../tally')

/** `GET /stats`: the counters and what Redis holds. `DELETE /cache`: removes this demo's keys, and no others. */
module.exports = function stats(demo) {
  return Router()
    .get('/stats', (req, res) => sendStats(demo, res))
    .delete('/cache', (req, res) => clear(demo, res))
}

async function sendStats({ redis, where, prefix, cities, stores, limits }, res) {
  const routes = {}
  for (const [name, { tally }] of stores) routes[name] = tally.report()
  const { pending, operations, failed } = redis.metrics()
  res.set('Cache-Control', 'no-store').json({
    server: { ...redis.server, where },
    cities: cities.size,
    total: total(Object.values(routes)),
    routes,
    limits: limits.report(),
    client: { pending, operations, failed },
    holds: await takeInventory(redis, prefix, { samples: 6 }),
  })
}

async function clear({ stores }, res) {
  const counts = await Promise.all([...stores.values()].map((store) => store.clear()))
  res.json({ deleted: counts.reduce((sum, count) => sum + count, 0) })
}
