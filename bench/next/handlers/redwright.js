'use strict'

const { createCacheHandler } = require('../../../next')

module.exports = createCacheHandler()
