'use strict'

// Express alone, for `bench/pages.js`.

module.exports = { name: 'no-cache', package: 'express', rows: {}, pages: ['no cache', 'no cache, ready bytes'] }
