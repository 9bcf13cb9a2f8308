// As its README has it: one handler over redis-strings.

import { createRequire } from 'node:module'

const require = createRequire(new URL('../peers/fortedigital/package.json', import.meta.url))
const { CacheHandler } = require('@fortedigital/nextjs-cache-handler')
const createRedisHandler = require('@fortedigital/nextjs-cache-handler/redis-strings').default
const { createClient } = require('redis')

CacheHandler.onCreation(async () => {
  const client = createClient({ url: process.env.REDIS_URL })
  client.on('error', () => {})
  await client.connect()
  return { handlers: [createRedisHandler({ client, keyPrefix: 'fortedigital:' })] }
})

export default CacheHandler
