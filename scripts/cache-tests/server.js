'use strict'

// An application with the suite's own three handlers, `cacheMiddleware` being before that of the tests. Ends when its parent is gone.

const path = require('node:path')
const { pathToFileURL } = require('node:url')
const express = require('express')
const { Redis } = require('../../index.js')
const { cacheMiddleware } = require('../../express.js')

/** @typedef {(segments: string[], req: any, res: any) => void} Handler */

/**
 * @param {string} folder
 * @param {string} name
 * @returns {Promise<Handler>}
 */
async function handler(folder, name) {
  const { href } = pathToFileURL(path.join(folder, `test-engine/server/handle-${name}.mjs`))
  return (await import(href)).default
}

/** They want the path behind the point where they are mounted. @param {any} req */
function segmentsOf(req) {
  return new URL(req.originalUrl, 'http://suite').pathname.split('/').slice(2)
}

/**
 * A handler that breaks off destroys the socket. In process that is the client's own, so no cache could say anything any more: it becomes an error, as a
 * proxy has it whose origin breaks off.
 * @param {any} res
 * @param {(error: Error) => void} next
 */
function breakable(res, next) {
  const before = new Set(res.getHeaderNames())
  const socket = {
    destroy() {
      for (const name of res.getHeaderNames()) if (!before.has(name)) res.removeHeader(name)
      next(new Error('The handler broke off.'))
    },
  }
  return new Proxy(res, {
    get(target, name) {
      if (name === 'socket') return socket
      const value = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
    set: (target, name, value) => Reflect.set(target, name, value),
  })
}

/**
 * @param {string} folder
 * @param {any} options
 */
async function main(folder, options) {
  const [config, state, test] = await Promise.all(['config', 'state', 'test'].map((name) => handler(folder, name)))
  const redis = await Redis.connect('embedded://')
  const app = express()
  // They are the application's, and would be taken for the cache's.
  app.disable('x-powered-by').set('etag', false)
  app.use('/config', (req, res) => config(segmentsOf(req), req, res))
  app.use('/state', (req, res) => state(segmentsOf(req), req, res))
  // Not mounted at a path: what handles a test makes locations of the URL that it sees.
  app.all(/^\/test\//, cacheMiddleware(redis, options), (req, res, next) => test(segmentsOf(req), req, breakable(res, next)))
  const server = app.listen(0, '127.0.0.1', () => {
    const address = /** @type {import('node:net').AddressInfo} */ (server.address())
    process.send?.({ port: address.port })
  })
  process.once('disconnect', () => {
    server.close()
    server.closeAllConnections()
    void redis.close()
  })
}

void main(process.argv[2], JSON.parse(process.argv[3]))
