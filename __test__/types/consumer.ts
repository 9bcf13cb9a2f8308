// What a user's first file looks like; also compiled in an empty project, under every module resolution.
import { Redis, RedisRepository, RedwrightError, TypeSafeCache, type CacheOptions, type Duration } from 'redwright'
import { clientKey } from 'redwright/express'
import { KeyvRedwright } from 'redwright/keyv'
import { instrument } from 'redwright/opentelemetry'
import { metricsText } from 'redwright/prometheus'
import { startServer, type TestServer } from 'redwright/testing'

interface User {
  name: string
}

export async function use(): Promise<string> {
  const server: TestServer = await startServer()
  const redis = await Redis.connect(server.url)
  const ttl: Duration = '5m'
  const client: string = clientKey({ headers: {}, socket: {}, ip: '203.0.113.7' })
  const options: CacheOptions = { namespace: 'user', ttl }
  const cache = new TypeSafeCache(redis, options)
  const users = new RedisRepository<User>(redis, 'user')
  try {
    const user = await cache.getOrSet<User>(client, async () => (await users.get('1000')) ?? { name: 'Ada' })
    await new KeyvRedwright(redis, { namespace: 'user' }).set('1000', user.name, 1000)
    return metricsText() === '' ? typeof instrument : user.name
  } catch (error) {
    return error instanceof RedwrightError ? error.code : 'unknown'
  } finally {
    await redis.close()
    await server.stop()
  }
}
