'use strict'

const { withRedwright } = require('redwright/next')

module.exports = withRedwright({ cacheComponents: true, partialPrefetching: true }, JSON.parse(process.env.OPTIONS))
