import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import type { Redis } from '../../index.js'
import { fresh } from './cache-tools'
import { drive, type Outcome, type Step } from './lock-driver'
import { BEGIN } from './lock-judge'
import { callOf, LEASE, Line } from './lock-line'
import { FENCE_MS, PAUSES } from './lock-moves'
import type { Scripts } from './lock-scripts'
import { namesOf } from './lock-tools'

/** Places that several hold together: permits, some of which overtake or none, or readers and writers. */
export type Places = 'permits' | 'fair permits' | 'readers and writers'

const ACTS = ['enter', 'enter', 'enter', 'enter', 'try', 'exit', 'exit', 'again', 'keep', 'resize', 'count', 'pass'] as const
const MOVE = fc.record({ act: fc.constantFrom(...ACTS), client: fc.nat(4), writes: fc.boolean(), ttl: fc.constantFrom(1, 20, 200, 5000), us: PAUSES, number: fc.integer({ min: 1, max: 4 }) })
type Move = typeof MOVE extends fc.Arbitrary<infer T> ? T : never
export const MOVES = fc.array(MOVE, { minLength: 5, maxLength: 60, size: 'max' })

/** How many permits there are until somebody says otherwise. */
const PERMITS = 2

interface Asked extends Move {
  kind: string
  token: string
  waiter: string
  stood: boolean
}

function asked(moves: readonly Move[], places: Places): Asked[] {
  const nothing = { kind: places === 'readers and writers' ? 'r' : 'p', token: '', waiter: '', stood: false }
  const attempts = Array.from({ length: 5 }, () => ({ count: 0, before: nothing, now: nothing }))
  return moves.map((move): Asked => {
    const of = attempts[move.client]!
    const wants = move.act === 'enter' || move.act === 'try'
    if (move.act === 'again' && of.before !== nothing) return { ...move, ...of.before }
    if (['resize', 'count', 'pass', 'again'].includes(move.act) || (of.now === nothing && !wants)) {
      return { ...move, ...nothing, act: move.act === 'count' || (move.act === 'resize' && nothing.kind === 'p') ? move.act : 'pass' }
    }
    if (of.now === nothing) {
      const kind = nothing.kind === 'p' ? 'p' : move.writes ? 'w' : 'r'
      const token = `t${move.client}.${++of.count}`
      of.now = { kind, token, waiter: `${String(move.client).repeat(16)}/${kind}${token}`, stood: false }
    }
    if (move.act === 'enter') of.now.stood = true
    const one = { ...move, ...of.now }
    if (move.act === 'exit') [of.before, of.now] = [of.now, nothing]
    return one
  })
}

function stepOf({ act, kind, token, waiter, stood, ttl, us, number }: Asked, places: Places, names: ReturnType<typeof namesOf>): Step {
  const { lock, fence, queue, waiting, permits } = names
  const fair = places === 'permits' ? '0' : '1'
  switch (act) {
    case 'try':
      return { us, script: 'ENTER', keys: [lock, fence, queue, waiting, permits], args: [kind, String(PERMITS), token, String(ttl), String(ttl + FENCE_MS), '', String(LEASE), fair] }
    case 'enter':
      return { us, script: 'ENTER', keys: [lock, fence, queue, waiting, permits], args: [kind, String(PERMITS), token, String(ttl), String(ttl + FENCE_MS), waiter, String(LEASE), fair] }
    case 'exit':
    case 'again':
      return { us, script: 'EXIT', keys: [lock, queue, waiting, permits], args: [kind, String(PERMITS), token, stood ? waiter : ''] }
    case 'keep':
      return { us, script: 'KEEP', keys: [lock, fence], args: [kind + token, String(ttl), String(ttl + FENCE_MS)] }
    case 'resize':
      return { us, script: 'RESIZE', keys: [lock, queue, waiting, permits], args: [String(number)] }
    case 'count':
      return { us, script: 'COUNT', keys: [lock, waiting, permits], args: [String(PERMITS)] }
    default:
      return { us, script: '', keys: [], args: [] }
  }
}

/** Knows what was answered, and nothing else. */
class Judge {
  now = BEGIN
  readonly #holders = new Map<string, number>()
  readonly #line: Line
  #permits = PERMITS
  #last = 0

  constructor(
    readonly places: Places,
    readonly names: ReturnType<typeof namesOf>,
  ) {
    this.#line = new Line(names.queue, names.waiting)
  }

