import { createRequire } from 'node:module'
import path from 'node:path'
import { Redis } from '../../index.js'
import { root } from './root'

const load = createRequire(import.meta.url)
const { Locks } = load(path.join(root, 'lib/lock/locks.js'))
const { optionsOf } = load(path.join(root, 'lib/lock/options.js'))

const { until } = load(path.join(root, 'lib/abort.js'))

type Decode = ((answer: any) => any) | { decode(answer: any): any; recover(error: unknown): any } | null

interface Held {
  names: string[]
  token: string
  fence: number
  deadline: number
  reason: number
  renews: boolean
}

/**
 * Stands for the native half of a lock and for the server behind it: locks in memory by a clock that runs with the machine's, and that a test moves on.
 * What is asked is answered in the next microtask, unless `gate` holds the answer or `fails` says that there is none.
 */
export class LockStandIn {
  readonly asked: string[] = []
  /** An answer waits for it. */
  gate: Promise<void> = Promise.resolve()
  /** Instead of an answer. */
  fails: unknown
  /** By resource: what the server holds. */
  readonly server = new Map<string, { token: string; endsAt: number }>()
  readonly #held = new Map<number, Held>()
  readonly #answers = new Map<number, () => any>()
  #receiver: any
  #ahead = 0
  #last = 0
  readonly native: any = this.#makeNative()

  /** A lock of any kind over it, as the public classes make it. */
  locks({ kind = 0, permits = 0, options = {} } = {}): any {
    const known = optionsOf({ isFairOption: kind !== 2 })
    // It connects when it is used, and is not.
    return new Locks(STANDING, options, { kind, prefix: 'lock', permits, known }, (_clients: unknown, _beside: unknown, _settings: unknown, receiver: unknown) => {
      this.#receiver = receiver
      return this
    })
  }

  /** Time passes while the event loop stands still. */
  advance(ms: number): void {
    this.#ahead += ms
  }

  get now(): number {
    return performance.now() + this.#ahead
  }

  /** The I/O thread renews what it renews. */
  renew(ttlMs: number): void {
    for (const held of this.#held.values()) if (held.renews) this.#extend(held, ttlMs)
  }

  /** The I/O thread has found that a lock is gone, or another's. */
  tell(token: string, reason: 1 | 2): void {
    const [id, held] = [...this.#held].find(([, held]) => held.token === token)!
    Object.assign(held, { deadline: -Infinity, reason })
    this.#receiver.onEvent('lost', [id, reason])
  }

  /** As `tell`, after something else was done in the same turn. */
  tellBefore(token: string, first: () => void): void {
    const [id] = [...this.#held].find(([, held]) => held.token === token)!
    first()
    this.#receiver.onEvent('lost', [id, 2])
  }

  /** No renewal has had an answer. */
  freeze(): void {
    for (const held of this.#held.values()) held.reason = 3
  }

  /** Nothing crosses together here. */
  callTogether(): null {
    return null
  }

  handOver(): void {}

  /** What the native half would be asked through `lib/redis.js`. */
  call(submit: (native: any, ticket: number) => number, decode: Decode = null, signal?: AbortSignal): Promise<any> {
    if (signal?.aborted) return Promise.reject(signal.reason)
    const ticket = ++this.#last
    const { fails } = this
    submit(this.native, ticket)
    const answered = this.gate.then(() => {
      const answer = this.#answers.get(ticket)!
      this.#answers.delete(ticket)
      if (fails !== undefined) {
        if (decode === null || typeof decode === 'function') throw fails
        return decode.recover(fails)
      }
      const value = answer()
      if (decode === null) return value
      return typeof decode === 'function' ? decode(value) : decode.decode(value)
    })
    return signal === undefined ? answered : until(signal, answered)
  }

  #ask(ticket: number, what: string, answer: () => unknown): number {
    this.asked.push(what)
    this.#answers.set(ticket, answer)
    return 0
  }

  #owns(name: string, token: string): boolean {
    const there = this.#there(name)
    return there !== undefined && there.token === token
  }

  #there(name: string) {
    const there = this.server.get(name)
    return there !== undefined && there.endsAt > this.now ? there : undefined
  }

  #extend(held: Held, ttlMs: number): boolean {
    if (!held.names.every((name) => this.#owns(name, held.token))) return false
    for (const name of held.names) this.server.set(name, { token: held.token, endsAt: this.now + ttlMs })
    held.deadline = this.now + ttlMs - Math.min(ttlMs / 2, ttlMs / 100 + 2)
    return true
  }

  /** 1 released, 0 nobody's, -1 another's. */
  #release(name: string, token: string): number {
    const there = this.#there(name)
    if (there === undefined) return 0
    if (there.token !== token) return -1
    this.server.delete(name)
    return 1
  }

  #makeNative() {
    const acquire = (ticket: number, resources: string, token: string, ttlMs: number, waitMs: number, mode: number, flags: number, ...rest: number[]) => {
      const names = resources.split('\0')
      const sentAt = this.now
      return this.#ask(ticket, `acquire ${names.join('+')} ${ttlMs} ${waitMs} ${mode} ${flags} ${rest.join(' ')}`, () => {
        const others = names.flatMap((name) => this.#there(name) ?? [])
        if (others.length > 0) return Math.max(...others.map(({ endsAt }) => endsAt - this.now))
        const id = ++this.#last
        const held = { names, token, fence: 1_000_000 + id, deadline: sentAt + ttlMs - Math.min(ttlMs / 2, ttlMs / 100 + 2), reason: 0, renews: (flags & 2) !== 0 }
        for (const name of names) this.server.set(name, { token, endsAt: this.now + ttlMs })
        this.#held.set(id, held)
        return [id, held.fence, 0, 0]
      })
    }
    const remaining = (id: number) => (this.#held.get(id)?.deadline ?? -Infinity) - this.now
    return {
      acquire,
      remaining,
      reason: (id: number) => this.#held.get(id)?.reason ?? 1,
      held: () => [...this.#held.keys()].filter((id) => remaining(id) > 0).length,
      extend: (ticket: number, id: number, ttlMs: number) => {
        const held = this.#held.get(id)!
        return this.#ask(ticket, `extend ${ttlMs}`, () => {
          const isHeld = this.#extend(held, ttlMs)
          if (!isHeld) Object.assign(held, { deadline: -Infinity, reason: held.names.some((name) => this.#there(name)) ? 2 : 1 })
          return isHeld
        })
      },
      release: (ticket: number, id: number) => {
        const held = this.#held.get(id)!
        this.#held.delete(id)
        return this.#ask(ticket, 'release', () => Math.min(...held.names.map((name) => this.#release(name, held.token))))
      },
      releaseToken: (ticket: number, names: string, mode: number, token: string) =>
        this.#ask(ticket, `releaseToken ${mode}`, () => Math.min(...names.split('\0').map((name) => this.#release(name, token)))),
      extendToken: (ticket: number, name: string, mode: number, token: string, ttlMs: number) =>
        this.#ask(ticket, `extendToken ${mode}`, () => this.#owns(name, token) && this.server.set(name, { token, endsAt: this.now + ttlMs }) !== undefined),
      inspect: (ticket: number, name: string) =>
        this.#ask(ticket, 'inspect', () => {
          const there = this.#there(name)
          return there === undefined ? [null, -2, 0] : [there.token, there.endsAt - this.now, 7]
        }),
      resize: (ticket: number, _name: string, permits: number) => this.#ask(ticket, `resize ${permits}`, () => undefined),
    }
  }
}

const STANDING = new Redis()
