import assert from 'node:assert/strict'
import type { Members, Outcome } from './lock-driver'

/** How long a waiter counts as alive, in ms, in the walks. */
export const LEASE = 3000

interface Waiter {
  /** The step at which it came. */
  since: number
  /** Until when it counts as alive, in ms of the server. */
  until: number
  /** It was dead once, and came back: it may have its old place still, or be the last. */
  lapsed: boolean
}

/** Those who wait, as who has seen all replies knows them. */
export class Line {
  readonly #waiters = new Map<string, Waiter>()
  /** Since nobody holds the lock: who was called up. `undefined` where it has ended by itself, or he who was called up did: those who wait have timers. */
  #called: Set<string> | undefined

  constructor(
    readonly queue: string,
    readonly waiting: string,
  ) {}

  stands(waiter: string, step: number, now: number): void {
    const known = this.#waiters.get(waiter)
    const lapsed = known !== undefined && (known.lapsed || known.until <= now)
    this.#waiters.set(waiter, { since: known?.since ?? step, until: now + LEASE, lapsed })
  }

  leaves(waiter: string): boolean {
    return this.#waiters.delete(waiter)
  }

  clear(): void {
    this.#waiters.clear()
  }

  isAlive(waiter: string, now: number): boolean {
    return this.until(waiter) > now
  }

  /** When it will count as dead, in ms of the server; 0 of who does not stand here. */
  until(waiter: string): number {
    return this.#waiters.get(waiter)?.until ?? 0
  }

  /** How many there are ahead of one, or of one who comes now: for sure, and at most. */
  ahead(waiter: string, now: number, counts: (waiter: string) => boolean = () => true): [sure: number, most: number] {
    const own = this.#waiters.get(waiter)
    const isSure = own !== undefined && !own.lapsed && own.until > now
    const others = [...this.#waiters].filter(([name, { until }]) => name !== waiter && until > now && counts(name)).map(([, other]) => other)
    const sure = others.filter(({ since, lapsed }) => !lapsed && since < (own?.since ?? Infinity))
    const most = others.filter(({ since, lapsed }) => lapsed || !isSure || since < own.since)
    return [sure.length, most.length]
  }

  /** The living in the order in which the server has them. */
  living(sets: Outcome['sets'], now: number): string[] {
    return sets.get(this.queue)!.members.filter((waiter) => this.isAlive(waiter, now))
  }

  /** Nobody is forgotten: of a lock that is free the first who waits has been told so. `freed`: given back in this step; `called`: in this step. */
  checkCalls(sets: Outcome['sets'], now: number, isFree: boolean, freed: boolean, called: readonly string[]): void {
    if (freed) this.#called = new Set()
    if (!isFree) this.#called = undefined
    for (const call of called) this.#called?.add(call)
    const [head] = this.living(sets, now)
    if (head !== undefined && this.#called !== undefined) assert.ok(this.#called.has(callOf(head)), `nobody has told ${head} that it is free`)
  }

  /** Nobody is missing, nobody stays who has left, and the server keeps them for as long as they live. */
  check(sets: Outcome['sets'], now: number): void {
    const [queue, waiting] = [this.queue, this.waiting].map((key) => sets.get(key)!) as [Members, Members]
    assert.deepEqual([...queue.members].sort(), [...waiting.members].sort(), 'who stands in line has a lease')
    const living = [...this.#waiters].filter(([, { until }]) => until > now)
    for (const [name, { until }] of living) {
      assert.ok(queue.members.includes(name), `${name} has lost its place`)
      for (const { life } of [queue, waiting]) assert.ok(life >= until - now, `the line lives for ${life} ms, and ${name} for ${until - now}`)
    }
    for (const [name, waiter] of this.#waiters) {
      if (waiter.until > now) continue
      this.#called = undefined
      waiter.lapsed = true
      if (!queue.members.includes(name)) this.#waiters.delete(name)
    }
    for (const name of queue.members) assert.ok(this.#waiters.has(name), `${name} has left, and stands in line`)
  }
}

/** Who was told, and what he was given with it, if anything: the fencing token, and until when, in ms of the server. */
export function toldBy(message: string): { inbox: string; word: string; given?: { fence: number; ends: number } } {
  const [channel, word, fence, ends] = message.split(' ') as [string, string, string?, string?]
  const told = { inbox: channel.slice('redwright:wake:'.length), word }
  return fence === undefined ? told : { ...told, given: { fence: Number(fence), ends: Number(ends) } }
}

/** Whom a message is for, as `src/lock/lua/queue.lua` writes it. */
export function callOf(waiter: string): string {
  const [inbox, rest] = waiter.split('/') as [string, string]
  return `redwright:wake:${inbox} ${rest.slice(1)}`
}
