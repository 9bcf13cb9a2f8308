'use strict'

// The memory layer of bentocache alone. By default it keeps JSON text and parses it for each reader; where the row shares values it may do
// so too (`serialize: false`).

const { oneTag } = require('../tags')
const { LIFE_MS, ROOM } = require('./common')

module.exports = {
  name: 'bentocache',
  package: 'bentocache',

  async open(url, row) {
    const { BentoCache, bentostore } = await import('bentocache')
    const { memoryDriver } = await import('bentocache/drivers/memory')
    const memory = memoryDriver({ maxItems: ROOM, ...(row === 'nearClone' ? {} : { serialize: false }) })
    return new BentoCache({ default: 'memory', ttl: LIFE_MS, stores: { memory: bentostore().useL1Layer(memory) } })
  },
  close: (bento) => bento.disconnectAll(),

  rows: {
    near: hits(() => undefined),
    nearTagged: hits(oneTag),
    nearClone: hits(() => undefined),
  },
}

function hits(tags) {
  return (bento, { keys, records }) => ({
    put: (i) => bento.set({ key: keys[i], value: records[i], tags: tags(i) }),
    call: (i) => bento.get({ key: keys[i] }),
  })
}
