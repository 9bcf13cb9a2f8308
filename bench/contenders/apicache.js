'use strict'

// apicache, in memory and over the client of redis 3 that it asks for. It takes part in nothing but `bench/pages.js`.

module.exports = { name: 'apicache', package: 'apicache', rows: {}, pages: ['apicache', 'apicache over Redis'] }
