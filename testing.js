'use strict'

const { startServer } = require('./lib/embedded')

module.exports = { startServer }
