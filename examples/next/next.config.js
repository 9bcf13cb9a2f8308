'use strict'

const { withRedwright } = require('redwright/next')

/** @type {import('next').NextConfig} */
const config = {
  cacheComponents: true,
  partialPrefetching: true,
  // For a container: OUTPUT=standalone next build
  output: process.env.OUTPUT,
}

// HANDLER=builtin is for comparing: the cache that Next.js brings along, beside what the code imports.
module.exports =
  process.env.HANDLER === 'builtin'
    ? { ...config, serverExternalPackages: ['redwright'] }
    : withRedwright(config, { images: true, prefix: process.env.CACHE_PREFIX ?? 'example-next' })
