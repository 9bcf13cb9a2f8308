'use strict'

// Every contender by its name, in the order of the tables. A contender is an object with
//
//   name, package        what it is called, and the folder in node_modules that tells its version
//   data                 a word for the form its records have on the server: who shares the word shares the bytes
//   open(url), close(client)
//   storeRecord(client, key, record), storeString(client, key, text)   how they get there; strings are `plain` for all
//   rows                 for each row it takes part in, (client, { keys, batches, records }) => { call(i), decode?(reply) }
//
// `call` is the library's own operation and gives its promise; `decode` is what an application must still do with the reply.
// Nothing is loaded from a package before `open`, so that each process holds one client only.

const ALL = {
  redwright: () => require('./redwright'),
  ioredis: () => require('./ioredis'),
  'ioredis-pipelined': () => require('./ioredis-pipelined'),
  'node-redis': () => require('./node-redis'),
  'valkey-glide': () => require('./valkey-glide'),
  iovalkey: () => require('./iovalkey'),
  'cache-aside': () => require('./cache-aside'),
  bentocache: () => require('./bentocache'),
  'cache-manager': () => require('./cache-manager'),
}

const OURS = 'redwright'

const contenderNames = Object.keys(ALL)

function contender(name) {
  return ALL[name]()
}

module.exports = { OURS, contender, contenderNames }
