import { randomUUID } from 'node:crypto'
import type { Redis } from '../../index.js'
import { createCacheHandler, createUseCacheHandler, type NextCacheHandler, type NextCacheOptions, type NextUseCacheEntry } from '../../next.js'
import { until } from './until'

/** Those of no test's concern: a busy machine must not have Next.js render because Redis took its time. */
const PATIENT: NextCacheOptions = { timeoutMs: '20s' }

/** Of an application that no other test has. */
export const newApp = () => `app-${randomUUID().slice(0, 8)}`

/** A handler as requests use it, one after the other: Next.js makes one for each, which asks before it stores. */
export function pagesOf(redis: Redis, prefix: string, options: NextCacheOptions = {}, context: object = {}): NextCacheHandler {
  const Handler = createCacheHandler({ ...PATIENT, redis, prefix, buildId: 'build', ...options })
  let request: NextCacheHandler | undefined
  return {
    get: (key, how) => (request = new Handler(context)).get(key, how),
    async set(key, value, how) {
      const own = request ?? new Handler(context)
      if (request === undefined) await own.get(key, how.fetchCache ? { kind: 'FETCH' } : { kind: how.kind ?? 'APP_PAGE' })
      request = undefined
      await own.set(key, value, how)
    },
    revalidateTag: (tags, durations) => new Handler(context).revalidateTag(tags, durations),
    resetRequestCache() {},
  }
}

export const usesOf = (redis: Redis, prefix: string, options: NextCacheOptions = {}) => createUseCacheHandler({ ...PATIENT, redis, prefix, ...options })

/** A handler that has been asked once, as by the first request, and so knows of what was invalidated before. */
export async function usedOf(...args: Parameters<typeof usesOf>) {
  const handler = usesOf(...args)
  await handler.refreshTags()
  return handler
}

export const PAGE = { kind: 'APP_PAGE', isFallback: false } as const

/** A page of the App Router. */
export function page(html: string, tags: readonly string[] = [], more: object = {}) {
  const headers = { 'x-next-cache-tags': tags.join(), 'content-type': 'text/html' }
  return { kind: 'APP_PAGE', html, rscData: Buffer.from(`rsc of ${html}`), headers, status: 200, segmentData: new Map([['/_tree', Buffer.from('tree')]]), ...more }
}

export function streamOf(...pieces: string[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const piece of pieces) controller.enqueue(Buffer.from(piece))
      controller.close()
    },
  })
}

/** As Next.js makes it: after it was asked for, so its time is behind what was known then. */
export function entry(text: string, tags: string[] = [], more: Partial<NextUseCacheEntry> = {}): NextUseCacheEntry {
  return { value: streamOf(text), tags, stale: 300, timestamp: performance.timeOrigin + performance.now(), expire: 3600, revalidate: 900, ...more }
}

export const textOf = (stream: ReadableStream<Uint8Array>) => new Response(stream).text()

/** Whether Next.js would take an answer for stale, as its incremental cache computes it. */
export function isStale(answer: { lastModified: number; cacheControl?: { revalidate: number | false } }): boolean {
  const revalidate = answer.cacheControl?.revalidate
  return typeof revalidate === 'number' && answer.lastModified + revalidate * 1000 < Date.now()
}

/** Waits until what was invalidated elsewhere has been heard of. */
export const untilGone = (handler: NextCacheHandler, key: string) => until('the page is over', async () => (await handler.get(key, PAGE)) === null)
