'use strict'

const { ROWS } = require('../rows')

// Every contender by its name, in the order of the tables. A contender is an object with
//
//   name, package        what it is called, and the folder in node_modules that tells its version
//   data                 a word for the form its records have on the server: who shares the word shares the bytes
//   open(url, row), close(client)
//   storeRecord(client, key, record), storeString(client, key, text)   how they get there; strings are `plain` for all
//   rows                 for each row it takes part in, (client, { keys, batches, records }) => { call(i), decode?(reply) }
//   waiters              where it waits for locks: by names for the table, (client) => take, which waits for a resource until it is held and gives the
//                        function that releases it (bench/lock-handover.js)
//   weigh                where it limits rates: by names for the table, (client, { limit, seconds }) => a function that asks for a key
//                        (bench/limit-memory.js)
//   pages                where it answers pages: by what names, which `pages.js` beside this has (bench/pages.js)
//   cold(client, load)   where it has a loader: a function that asks for a key (bench/cold-key.js)
//
// `call` is the library's own operation and gives its promise; `decode` is what an application must still do with the reply.
// Nothing is loaded from a package before `open`, so that each process holds one client only.
//
// The memory layers (`near/`) are set up differently, so they are objects of their own, under the same names. They share `name`,
// `package`, `open` and `close`, and their rows give { put(i), call(i), warm?(i), decode?(reply) }: `put` stores an entry, `warm` (or else
// `call`) has it in memory, and where the row says `sync` what `call` gives is the value itself.

const REMOTE = {
  redwright: () => require('./redwright'),
  'redwright-untagged': () => require('./redwright-untagged'),
  'redwright-gcra': () => require('./redwright-gcra'),
  ioredis: () => require('./ioredis'),
  'ioredis-pipelined': () => require('./ioredis-pipelined'),
  'node-redis': () => require('./node-redis'),
  'valkey-glide': () => require('./valkey-glide'),
  iovalkey: () => require('./iovalkey'),
  'cache-aside': () => require('./cache-aside'),
  bentocache: () => require('./bentocache'),
  cacheable: () => require('./cacheable'),
  'cache-manager': () => require('./cache-manager'),
  'layered-loader': () => require('./layered-loader'),
  'async-cache-dedupe': () => require('./async-cache-dedupe'),
  'rate-limiter-flexible': () => require('./rate-limiter-flexible'),
  'rate-limit-redis': () => require('./rate-limit-redis'),
  'incr-expire': () => require('./incr-expire'),
  'set-nx': () => require('./set-nx'),
  redlock: () => require('./redlock'),
  'redlock-5': () => require('./redlock-5'),
  'redlock-universal': () => require('./redlock-universal'),
  'redlock-universal-lean': () => require('./redlock-universal-lean'),
  'redis-semaphore': () => require('./redis-semaphore'),
  apicache: () => require('./apicache'),
  'no-cache': () => require('./no-cache'),
}

const NEAR = {
  redwright: () => require('./near/redwright'),
  'node-redis': () => require('./near/node-redis'),
  bentocache: () => require('./near/bentocache'),
  cacheable: () => require('./near/cacheable'),
  'cache-manager': () => require('./near/cache-manager'),
  'layered-loader': () => require('./near/layered-loader'),
  'async-cache-dedupe': () => require('./near/async-cache-dedupe'),
  'lru-cache': () => require('./near/lru-cache'),
}

const OURS = 'redwright'
/** Ours again: as the baseline of what tags cost, and by another algorithm. */
const OURS_TOO = ['redwright-untagged', 'redwright-gcra']

const contenderNames = [...new Set([...Object.keys(REMOTE), ...Object.keys(NEAR)])]

function isOurs(name) {
  return name === OURS || OURS_TOO.includes(name)
}

/** The contender in general: what it is called, and where its version is written. */
function contender(name) {
  return (REMOTE[name] ?? NEAR[name])()
}

/** The contender as it takes part in a row; `undefined` where it does not. */
function entrant(name, row) {
  const peer = (ROWS[row].near ? NEAR : REMOTE)[name]?.()
  return peer?.rows[row] && peer
}

module.exports = { OURS, contender, contenderNames, entrant, isOurs }
