'use strict'

const { Router } = require('express')
const { round } = require('../cities')

/** `GET /map`: where the 4 000 biggest cities are, for the page to draw: `[lon, lat, lon, lat, …]`. */
module.exports = function map({ cities, cached }) {
  const answers = cached('map')
  return Router().get('/map', (req, res) => answers.send(req, res, 'biggest', () => points(cities)))
}

function points(cities) {
  return { points: cities.biggest(4000).flatMap(({ lon, lat }) => [round(lon, 1), round(lat, 1)]) }
}
