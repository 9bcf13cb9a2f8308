'use strict'

// The file that `withRedwright` names in `cacheHandlers`.

const { settingsOfApplication } = require('./config')
const { createUseCacheHandler } = require('./use-cache-handler')

module.exports = createUseCacheHandler(settingsOfApplication())
