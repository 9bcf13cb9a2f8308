import { RedisRepository, TypeSafeCache } from '../../index.js'
import type { Client } from '../workload'
import type { Store } from './registers'

export function cacheStore({ redis }: Client, run: string): Store {
  const cache = new TypeSafeCache(redis, { namespace: `registers-${run}`, ttl: '7d' })
  return {
    set: (key, value) => cache.set(key, value),
    get: async (key) => {
      const { hit, value } = await cache.lookup(key)
      return hit ? value : null
    },
    exists: (key) => cache.exists(key),
    getMany: (keys) => cache.getMany(keys),
    remove: (key) => cache.del(key),
    setMany: (entries) => cache.setMany(entries),
    removeMany: (keys) => cache.deleteMany(keys),
    removeAll: (prefix) => cache.deletePattern(`${prefix}*`),
  }
}

export function repositoryStore({ redis }: Client, run: string): Store {
  const records = new RedisRepository<unknown>(redis, `records-${run}`, { ttl: '7d' })
  return {
    set: (id, value) => records.set(id, value),
    get: (id) => records.get(id),
    exists: (id) => records.exists(id),
    getMany: (ids) => records.getMany(ids),
    remove: (id) => records.delete(id),
  }
}
