import type { TypeSafeCache } from '../../index.js'
import { until } from './until'

type Readable = Pick<TypeSafeCache, 'get' | 'peek'>

/** Reads until a copy is in memory, as it is from the second read on once the server tells of changes. */
export async function copied(cache: Readable, key: string, namespace?: string): Promise<unknown> {
  // Mostly at once, and without a pause then.
  const isThere = async () => {
    await cache.get(key, namespace)
    return cache.peek(key, namespace) !== undefined
  }
  if (!(await isThere())) await until('a copy is in memory', isThere)
  return cache.peek(key, namespace)
}

/** What was told has reached this process. */
export async function untilGone(cache: Readable, key: string): Promise<void> {
  await until('the copy is given no more', () => cache.peek(key) === undefined)
}
