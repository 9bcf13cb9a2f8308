'use strict'

const { createCacheHandler } = require('../../../next')

module.exports = createCacheHandler({ near: false })
