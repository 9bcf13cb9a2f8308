'use strict'

const path = require('node:path')
const { Router } = require('express')

/** `GET /`: the page. */
module.exports = function page() {
  return Router().get('/', (req, res) => res.sendFile(path.join(__dirname, '..', 'page.html')))
}
