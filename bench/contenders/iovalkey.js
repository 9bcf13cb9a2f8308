'use strict'

const { ioredisFamily } = require('./ioredis-family')

module.exports = ioredisFamily({
  name: 'iovalkey',
  package: 'iovalkey',
  load: () => require('iovalkey').Redis,
})
