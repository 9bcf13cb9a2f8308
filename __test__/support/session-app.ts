import express, { type Express, type Request, type Response } from 'express'
import express4 from 'express4'
import session, { type SessionOptions } from 'express-session'
import { SessionStore, type SessionStoreOptions } from '../../express.js'
import type { Redis } from '../../index.js'
import { fresh } from './cache-tools'
import { ask, type HttpServer, serve } from './http'
import { askAllBehind } from './servers-behind'
import { until } from './until'

/** What the sessions of the tests hold. */
export type Data = Record<string, any>

/** A store that no other test has, and which waits for Redis on the slowest machine too. */
export function storeOn(redis: Redis, options: SessionStoreOptions = {}): SessionStore & { refused: string[]; keys(): Promise<string[]>; ttls(): Promise<number[]> } {
  const given = { prefix: 'session', namespace: fresh('es'), timeoutMs: '30s', ...options } as const
  const store = new SessionStore(redis, given)
  const refused: string[] = []
  store.on('write-refused', ({ reason }) => refused.push(reason))
  /** All keys that it has made, wherever they are. */
  const keys = async () => {
    const each = (await askAllBehind(redis, 'KEYS', '*')) as unknown as string[][]
    return each.flat().map(String).filter((key) => key.includes(given.namespace))
  }
  /** What is left to each of them, in ms. */
  const ttls = async () => Promise.all((await keys()).map((key) => redis.command<number>('PTTL', key)))
  return Object.assign(store, { refused, keys, ttls })
}

export const SECRET = 'of the tests'
export const FRAMEWORKS = { 'Express 5': express, 'Express 4': express4 as unknown as typeof express }

/** Routes that most applications have. */
export const login: Handler = (req) => (req.session.user = 'alice')
export const whoami: Handler = (req) => req.session.user ?? 'nobody'
export const dataOf: Handler = (req) => ({ ...req.session, cookie: undefined })
export const logout: Handler = async (req) => {
  await done((callback) => req.session.destroy(callback))
  return 'out'
}

/** What calls back, as a promise. */
export function done(work: (callback: (error?: unknown) => void) => unknown): Promise<void> {
  return new Promise((resolve, reject) => void work((error) => (error == null ? resolve() : reject(error))))
}

export type Handler = (req: Request & { session: Data }, res: Response) => unknown
export interface App extends HttpServer, AsyncDisposable {
  /** Sends what it is asked for, with the cookies that it got. */
  browser(cookie?: string): Browser
}

/** An application with sessions, whose routes are these. What they throw is answered by its code. */
export async function appOf(store: SessionStore, routes: Record<string, Handler>, options: Partial<SessionOptions> = {}, framework = express): Promise<App> {
  const app: Express = framework()
  app.use(session({ secret: SECRET, resave: false, saveUninitialized: false, store, ...options }))
  for (const [path, handler] of Object.entries(routes)) {
    app.get(path, (req, res, next) => void respond(handler, req, res, next))
  }
  app.use((error: any, _req: Request, res: Response, _next: unknown) => {
    if (res.headersSent) res.end()
    else res.status(error.status ?? 500).json({ code: error.code, message: error.message })
  })
  const server = await serve(app)
  return { ...server, browser: (cookie) => new Browser(server.url, cookie), [Symbol.asyncDispose]: () => server.close() }
}

async function respond(handler: Handler, req: any, res: Response, next: (error: unknown) => void): Promise<void> {
  try {
    const body = await handler(req, res)
    if (!res.headersSent && body !== undefined) res.json(body)
  } catch (error) {
    next(error)
  }
}

export interface Answer {
  status: number
  body: any
  /** What it set the cookie of the session to, if it did. */
  setCookie: string | undefined
}

/** Somebody who keeps cookies. */
export class Browser {
  readonly #url: string
  cookie: string | undefined

  constructor(url: string, cookie?: string) {
    this.#url = url
    this.cookie = cookie
  }

  async get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    const sent: Record<string, string> = this.cookie === undefined ? headers : { cookie: this.cookie, ...headers }
    const answer = await ask(this.#url + path, { headers: sent })
    // The last one counts, as in any browser.
    const setCookie = answer.headers.getSetCookie().at(-1)
    if (setCookie !== undefined) this.cookie = setCookie.split(';')[0]!
    return { status: answer.status, body: answer.body === '' ? undefined : JSON.parse(answer.body), setCookie }
  }

  /** One that has the same cookies now. */
  clone(): Browser {
    return new Browser(this.#url, this.cookie)
  }
}

/** A moment at which requests stand still until the test lets them go on. */
export class Gate {
  #open!: () => void
  readonly #opened = new Promise<void>((resolve) => (this.#open = resolve))
  #waiting = 0

  async pass(): Promise<void> {
    this.#waiting++
    await this.#opened
  }

  /** Waits until so many stand there. */
  async reached(by = 1): Promise<void> {
    await until('requests are there', () => this.#waiting >= by)
  }

  open(): void {
    this.#open()
  }
}

/** The id in a cookie, as the application knows it. */
export function sidOf(cookie: string): string {
  return /=s:([^.]+)\./.exec(decodeURIComponent(cookie))![1]!
}
