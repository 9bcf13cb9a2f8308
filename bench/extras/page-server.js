'use strict'

// The process of one contender of `pages.js`: Express 5 with one route of 2 KB JSON.

const { once } = require('node:events')
const { setTimeout: sleep } = require('node:timers/promises')
const { between, figures, readClocks } = require('../clocks')
const { PAGES } = require('../contenders/pages')
const { serve } = require('../serve')

const USERS = Array.from({ length: 20 }, (_, id) => ({ id, name: `user number ${id}`, email: `user-${id}@example.com`, roles: ['reader', 'writer'], age: 20 + id }))

let page
let server
let begun

serve({
  async open({ what, url }) {
    page = await PAGES[what](url)
    const express = require('express')
    const app = express()
    const handlers = page.handle === undefined ? [] : [page.handle]
    app.get('/users/:id', ...handlers, (_req, res) => res.json(USERS))
    // As one that asks a database.
    app.get('/slow/:id', ...handlers, async (_req, res) => {
      await sleep(5)
      res.json(USERS)
    })
    server = app.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return `http://127.0.0.1:${server.address().port}`
  },

  begin() {
    begun = readClocks()
  },
  end: ({ requests }) => figures(requests, between(begun, readClocks())),

  async close() {
    server?.close()
    server?.closeAllConnections()
    await page?.close()
  },
})
