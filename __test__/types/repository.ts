import { type Redis, RedisRepository } from 'redwright'
import { is } from './assert'

interface User {
  name: string
  age?: number
}
declare const redis: Redis

export async function right(): Promise<void> {
  const users = new RedisRepository<User>(redis, 'user', { ttl: '30d', prefix: 'app' })
  is<User | null>()(await users.get('1'))
  is<(User | null)[]>()(await users.getMany(['1', '2'] as const))
  is<void>()(await users.set('1', { name: 'Ada' }))
  is<void>()(await users.set('1', { name: 'Ada', age: 36 }, Infinity))
  is<boolean>()(await users.exists('1'))
}

export async function wrong(): Promise<void> {
  // @ts-expect-error -- the namespace is not optional
  new RedisRepository<User>(redis)
  // @ts-expect-error -- options come last
  new RedisRepository<User>(redis, { namespace: 'user' })

  const users = new RedisRepository<User>(redis, 'user')
  // @ts-expect-error -- a field of another type
  await users.set('1', { name: 'Ada', age: '36' })
  // @ts-expect-error -- a field is missing
  await users.set('1', {})
  // @ts-expect-error -- the type belongs to the repository, not to the call
  await users.get<string>('1')

  // A repository of one type is none of another.
  const cities: RedisRepository<{ population: number }> = new RedisRepository(redis, 'city')
  // @ts-expect-error
  const mixed: RedisRepository<User> = cities
  void mixed
}
