'use strict'

const { contentType, metricsText, registerWith } = require('./lib/prometheus')

module.exports = { contentType, metricsText, registerWith }
