'use strict'

// bentocache with its Redis layer alone (no memory layer, no bus), over the ioredis 5 that it asks for. It has no operation for
// many keys, so it has no `getMany` row.

const { HOUR } = require('./common')
const { loader } = require('./loader')
const { oneTag, threeTags } = require('./tags')

const LIFE = `${HOUR}s`

module.exports = {
  name: 'bentocache',
  package: 'bentocache',
  data: 'bentocache',

  async open(url) {
    const { BentoCache, bentostore } = await import('bentocache')
    const { redisDriver } = await import('bentocache/drivers/redis')
    const { Redis } = require('ioredis')
    const connection = new Redis(url)
    return new BentoCache({
      default: 'redis',
      prefix: 'bentocache',
      ttl: LIFE,
      stores: { redis: bentostore().useL2Layer(redisDriver({ connection })) },
    })
  },
  close: (bento) => bento.disconnectAll(),

  storeRecord: (bento, key, value) => bento.set({ key, value }),

  rows: {
    getJson: (bento, { keys }) => ({ call: (i) => bento.get({ key: keys[i] }) }),
    miss: (bento, { keys }) => ({ call: (i) => bento.get({ key: keys[i] }) }),
    set: (bento, { keys, records }) => ({ call: (i) => bento.set({ key: keys[i], value: records[i % records.length] }) }),
    getOrSet: (bento, { keys }) => ({ call: (i) => bento.getOrSet({ key: keys[i], factory: loader }) }),
    setTagged: (bento, { keys, records }) => ({ call: (i) => bento.set({ key: keys[i], value: records[i % records.length], tags: oneTag(i) }) }),
    setTagged3: (bento, { keys, records }) => ({ call: (i) => bento.set({ key: keys[i], value: records[i % records.length], tags: threeTags(i) }) }),
  },

  cold: (bento, load) => (key) => bento.getOrSet({ key, factory: load }),
}
