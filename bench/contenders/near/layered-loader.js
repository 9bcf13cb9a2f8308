'use strict'

// The memory layer of layered-loader 14. It has no tags; its groups, of which an entry has exactly one, are the nearest thing.

const { tagOf } = require('../tags')
const { LIFE_MS, ROOM } = require('./common')

const MEMORY = { cacheType: 'lru-map', maxItems: ROOM, ttlInMsecs: LIFE_MS }
const GROUPED = { cacheType: 'lru-map', groupCacheType: 'lru-map', maxGroups: 1_000, maxItemsPerGroup: 1_000, ttlInMsecs: LIFE_MS }

module.exports = {
  name: 'layered-loader',
  package: 'layered-loader',

  open(url, row) {
    const { GroupLoader, Loader } = require('layered-loader')
    const values = new Map()
    const dataSourceGetOneFn = async (key) => values.get(key)
    const grouped = row.endsWith('Tagged')
    const layered = grouped
      ? new GroupLoader({ inMemoryCache: GROUPED, dataSources: [{ name: 'bench', getFromGroup: dataSourceGetOneFn }] })
      : new Loader({ inMemoryCache: MEMORY, dataSourceGetOneFn })
    return { values, layered }
  },
  close() {},

  rows: {
    peek: ({ values, layered }, { keys, records }) => ({
      put: (i) => values.set(keys[i], records[i]),
      warm: (i) => layered.get(keys[i]),
      call: (i) => layered.getInMemoryOnly(keys[i]),
    }),
    peekTagged: ({ values, layered }, { keys, records }) => ({
      put: (i) => values.set(keys[i], records[i]),
      warm: (i) => layered.get(keys[i], tagOf(i)),
      call: (i) => layered.getInMemoryOnly(keys[i], tagOf(i)),
    }),
    near: ({ values, layered }, { keys, records }) => ({
      put: (i) => values.set(keys[i], records[i]),
      call: (i) => layered.get(keys[i]),
    }),
    nearTagged: ({ values, layered }, { keys, records }) => ({
      put: (i) => values.set(keys[i], records[i]),
      call: (i) => layered.get(keys[i], tagOf(i)),
    }),
  },
}
