'use strict'

const { Router } = require('express')
const { fold } = require('../text')
const params = require('../params')

/** `GET /cities/search?q=…&limit=10`: cities by a part of their name. */
module.exports = function search({ cities, cached }) {
  const answers = cached('search')
  return Router().get('/cities/search', (req, res) => {
    const query = fold(params.text(req.query, 'q', 64)) // 'Zürich' and 'zurich' share an entry
    const limit = params.limit(req.query, 10)
    return answers.send(req, res, `${limit}/${query}`, () => cities.search(query, limit))
  })
}
