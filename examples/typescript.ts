// Shows: the types: values typed by the call, a typed repository, errors narrowed by their code.
// Run:   node --import ./scripts/typescript/register.mjs examples/typescript.ts   (or any other way to run TypeScript)

import { Redis, RedisRepository, RedwrightError, TypeSafeCache } from 'redwright'

interface User {
  name: string
  email: string | null
}

async function main(): Promise<void> {
  const redis = await Redis.connect('embedded://')

  const cache = new TypeSafeCache(redis, { namespace: 'user', ttl: '1h' })
  const user = await cache.getOrSet<User>('1000', async () => ({ name: 'Ada', email: null }))
  console.log(user.name, user.email?.toLowerCase() ?? 'has no address')

  const users = new RedisRepository<User>(redis, 'user', { ttl: '30d' })
  await users.set('1001', { name: 'Grace', email: 'Grace@Example.org' })
  const found: (User | null)[] = await users.getMany(['1001', '1002'])
  console.log(found.map((entry) => entry?.name ?? 'nobody'))

  try {
    await redis.command<number>('INCR', 'repo:user:1001')
  } catch (error) {
    if (error instanceof RedwrightError && error.code === 'ERR_SERVER') console.log('the server said', error.serverCode)
    else throw error
  }
  await redis.close()
}

void main()
