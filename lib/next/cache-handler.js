'use strict'

// The file that `withRedwright` names as `cacheHandler`.

if (process.env.NEXT_RUNTIME === 'edge') {
  // Next.js puts this file into what it builds for the edge runtime, where nothing is stored; of the other half it takes leave then.
  module.exports = class {
    async get() {
      return null
    }
    async set() {}
    async revalidateTag() {}
    resetRequestCache() {}
  }
} else {
  const { settingsOfApplication } = require('./config')
  const { createCacheHandler } = require('./page-handler')

  module.exports = createCacheHandler(settingsOfApplication())
}
