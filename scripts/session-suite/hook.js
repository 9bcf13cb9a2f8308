'use strict'

// What mocha loads before the suite: its MemoryStore is ours from now on, each in a namespace of its own. All else of express-session is that of the folder.

const Module = require('node:module')
const path = require('node:path')
const { Redis } = require('../../index.js')
const { SessionStore } = require('../../express.js')

const folder = process.env.SESSION_SUITE
const redis = new Redis(JSON.parse(process.env.SESSION_SUITE_REDIS))
let stores = 0

/** The suite's time limits are about the suite. */
class MemoryStore extends SessionStore {
  constructor() {
    super(redis, { namespace: `suite-${++stores}`, timeoutMs: '30s' })
  }
}

const file = path.join(folder, 'session/memory.js')
require.cache[file] = Object.assign(new Module(file), { filename: file, exports: MemoryStore, loaded: true })

// The store asks for the classes of its application.
const resolve = Module._resolveFilename
Module._resolveFilename = (request, ...rest) => (request === 'express-session' ? path.join(folder, 'index.js') : resolve(request, ...rest))
