'use strict'

const { KeyvRedwright } = require('./lib/keyv')

module.exports = { KeyvRedwright }
