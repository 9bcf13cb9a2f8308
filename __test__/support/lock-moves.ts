import * as fc from 'fast-check'
import type { Step } from './lock-driver'
import { LEASE } from './lock-line'
import type { namesOf } from './lock-tools'

export const FENCE_MS = 3_600_000
export const RESOURCES = ['a', 'b']

/** Between two steps, in µs: mostly short, sometimes until leases have ended, and for hours. */
export const PAUSES = fc.oneof(
  { weight: 12, arbitrary: fc.integer({ min: 1, max: 3000 }) },
  { weight: 6, arbitrary: fc.integer({ min: 1, max: 100_000 }) },
  { weight: 2, arbitrary: fc.integer({ min: 1, max: 5_000_000 }) },
  { weight: 1, arbitrary: fc.constant(7_200_000_000) },
)

const ACTS = ['take', 'queue_up', 'queue_up', 'queue_up', 'free', 'free', 'again', 'renew', 'retake', 'inspect', 'pass', 'flush'] as const

/** The clock may be set back. */
const CLOCK = fc.oneof({ weight: 20, arbitrary: PAUSES }, { weight: 1, arbitrary: fc.integer({ min: -5_000_000, max: 0 }) })

const MOVE = fc.record({ act: fc.constantFrom(...ACTS), client: fc.nat(3), which: fc.nat(3), ttl: fc.constantFrom(1, 20, 200, 5000), us: CLOCK })
export type Move = typeof MOVE extends fc.Arbitrary<infer T> ? T : never
export const MOVES = fc.array(MOVE, { minLength: 5, maxLength: 60, size: 'max' })

/** One `acquire`: what it wants, under which token, and how it stands in line. */
interface Attempt {
  names: string[]
  token: string
  waiter: string
  stood: boolean
}

/** Whose inbox is heard at another node, of those who wait. */
export const UNHEARD = 3

const inboxOf = (client: number) => String(client).repeat(16)
export const isHeard = (waiter: string) => !waiter.startsWith(inboxOf(UNHEARD))

/** Who wants one lock takes it as it is handed to him. */
const waiterOf = (client: number, token: string, names: readonly string[], ttl: number) =>
  `${inboxOf(client)}/${names.length === 1 ? `g${ttl}:${ttl + FENCE_MS}:` : 'x'}${token}`

export interface Asked extends Attempt {
  act: (typeof ACTS)[number]
  ttl: number
  us: number
}

/** What clients may ask one after the other: a token is not used any more once it was freed. */
export function asked(moves: readonly Move[], isFair: boolean): Asked[] {
  const attempts = [0, 1, 2, 3].map((client) => ({ count: 0, before: undefined as Attempt | undefined, now: undefined as Attempt | undefined, client }))
  const out: Asked[] = []
  for (const { act, client, which, ttl, us } of moves) {
    const of = attempts[client]!
    const nothing = { names: [], token: '', waiter: '', stood: false }
    if (act === 'flush' || act === 'pass') out.push({ ...nothing, act, ttl, us })
    else if (act === 'again') out.push({ ...(of.before ?? nothing), act: of.before ? act : 'pass', ttl, us })
    else if (of.now === undefined && act !== 'take' && act !== 'queue_up') out.push({ ...nothing, act: 'pass', ttl, us })
    else {
      if (of.now === undefined) {
        const token = `t${client}.${++of.count}`
        const names = isFair ? ['a'] : which === 3 ? RESOURCES : [RESOURCES[which % 2]!]
        of.now = { names, token, waiter: waiterOf(client, token, names, ttl), stood: false }
      }
      if (act === 'queue_up') of.now.stood = true
      out.push({ ...of.now, act, ttl, us })
      if (act === 'free') [of.before, of.now] = [of.now, undefined]
    }
  }
  return out
}

export type Names = ReturnType<typeof namesOf>

export function stepOf({ act, names, token, waiter, stood, ttl, us }: Asked, isFair: boolean, of: (name: string) => Names): Step {
  const keys = (...which: (keyof Names)[]) => names.flatMap((name) => which.map((key) => of(name)[key]))
  const tokens = names.map(() => token)
  const life = String(ttl + FENCE_MS)
  switch (act) {
    case 'take':
      // Who does not wait overtakes nobody either.
      if (isFair) return stepOf({ act: 'queue_up', names, token, waiter: '', stood, ttl, us }, isFair, of)
      return { us, script: names.length === 1 ? 'TAKE' : 'TAKE_ALL', keys: keys('lock', 'fence'), args: [String(ttl), life, token] }
    case 'queue_up':
      return { us, script: 'QUEUE_UP', keys: keys('lock', 'fence', 'queue', 'waiting'), args: [life, token, String(ttl), waiter, String(LEASE), isFair ? '1' : '0'] }
    case 'free':
    case 'again':
      return { us, script: stood ? 'LEAVE' : 'FREE', keys: keys('lock', 'fence', 'queue', 'waiting'), args: stood ? [waiter, ...tokens] : tokens }
    case 'renew':
    case 'retake':
      return { us, script: 'RENEW', keys: keys('lock', 'fence'), args: [act === 'retake' ? '1' : '0', String(ttl), life, ...tokens] }
    case 'inspect':
      return { us, script: 'INSPECT', keys: [of(names[0]!).lock, of(names[0]!).fence], args: [] }
    case 'flush':
      return { us, script: 'FLUSH' as any, keys: RESOURCES.flatMap((name) => Object.values(of(name))), args: [] }
    default:
      return { us, script: '', keys: [], args: [] }
  }
}