  get #ms(): number {
    return Math.floor(this.now / 1000)
  }

  /** Whether there is room beside those who hold a place, and those who are ahead: for sure, and at most. */
  #mayEnter({ act, kind, waiter }: Asked): [sure: boolean, perhaps: boolean] {
    const others = [...this.#holders.keys()]
    const ahead = (counts?: (waiter: string) => boolean) => this.#line.ahead(act === 'try' ? '' : waiter, this.#ms, counts)
    if (kind === 'p') {
      const free = this.#permits - others.length
      const [least, most] = this.places === 'permits' ? [0, 0] : ahead()
      return [free > 0 && most < free, free > 0 && least < free]
    }
    const isInTheWay = others.some((own) => kind === 'w' || own.startsWith('w'))
    const [least, most] = ahead((name) => kind === 'w' || /\/w/.test(name))
    return [!isInTheWay && most === 0, !isInTheWay && least === 0]
  }

  /** Who is called up where somebody has gone. */
  #next(sets: Outcome['sets']): string[] {
    const living = this.#line.living(sets, this.#ms)
    const holders = [...this.#holders.keys()]
    if (this.places !== 'readers and writers') return living.slice(0, Math.max(0, this.#permits - holders.length))
    if (holders.some((own) => own.startsWith('w'))) return []
    const writer = living.findIndex((name) => /\/w/.test(name))
    if (writer === 0) return holders.length === 0 ? living.slice(0, 1) : []
    return writer < 0 ? living : living.slice(0, writer)
  }

  judge(asked: Asked, { told, called, asked: times, immortal, sets }: Outcome, step: number): void {
    this.now += asked.us
    for (const [own, ends] of this.#holders) if (ends <= this.#ms) this.#holders.delete(own)
    const { act, kind, token, waiter, ttl, number } = asked
    const own = kind + token
    assert.deepEqual(immortal, [], 'keys without an end')
    assert.equal(times, act === 'pass' ? 0 : 1, 'how often the time is asked for')
    let calls: string[] = []
    if (act === 'enter' || act === 'try') this.#entered(asked, own, told.split(' ').map(Number), step)
    else if (act === 'exit' || act === 'again') {
      assert.equal(told, this.#holders.delete(own) ? '1' : '0', 'whether it was held')
      if (asked.stood) this.#line.leaves(waiter)
      calls = this.#next(sets)
    } else if (act === 'keep') {
      assert.equal(told, this.#holders.has(own) ? '1' : '0', 'whether it is held')
      if (this.#holders.has(own)) this.#holders.set(own, this.#ms + ttl)
    } else if (act === 'resize') {
      this.#permits = number
      calls = this.#next(sets)
    } else if (act === 'count') {
      const writers = [...this.#holders.keys()].filter((name) => name.startsWith('w')).length
      const waiting = this.#line.living(sets, this.#ms).length
      assert.equal(told, `${this.#holders.size - writers} ${writers} ${waiting} ${this.#permits}`)
    }
    assert.deepEqual(called, calls.map(callOf), 'who is called up')
    this.#line.check(sets, this.#ms)
    const { life } = sets.get(this.names.lock)!
    for (const ends of this.#holders.values()) assert.ok(life >= ends - this.#ms, 'a place is gone before its end')
  }

  #entered(asked: Asked, own: string, [what, number]: number[], step: number): void {
    const { act, waiter, ttl } = asked
    const held = this.#holders.has(own)
    const [sure, perhaps] = this.#mayEnter(asked)
    if (what === 0) {
      assert.ok(!held && !sure, 'there is room')
      const first = Math.min(...[...this.#holders.values()].map((ends) => ends - this.#ms))
      assert.equal(number, first === Infinity ? -2 : first, 'when it is worth another try')
      if (act === 'enter') this.#line.stands(waiter, step, this.#ms)
      return
    }
    assert.equal(what, held ? 2 : 1)
    if (held) assert.ok(number! > 0 && number! <= this.#last)
    else {
      assert.ok(perhaps, 'there is no room')
      assert.ok(number! > this.#last && number! >= this.now)
      this.#last = number!
    }
    this.#holders.set(own, this.#ms + ttl)
    if (act === 'enter') this.#line.leaves(waiter)
  }
}

/** Runs moves, and holds every answer and every message against what such places promise. */
export async function assertPlaces(redis: Redis, scripts: Scripts, moves: readonly Move[], places: Places): Promise<void> {
  const names = namesOf({ prefix: fresh('walk') }, 'r')
  const steps = asked(moves, places)
  const judge = new Judge(places, names)
  const outcomes = await drive(redis, scripts, BEGIN, [names.lock, names.queue, names.waiting], steps.map((one) => stepOf(one, places, names)))
  for (const [i, outcome] of outcomes.entries()) {
    try {
      judge.judge(steps[i]!, outcome, i)
    } catch (error: any) {
      error.message = `step ${i}, ${JSON.stringify(steps[i])}: ${outcome.told}: ${error.message}`
      throw error
    }
  }
}
