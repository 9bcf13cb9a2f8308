'use strict'

// cacheable with Redis as its one layer, over Keyv and @keyv/redis. Its tags are off by default, and cost every operation something
// where they are on: they are on in the rows that are about them.

const { HOUR } = require('./common')
const { loader } = require('./loader')
const { oneTag, threeTags } = require('./tags')

module.exports = {
  name: 'cacheable',
  package: 'cacheable',
  data: 'cacheable',

  async open(url, row) {
    const { Cacheable } = require('cacheable')
    const { Keyv } = require('keyv')
    const { default: KeyvRedis } = require('@keyv/redis')
    const primary = new Keyv({ store: new KeyvRedis(url), namespace: 'cacheable', useKeyPrefix: false })
    const cache = new Cacheable({ primary, ttl: HOUR * 1_000, tags: row?.startsWith('setTagged') ?? false })
    cache.on('error', () => {}) // what fails shows in the reply
    return cache
  },
  close: (cache) => cache.disconnect(),

  storeRecord: (cache, key, record) => cache.set(key, record),

  rows: {
    set: (cache, { keys, records }) => ({ call: (i) => cache.set(keys[i], records[i % records.length]) }),
    getOrSet: (cache, { keys }) => ({ call: (i) => cache.getOrSet(keys[i], loader) }),
    setTagged: (cache, { keys, records }) => ({ call: (i) => cache.set(keys[i], records[i % records.length], { tags: oneTag(i) }) }),
    setTagged3: (cache, { keys, records }) => ({ call: (i) => cache.set(keys[i], records[i % records.length], { tags: threeTags(i) }) }),
  },

  cold: (cache, load) => (key) => cache.getOrSet(key, load),
}
