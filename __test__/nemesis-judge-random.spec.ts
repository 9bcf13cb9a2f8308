import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { conflict } from '../nemesis/history/attempt'
import { exclusion } from '../nemesis/judge/exclusion'
import { attempt, broken, history } from './support/nemesis-history'
import { lawful, steps } from './support/nemesis-lock'

const index = fc.nat()

describe('the judge', () => {
  test('acquits a lock that keeps its promises, late writes and forgetful servers included', () => {
    fc.assert(fc.property(steps, (callers) => assert.deepEqual(broken(lawful(callers)), [])), { seed: 1 })
  })

  test('convicts it once anybody believes for longer than he should', () => {
    fc.assert(
      fc.property(steps, index, (callers, at) => {
        const { attempts, ...rest } = lawful(callers.map((step) => ({ ...step, forgets: false })))
        const early = attempts[at % (attempts.length - 1)]!
        const late = attempts[(at % (attempts.length - 1)) + 1]!
        early.believed!.to = late.believed!.from
        assert.ok(broken({ attempts, ...rest }).includes('exclusion'))
      }), { seed: 1 },
    )
  })

  test('convicts it once two tokens are exchanged, or alike', () => {
    fc.assert(
      fc.property(steps, index, index, (callers, one, other) => {
        const { attempts } = lawful(callers)
        const [a, b] = [attempts[one % attempts.length]!, attempts[other % attempts.length]!]
        fc.pre(a !== b)
        const exchanged = new Map([[a, b.token!], [b, a.token!]])
        assert.deepEqual(broken({ attempts: attempts.map((attempt) => ({ ...attempt, token: exchanged.get(attempt) ?? attempt.token! })) }).includes('tokens'), true)
        const alike = attempts.map((attempt) => (attempt === a ? { ...attempt, token: b.token! } : attempt))
        assert.ok(broken({ attempts: alike }).includes('tokens'))
      }), { seed: 1 },
    )
  })

  test('convicts a register that takes what is refused', () => {
    fc.assert(
      fc.property(steps, (callers) => {
        const { attempts, stored, ...rest } = lawful(callers)
        const late = attempts.flatMap(({ id, token, writes }) => writes.filter(({ accepted }) => accepted!.a === false).map(() => ({ resource: 'a', id, n: 1, token: token! })))
        fc.pre(late.length > 0)
        assert.ok(broken({ attempts, ...rest, stored: [...stored, ...late] }).includes('register'))
      }), { seed: 1 },
    )
  })

  const held = fc.record({
    from: fc.integer({ min: 0, max: 200 }),
    length: fc.integer({ min: 0, max: 40 }),
    lock: fc.constantFrom('mutex', 'read', 'write') as fc.Arbitrary<'mutex' | 'read' | 'write'>,
  })

  test('finds every pair that shares a moment, and no other', () => {
    fc.assert(
      fc.property(fc.array(held, { maxLength: 30 }), (all) => {
        const attempts = all.map(({ from, length, lock }) => attempt({ held: [from, from + length], job: { lock } }))
        const found = exclusion(history({ attempts })).map(({ ids }) => [...ids!].sort().join(' '))
        const meant = attempts.flatMap((a, i) =>
          attempts.slice(i + 1).flatMap((b) => {
            const shares = Math.max(a.believed!.from, b.believed!.from) <= Math.min(a.believed!.to, b.believed!.to)
            return shares && conflict(a.job, b.job) ? [[a.id, b.id].sort().join(' ')] : []
          }),
        )
        assert.deepEqual(found.sort(), meant.sort())
      }), { seed: 1 },
    )
  })

  test('finds a semaphore with too many holders, whenever there is a moment with too many', () => {
    fc.assert(
      fc.property(fc.array(held, { maxLength: 20 }), fc.integer({ min: 1, max: 5 }), (all, permits) => {
        const attempts = all.map(({ from, length }) => attempt({ held: [from, from + length], job: { lock: 'semaphore', permits } }))
        const most = Math.max(0, ...all.map(({ from }) => all.filter((other) => other.from <= from && other.from + other.length >= from).length))
        assert.equal(exclusion(history({ attempts })).length > 0, most > permits)
      }), { seed: 1 },
    )
  })
})
