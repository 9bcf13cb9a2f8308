'use strict'

const { Router } = require('express')
const params = require('../params')

/** `GET /cities/:id`: one city and its neighbours, a record of a `RedisRepository`. */
module.exports = function city({ cities, stored }) {
  const records = stored('city')
  return Router().get('/cities/:id', (req, res) => {
    const id = params.number(req.params, 'id', { min: 1, max: 1e12, whole: true })
    return records.send(req, res, String(id), () => cities.profile(id))
  })
}
