'use strict'

const { Router } = require('express')
const { round } = require('../cities')
const params = require('../params')

/** `GET /cities/near?lat=…&lon=…&km=100&limit=10`: the cities around a point. */
module.exports = function near({ cities, cached }) {
  const answers = cached('near')
  return Router().get('/cities/near', (req, res) => {
    // Two decimals, about a kilometre, so that people in one street share an entry; the answer tells the point.
    const lat = round(params.number(req.query, 'lat', { min: -90, max: 90 }), 2)
    const lon = round(params.number(req.query, 'lon', { min: -180, max: 180 }), 2)
    const km = params.number(req.query, 'km', { min: 1, max: 20_040, fallback: 100 })
    const limit = params.limit(req.query, 10)
    return answers.send(req, res, `${lat},${lon}/${km}/${limit}`, () => cities.near(lat, lon, km, limit))
  })
}
