'use strict'

// Ours, from the checkout this folder lies in.

const { HOUR } = require('./common')
const { loader } = require('./loader')
const limits = require('./redwright-limits')
const locks = require('./redwright-locks')
const { oneTag, threeTags } = require('./tags')

module.exports = {
  name: 'redwright',
  package: 'redwright',
  data: 'redwright',

  async open(url, row, namespace = 'bench') {
    if (row?.startsWith('limit')) return limits.open(url)
    if (row?.startsWith('lock')) return locks.open(url)
    const { Redis, TypeSafeCache } = require('../..')
    const redis = await Redis.connect(url)
    return { redis, cache: new TypeSafeCache(redis, { namespace, ttl: HOUR }) }
  },
  close: ({ redis }) => redis.close(),

  storeString: ({ redis }, key, text) => redis.command('SET', key, text, 'EX', HOUR),
  storeRecord: ({ cache }, key, record) => cache.set(key, record),

  rows: {
    get: ({ redis }, { keys }) => ({ call: (i) => redis.command('GET', keys[i]) }),
    getJson: ({ cache }, { keys }) => ({ call: (i) => cache.get(keys[i]) }),
    miss: ({ cache }, { keys }) => ({ call: (i) => cache.get(keys[i]) }),
    set: ({ cache }, { keys, records }) => ({ call: (i) => cache.set(keys[i], records[i % records.length]) }),
    getOrSet: ({ cache }, { keys }) => ({ call: (i) => cache.getOrSet(keys[i], loader) }),
    getMany: ({ cache }, { batches }) => ({ call: (i) => cache.getMany(batches[i % batches.length]) }),
    setTagged: ({ cache }, { keys, records }) => ({ call: (i) => cache.set(keys[i], records[i % records.length], { tags: oneTag(i) }) }),
    setTagged3: ({ cache }, { keys, records }) => ({ call: (i) => cache.set(keys[i], records[i % records.length], { tags: threeTags(i) }) }),
    ...limits.fixedRows,
    ...locks.lockRows,
  },

  cold: ({ cache }, load) => (key) => cache.getOrSet(key, load),
  weigh: limits.weigh,
  waiters: locks.waiters,
  pages: ['redwright', 'redwright, near'],
}
