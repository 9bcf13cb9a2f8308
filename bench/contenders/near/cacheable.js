'use strict'

// The memory layer of cacheable alone, which clones by default; where the row shares values it may do so too (`useClone: false`).

const { oneTag } = require('../tags')
const { LIFE_MS, ROOM } = require('./common')

module.exports = {
  name: 'cacheable',
  package: 'cacheable',

  open(url, row) {
    const { Cacheable, createKeyv } = require('cacheable')
    const primary = createKeyv({ lruSize: ROOM, useClone: row === 'nearClone' })
    return new Cacheable({ primary, ttl: LIFE_MS, tags: row === 'nearTagged' })
  },
  close: (cache) => cache.disconnect(),

  rows: {
    near: hits(() => undefined),
    nearTagged: hits((i) => ({ tags: oneTag(i) })),
    nearClone: hits(() => undefined),
  },
}

function hits(options) {
  return (cache, { keys, records }) => ({
    put: (i) => cache.set(keys[i], records[i], options(i)),
    call: (i) => cache.get(keys[i]),
  })
}
