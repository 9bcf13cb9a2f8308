'use strict'

// The file that `withRedwright` names as `cacheHandler`.

const { settingsOfApplication } = require('./config')
const { createCacheHandler } = require('./page-handler')

module.exports = createCacheHandler(settingsOfApplication())
