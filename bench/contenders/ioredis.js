'use strict'

// ioredis 6 with its defaults: what every ratio is taken against. (The plain name `ioredis` in package.json is version 5, which
// bentocache asks for.)

const { ioredisFamily } = require('./ioredis-family')

module.exports = {
  ...ioredisFamily({
    name: 'ioredis',
    package: 'ioredis6',
    load: () => require('ioredis6').Redis,
  }),
  pages: ['ioredis snippet'],
}
