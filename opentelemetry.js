'use strict'

const { instrument } = require('./lib/opentelemetry')

module.exports = { instrument }
