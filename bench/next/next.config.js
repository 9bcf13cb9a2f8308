'use strict'

const path = require('node:path')

// One build serves all: which handler is asked is said when the application starts.
const handler = process.env.BENCH_HANDLER

/** @type {import('next').NextConfig} */
module.exports = {
  ...(handler ? { cacheHandler: path.join(__dirname, 'handlers', handler), cacheMaxMemorySize: 0 } : {}),
  turbopack: { root: __dirname },
}
