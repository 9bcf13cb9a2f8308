import connect from 'connect'
import express from 'express'
import express4 from 'express4'
import { randomUUID } from 'node:crypto'
import http from 'node:http'
import { type CacheHandler, cacheMiddleware, type CacheMiddlewareOptions } from '../../express.js'
import type { Redis } from '../../index.js'
import { type HttpServer, serve } from './http'

/** Those of no test's concern: a busy machine must not have the application answer because Redis took its time, and no two variants shall meet. */
const PATIENT: CacheMiddlewareOptions<any, any> = { ttl: 60, timeoutMs: '20s', waitMs: '20s', maxVariants: 2 ** 24 }

/** A cache that keeps its pages to itself, unless it is told where. */
export function pages(redis: Redis, options: CacheMiddlewareOptions<any, any> = {}): CacheHandler<any, any> {
  return cacheMiddleware(redis, { ...PATIENT, namespace: randomUUID(), ...options })
}

/** What answers behind a cache. */
export type Page = (req: any, res: any, next: (error?: unknown) => void) => unknown

/** Where the middleware works: each builds an application of it and a page. */
export const HOSTS: Record<string, (cache: CacheHandler<any, any>, page: Page) => http.RequestListener> = {
  'Express 5': (cache, page) => express().use(cache, page) as unknown as http.RequestListener,
  'Express 4': (cache, page) => express4().use(cache, page) as unknown as http.RequestListener,
  Connect: (cache, page) => connect().use(cache as any).use(page as any) as unknown as http.RequestListener,
  'node:http': (cache, page) => (req, res) => cache(req, res, (error) => (error ? res.destroy() : page(req, res, () => res.destroy()))),
}

export interface Answer {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  readonly body: Buffer
}

/** A site with one page, which counts how often it was asked. */
export class Site {
  readonly server: HttpServer
  readonly #asked: () => number

  private constructor(server: HttpServer, asked: () => number) {
    this.server = server
    this.#asked = asked
  }

  static async start(cache: CacheHandler<any, any>, page: Page, host = 'Express 5'): Promise<Site> {
    let asked = 0
    const counted: Page = (req, res, next) => {
      asked++
      return page(req, res, next)
    }
    return new Site(await serve(HOSTS[host]!(cache, counted)), () => asked)
  }

  /** How often the page's own handler has run. */
  get asked(): number {
    return this.#asked()
  }

  /** Asks as it is: nothing is added but `Host`, nothing is decoded. */
  get(path = '/', headers: http.OutgoingHttpHeaders = {}, method = 'GET', body?: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const req = http.request(`${this.server.url}${path}`, { method, headers, agent: false }, (res) => {
        const chunks: Buffer[] = []
        res.on('data', (chunk) => chunks.push(chunk))
        res.on('error', reject)
        res.on('end', () => resolve({ status: res.statusCode!, headers: res.headers, body: Buffer.concat(chunks) }))
      })
      req.on('error', reject)
      req.end(body)
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.close()
  }
}
