import { CacheManager, type Lookup, type Redis, TypeSafeCache } from 'redwright'
import { is } from './assert'

interface User {
  name: string
}
declare const redis: Redis

export async function right(): Promise<void> {
  const cache = new TypeSafeCache(redis, { namespace: 'user', ttl: '1h', jitter: 0.1 })

  is<User | null>()(await cache.get<User>('1'))
  is<unknown>()(await cache.get('1'))
  is<Lookup<User>>()(await cache.lookup<User>('1', { signal: new AbortController().signal }))
  is<(User | null)[]>()(await cache.getMany<User>(['1', '2']))
  is<void>()(await cache.set('1', { name: 'Ada' }, { ttl: 60 }))
  is<void>()(await cache.set<User>('1', { name: 'Ada' }))
  is<boolean>()(await cache.exists('1'))
  is<number>()(await cache.deletePattern('1*'))

  // The fetcher says what the value is, async or not.
  is<User>()(await cache.getOrSet('1', () => ({ name: 'Ada' }) as User))
  is<User>()(await cache.getOrSet('1', async () => ({ name: 'Ada' }) as User, '10m'))
  is<User | undefined>()(await cache.getOrSet('1', async (): Promise<User | undefined> => undefined, { ttl: 10, forceFresh: true }))
  await cache.getOrSet('1', ({ key, namespace }) => {
    is<string>()(key)
    is<string>()(namespace)
    return 1
  })

  // A map is entries.
  await cache.setMany(new Map([['1', { name: 'Ada' }]]), { ttl: '1d' })
  await cache.setMany<User>([['1', { name: 'Ada' }]])

  const load = cache.wrap(async (id: string, _deep: boolean): Promise<User> => ({ name: id }), { key: (id) => id, ttl: 60 })
  is<User>()(await load('1', true))
  is<string>()(load.key('1', true))
  is<void>()(await load.invalidate('1', true))
}

export async function wrong(): Promise<void> {
  // @ts-expect-error -- the client comes first
  new TypeSafeCache({ namespace: 'user' })
  // @ts-expect-error -- an unknown option
  new TypeSafeCache(redis, { namespase: 'user' })
  // @ts-expect-error -- a duration without a unit
  new TypeSafeCache(redis, { ttl: '60' })

  const cache = new TypeSafeCache(redis)
  // @ts-expect-error -- a key is a string
  await cache.get(1)
  // @ts-expect-error -- not what was asked for
  await cache.set<User>('1', { nom: 'Ada' })
  // @ts-expect-error -- the fetcher gives another type
  await cache.getOrSet<User>('1', () => 'Ada')
  // @ts-expect-error -- a value is no fetcher
  await cache.getOrSet('1', { name: 'Ada' })
  // @ts-expect-error -- `wrap` must be told the key
  cache.wrap(async (id: string) => id, { ttl: 60 })
  // @ts-expect-error -- may be null
  const user: User = await cache.get<User>('1')
  // @ts-expect-error -- cannot be moved to another namespace
  cache.namespace = 'other'
  void user
}

export async function loading(): Promise<void> {
  const cache = new TypeSafeCache(redis, {
    name: 'users', staleTtl: '1h', negativeTtl: 5, softTimeoutMs: 100, hardTimeoutMs: '2s', waitMs: '1s', refreshThrottleMs: '10s', earlyRefresh: true,
    leaseMs: '30s', near: { maxEntries: 100, maxBytes: 1000, ttlMs: '1m', copy: 'clone' }, codec: 'typed', compress: { fromBytes: 100 },
  })
  new TypeSafeCache(redis, { near: true, earlyRefresh: 2, compress: true })
  is<User | undefined>()(cache.peek<User>('1'))
  const load = async (): Promise<User> => ({ name: 'Ada' })
  is<User>()(await cache.getStale('1', load, { ttl: 60, staleTTL: '1h' }))
  is<Map<string, User>>()(await cache.getOrSetMany(['1'], async (missing: string[]) => new Map(missing.map((id) => [id, { name: id }])), '10m'))
  // Tags may follow from what was loaded, and a fetcher may decide.
  await cache.getOrSet('1', load, { tags: (user) => [user.name], lease: false })
  await cache.getOrSet('1', (context) => {
    context.setTtl('1m', 60)
    context.setTags(['a'])
    context.skip()
    is<AbortSignal>()(context.signal)
    return 1
  }, { tags: ['b'] })
  is<number>()(cache.metrics().nearHits)

  // @ts-expect-error -- both lives must be said
  await cache.getStale('1', load, { ttl: 60 })
  // @ts-expect-error -- a Map is asked for
  await cache.getOrSetMany(['1'], async () => [{ name: 'Ada' }])
  // @ts-expect-error -- no such way to copy
  new TypeSafeCache(redis, { near: { copy: 'deep' } })
}

export async function tags(): Promise<void> {
  const pages = new CacheManager(redis, { near: true })
  is<void>()(await pages.cacheWithTags('1', { name: 'Ada' }, '1h', ['user:1']))
  is<User | null>()(await pages.get<User>('1'))
  is<User | undefined>()(pages.peek<User>('1'))
  is<string>()(await pages.getOrSet('1', () => 'html', { ttl: 60, tags: (html) => [html] }))
  is<number>()(await pages.invalidateByTag('user:1', { mode: 'expire' }))
  is<number>()(await pages.invalidateByTags(['a', 'b'], { match: 'all' }))

  // @ts-expect-error -- `any` or `all`
  await pages.invalidateByTags(['a'], { match: 'some' })
  // @ts-expect-error -- a list
  await pages.cacheWithTags('1', 1, 60, 'user:1')
}
