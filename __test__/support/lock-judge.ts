import assert from 'node:assert/strict'
import type { Redis } from '../../index.js'
import { fresh } from './cache-tools'
import { drive, type Outcome } from './lock-driver'
import { callOf, LEASE, Line, toldBy } from './lock-line'
import { asked, type Asked, FENCE_MS, isHeard, type Move, type Names, RESOURCES, stepOf } from './lock-moves'
import type { Scripts } from './lock-scripts'
import { namesOf } from './lock-tools'

export const BEGIN = 1_795_000_000_000_123

/** What is given to one who waits is not over sooner, in ms. */
const SHORTEST = 1000

const isTaker = (waiter: string) => waiter.split('/')[1]!.startsWith('g')

/** Knows what was answered, and nothing else. */
class Judge {
  now = BEGIN
  readonly #holders = new Map<string, { token: string; ends: number }>()
  readonly #lines: Map<string, Line>
  readonly #last = new Map<string, number>()
  /** Whose last token is told by the clock only. */
  readonly #unfenced = new Set<string>()

  constructor(
    readonly isFair: boolean,
    of: (name: string) => Names,
  ) {
    this.#lines = new Map(RESOURCES.map((name) => [name, new Line(of(name).queue, of(name).waiting)]))
  }

  get #ms(): number {
    return Math.floor(this.now / 1000)
  }

  #holder(name: string) {
    return this.#holders.get(name)
  }

  /** 1 where it is the owner's, 0 where it is nobody's, -1 where it is another's. */
  #owns(name: string, token: string): number {
    const holder = this.#holder(name)
    return holder === undefined ? 0 : holder.token === token ? 1 : -1
  }

  judge(asked: Asked, { told, called, asked: times, immortal, sets }: Outcome, step: number): void {
    this.now += asked.us
    for (const name of this.#unfenced) if (asked.us < 0 || this.#last.get(name)! > this.now) this.#last.delete(name)
    for (const [name, { ends }] of this.#holders) if (ends <= this.#ms) this.#holders.delete(name)
    const { act, names, token, waiter, ttl } = asked
    const numbers = told.split(' ').map(Number)
    assert.deepEqual(immortal, [], 'keys without an end')
    const owns = names.map((name) => this.#owns(name, token))
    // Whoever releases what is his and nobody waits for needs no time.
    const isQuiet = act === 'free' && !asked.stood && owns.every((own) => own === 1) && times === 0
    assert.equal(times, isQuiet || ['pass', 'flush', 'inspect', 'renew', 'retake'].includes(act) ? 0 : 1, 'how often the time is asked for')
    const messages = [...called]
    const freed = new Set<string>()
    const passOn = (name: string) => this.#passedOn(name, messages, sets)
    if (act === 'take' || act === 'queue_up') {
      const place = numbers[0] === 0 ? this.#refused(asked, numbers) : this.#granted(asked, numbers, owns.every((own) => own === 1))
      if (act === 'queue_up') {
        assert.equal(numbers[2], place === undefined ? 0 : this.#ms + LEASE, 'until when it counts as alive')
        for (const name of names) {
          if (name === place) this.#lines.get(name)!.stands(waiter, step, this.#ms)
          else if (this.#lines.get(name)!.leaves(waiter) && place !== undefined && this.#holder(name) === undefined) passOn(name)
        }
      }
    } else if (act === 'free' || act === 'again') {
      assert.deepEqual(numbers, owns)
      for (const name of names) {
        if (this.#holder(name)?.token === token && this.#holders.delete(name)) freed.add(name)
        if (asked.stood) this.#lines.get(name)!.leaves(waiter)
        if (this.#holder(name) === undefined) passOn(name)
      }
    } else if (act === 'renew' || act === 'retake') {
      const kept = owns.map((own) => (own === 0 && act === 'retake' ? 1 : own))
      assert.deepEqual(numbers, kept, 'a renewal')
      for (const [i, name] of names.entries()) if (kept[i] === 1) this.#holders.set(name, { token, ends: this.#ms + ttl })
    } else if (act === 'inspect') this.#inspected(names[0]!, told.split(' '))
    else if (act === 'flush') {
      this.#holders.clear()
      for (const line of this.#lines.values()) line.clear()
      for (const name of RESOURCES) this.#unfenced.add(name)
    }
    assert.deepEqual(messages, [], 'who is told besides')
    for (const [name, line] of this.#lines) {
      line.check(sets, this.#ms)
      line.checkCalls(sets, this.#ms, this.#holder(name) === undefined, freed.has(name), called)
    }
  }

  /** What is free is given to the first in line where he can take it so, and otherwise he is called up. */
  #passedOn(name: string, messages: string[], sets: Outcome['sets']): void {
    const line = this.#lines.get(name)!
    const told = messages.length > 0 ? toldBy(messages[0]!) : undefined
    const waiter = told && `${told.inbox}/${told.given ? 'g' : ''}${told.word}`
    if (told?.given === undefined || line.until(waiter!) === 0) {
      const [head] = line.living(sets, this.#ms)
      if (head === undefined) return
      assert.equal(messages.shift(), callOf(head), 'who is called up')
      assert.ok(!isTaker(head) || !isHeard(head) || line.until(head) - this.#ms < SHORTEST, `${head} could have been given it`)
      return
    }
    messages.shift()
    const [ttl, life, token] = told.word.split(':')
    assert.ok(isTaker(waiter!) && isHeard(waiter!), `${waiter} cannot take it so`)
    assert.equal(line.ahead(waiter!, this.#ms)[0], 0, 'others were first')
    assert.ok(line.until(waiter!) - this.#ms >= SHORTEST, 'it is over before it is heard of')
    assert.deepEqual([told.given.ends, Number(life)], [line.until(waiter!), Number(ttl) + FENCE_MS])
    line.leaves(waiter!)
    this.#fenced(name, told.given.fence)
    this.#holders.set(name, { token: token!, ends: Math.min(this.#ms + Number(ttl), told.given.ends) })
  }

  /** A token that is given is greater than all before. */
  #fenced(name: string, fence: number): void {
    assert.ok(Number.isSafeInteger(fence))
    assert.ok(fence > (this.#last.get(name) ?? 0) && fence >= this.now, `token ${fence} behind ${this.#last.get(name)}`)
    this.#last.set(name, fence)
    this.#unfenced.delete(name)
  }

  #refused({ act, names, token, waiter }: Asked, numbers: number[]): string {
    const inTheWay = names.find((name) => this.#holder(name) !== undefined && this.#holder(name)!.token !== token)
    if (inTheWay !== undefined) {
      assert.equal(numbers[1], this.#holder(inTheWay)!.ends - this.#ms, 'when it is worth another try')
      return inTheWay
    }
    assert.ok(this.isFair, 'nobody is in the way')
    assert.equal(numbers[1], -2, 'it is another’s turn')
    const [, ahead] = this.#lines.get(names[0]!)!.ahead(act === 'take' ? '' : waiter, this.#ms)
    assert.ok(ahead > 0, 'nobody is ahead')
    return names[0]!
  }

  #granted({ act, names, token, ttl, waiter }: Asked, [what, fence]: number[], ownsAll: boolean): undefined {
    for (const name of names) {
      const holder = this.#holder(name)
      assert.ok(holder === undefined || holder.token === token, `${name} is held by ${holder?.token}`)
    }
    assert.equal(what, ownsAll ? 2 : 1)
    const last = Math.max(...names.map((name) => this.#last.get(name) ?? 0))
    assert.ok(Number.isSafeInteger(fence))
    if (what === 2) assert.ok(fence === last || fence === 0, 'it has the token that it had')
    else assert.ok(fence! > last && fence! >= this.now, `token ${fence} behind ${last}`)
    if (this.isFair && what === 1) assert.equal(this.#lines.get(names[0]!)!.ahead(act === 'take' ? '' : waiter, this.#ms)[0], 0, 'others were first')
    for (const name of names) {
      if (what === 1) {
        this.#last.set(name, fence!)
        this.#unfenced.delete(name)
      }
      this.#holders.set(name, { token, ends: this.#ms + ttl })
    }
  }

  #inspected(name: string, [life, fence, token]: string[]): void {
    const holder = this.#holder(name)
    assert.deepEqual([Number(life), token], [holder === undefined ? -2 : holder.ends - this.#ms, holder?.token])
    assert.ok(fence === '0' || Number(fence) === (this.#last.get(name) ?? 0))
  }
}

/** Runs moves, and holds every answer and every message against what locks promise. */
export async function assertWalk(redis: Redis, scripts: Scripts, moves: readonly Move[], isFair: boolean): Promise<void> {
  const of = (name: string, at = { prefix }) => namesOf(at, name)
  const prefix = fresh('walk')
  const steps = asked(moves, isFair)
  const judge = new Judge(isFair, of)
  const watched = RESOURCES.flatMap((name) => [of(name).queue, of(name).waiting])
  const outcomes = await drive(redis, scripts, BEGIN, watched, steps.map((one) => stepOf(one, isFair, of)))
  for (const [i, outcome] of outcomes.entries()) {
    try {
      judge.judge(steps[i]!, outcome, i)
    } catch (error: any) {
      error.message = `step ${i}, ${JSON.stringify(steps[i])}: ${outcome.told}: ${error.message}`
      throw error
    }
  }
}
