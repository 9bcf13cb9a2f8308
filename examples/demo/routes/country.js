'use strict'

const { Router } = require('express')
const params = require('../params')

/** `GET /countries/:code/cities?limit=20`: the biggest cities of a country. */
module.exports = function country({ cities, cached }) {
  const answers = cached('country')
  return Router().get('/countries/:code/cities', (req, res) => {
    const code = req.params.code.toUpperCase()
    if (!/^[A-Z]{2}$/.test(code)) throw params.invalid('the country must be a code of two letters, such as FR')
    const limit = params.limit(req.query, 20)
    return answers.send(req, res, `${code}/${limit}`, () => cities.inCountry(code, limit))
  })
}
