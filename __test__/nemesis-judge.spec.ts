import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Attempt } from '../nemesis/history/attempt'
import { PROGRESS_CEILING_MS, SETTLE_CEILING_MS } from '../nemesis/settings'
import { nemesis } from './support/nemesis'
import { attempt, broken, verdict } from './support/nemesis-history'

/** Two that hold one after the other, the first one for longer than it should. */
const twice = (first: Partial<Attempt> = {}) => [attempt({ id: 'p1/0/1', held: [0, 20], ...first }), attempt({ id: 'p2/0/1', held: [10, 30] })]

describe('mutual exclusion', () => {
  test('of holders one after another is kept', () => {
    assert.deepEqual(broken({ attempts: [attempt({ held: [0, 9] }), attempt({ held: [10, 20] }), attempt({ held: [21, 30] })] }), [])
  })

  test('is broken by two who believe to hold at the same time', () => {
    assert.deepEqual(verdict({ attempts: twice() }), ["exclusion: 'a': p1/0/1 (mutex) and p2/0/1 (mutex): both hold it for 10.0 ms"])
  })

  test('is broken by a moment that both share', () => {
    assert.deepEqual(broken({ attempts: [attempt({ held: [0, 10] }), attempt({ held: [10, 10] })] }), ['exclusion'])
  })

  test('is broken by one who holds all through the time of several others, and is told of each', () => {
    const others = [attempt({ held: [10, 20] }), attempt({ held: [30, 40] })]
    assert.equal(verdict({ attempts: [attempt({ held: [0, 50] }), ...others] }).length, 2)
  })

  test('is of a resource, and of each of several', () => {
    const both = attempt({ held: [0, 20], job: { resources: ['a', 'b'] } })
    assert.deepEqual(broken({ attempts: [both, attempt({ held: [10, 30], job: { resources: ['c'] } })] }), [])
    assert.deepEqual(broken({ attempts: [both, attempt({ held: [10, 30], job: { resources: ['b'] } })] }), ['exclusion'])
  })

  test('does not last longer than a holder knew that it holds', () => {
    assert.deepEqual(broken({ attempts: [attempt({ held: [0, 9], over: { at: 12, aborted: true, why: 'expired' } }), attempt({ held: [10, 20] })] }), [])
  })

  test('is owed as far as the clock of the servers is not set', () => {
    assert.deepEqual(broken({ attempts: twice(), clockStepMs: 9 }), ['exclusion'])
    assert.deepEqual(broken({ attempts: twice(), clockStepMs: 11 }), [])
  })

  test('is of writers with everybody, and not of readers with each other', () => {
    const [read, write] = [{ lock: 'read' }, { lock: 'write' }] as const
    const pair = (a: typeof read | typeof write, b: typeof read | typeof write) => [attempt({ held: [0, 20], job: a }), attempt({ held: [10, 30], job: b })]
    assert.deepEqual(broken({ attempts: pair(read, read) }), [])
    for (const attempts of [pair(read, write), pair(write, read), pair(write, write)]) assert.deepEqual(broken({ attempts }), ['exclusion'])
  })

  test('is of a semaphore when there are more holders than permits', () => {
    const permit = (held: [number, number]) => attempt({ held, job: { lock: 'semaphore', permits: 2 } })
    assert.deepEqual(broken({ attempts: [permit([0, 20]), permit([10, 40]), permit([21, 30])] }), [])
    assert.deepEqual(broken({ attempts: [permit([0, 22]), permit([10, 40]), permit([21, 30])] }), ['exclusion'])
  })

  describe('when servers forget', () => {
    const loss = { from: 5, to: 6 }

    test('is not owed to one who held before, until its TTL is over', () => {
      assert.deepEqual(broken({ attempts: twice(), losses: [loss] }), [])
      assert.deepEqual(broken({ attempts: twice({ job: { ...twice()[0]!.job, ttlMs: 10 } }), losses: [loss] }), ['exclusion'])
    })

    test('is owed before it, and to whoever asks after', () => {
      assert.deepEqual(broken({ attempts: twice(), losses: [{ from: 25, to: 26 }] }), ['exclusion'])
      assert.deepEqual(broken({ attempts: twice(), losses: [{ from: -5, to: -4 }] }), ['exclusion'])
    })

    test('is owed to one whose lock the other server had, unless a renewal may be lost', () => {
      const late = { ...loss, since: 1 }
      assert.deepEqual(broken({ attempts: twice(), losses: [late] }), ['exclusion'])
      assert.deepEqual(broken({ attempts: twice({ job: { ...twice()[0]!.job, renew: true } }), losses: [late] }), [])
    })

    test('is owed to one whose lock all replicas had', () => {
      const replicated = { ...twice()[0]!.job, replicated: true }
      assert.deepEqual(broken({ attempts: twice({ job: replicated }), losses: [loss] }), [])
      assert.deepEqual(broken({ attempts: twice({ job: replicated }), losses: [{ ...loss, sparesReplicated: true }] }), ['exclusion'])
    })
  })
})

describe('fencing tokens', () => {
  const [first, second] = [attempt({ id: 'p1/0/1', held: [0, 9], token: 7 }), attempt({ id: 'p2/0/1', held: [10, 20], token: 8 })]

  test('rise', () => assert.deepEqual(broken({ attempts: [first, second] }), []))

  test('must not stay the same, fall, or be missing', () => {
    const told = 'tokens: p2/0/1 has the token 7, and p1/0/1, which came before, has 7'
    assert.deepEqual(verdict({ attempts: [first, { ...second, token: 7 }] }), [told])
    assert.deepEqual(broken({ attempts: [first, { ...second, token: 6 }] }), ['tokens'])
    assert.deepEqual(broken({ attempts: [first, { ...second, token: null }] }), ['tokens'])
  })

  test('rise also for one who was asking all the time', () => {
    assert.deepEqual(broken({ attempts: [first, { ...second, asked: -10, token: 6 }] }), ['tokens'])
  })

  test('rise for a writer after readers', () => {
    const [read, write] = [{ ...first.job, lock: 'read' }, { ...first.job, lock: 'write' }] as const
    assert.deepEqual(broken({ attempts: [{ ...first, job: read }, { ...second, asked: -10, token: 6, job: write }] }), ['tokens'])
  })

  test('of permits rise when one was asked for after the other was granted', () => {
    const job = { ...first.job, lock: 'semaphore', permits: 2 } as const
    assert.deepEqual(broken({ attempts: [{ ...first, job }, { ...second, job, asked: -10, token: 6 }] }), [])
    assert.deepEqual(broken({ attempts: [{ ...first, job }, { ...second, job, asked: 1, token: 6 }] }), ['tokens'])
  })

  test('rise beyond what servers forgot', () => {
    assert.deepEqual(broken({ attempts: [first, { ...second, token: 6 }], losses: [{ from: 9.1, to: 9.2 }] }), ['tokens'])
  })
})

describe('a fenced register', () => {
  const writes = (accepted: boolean, sent: number) => [{ n: 1, sent, answered: sent + 1, accepted: { a: accepted } }]
  const early = attempt({ id: 'p1/0/1', held: [0, 9], writes: writes(true, 1) })
  const late = attempt({ id: 'p2/0/1', held: [10, 20], writes: writes(true, 11) })
  const [one, two] = [early, late].map(({ id, token }) => ({ resource: 'a', id, n: 1, token: token! })) as [any, any]

  test('goes forward', () => assert.deepEqual(broken({ attempts: [early, late], stored: [one, one, two] }), []))

  test('does not go back to a lower token', () => {
    assert.deepEqual(verdict({ attempts: [early, late], stored: [two, one] }), ["register: 'a' went back: it took 0 of p1/0/1 after 10 of p2/0/1"])
  })

  test('does not go back to who held earlier, tokens or not', () => {
    const attempts = [early, late].map((attempt) => ({ ...attempt, token: null }))
    assert.deepEqual(broken({ attempts, stored: [one, two, one].map((stored) => ({ ...stored, token: null })) }), ['tokens', 'register'])
  })

  test('does not take the token of two', () => {
    assert.deepEqual(broken({ attempts: [early, { ...late, token: early.token! }], stored: [one, two] }), ['tokens', 'register'])
  })

  test('keeps what it acknowledged', () => assert.deepEqual(broken({ attempts: [early, late], stored: [one] }), ['register']))

  test('refuses nobody who holds before and after', () => {
    const refused = { ...late, writes: writes(false, 11) }
    assert.deepEqual(broken({ attempts: [early, refused], stored: [one] }), ['register'])
    assert.deepEqual(broken({ attempts: [early, refused], stored: [one], losses: [{ from: 9, to: 9.1 }], ttls: { a: 1000 } }), [])
    assert.deepEqual(broken({ attempts: [early, { ...late, writes: writes(false, 19.5) }], stored: [one] }), [])
  })
})

describe('an answer', () => {
  const late = 2000 * 1.1 + SETTLE_CEILING_MS + 1
  const waited = (settled: number) => attempt({ id: 'p1/0/1', asked: 0, settled, job: { waitMs: 2000 } })

  test('comes within the wait and a tenth of it', () => {
    assert.deepEqual(broken({ attempts: [waited(late - 2)] }), [])
    assert.deepEqual(broken({ attempts: [waited(late)] }), ['settling'])
  })

  test('cannot come to a process that stands still, or on a machine that has no core for it', () => {
    const halt = { name: 'stopped', from: 10, to: 2000, processes: ['p1'], halts: true }
    assert.deepEqual(broken({ attempts: [waited(late)], faults: [halt] }), [])
    assert.deepEqual(broken({ attempts: [waited(late)], faults: [{ ...halt, processes: ['p2'] }] }), ['settling'])
    assert.deepEqual(broken({ attempts: [waited(late)], lateMs: () => 100 }), [])
  })

  test('comes at all', () => {
    const { settled: _, ...pending } = waited(0)
    assert.deepEqual(broken({ attempts: [{ ...pending, outcome: 'pending' }], stopped: late }), ['settling'])
    const killed = { process: 'p1', killed: true, at: 100, code: null, said: '' }
    assert.deepEqual(broken({ attempts: [{ ...pending, outcome: 'pending' }], stopped: late, ends: [killed] }), [])
  })

  test('is not late as a rule, though each may be late now and then', () => {
    const waits = (late: number, inTime: number) => [...Array<number>(late).fill(2300), ...Array<number>(inTime).fill(2200)].map(waited)
    assert.deepEqual(broken({ attempts: waits(5, 3) }), [])
    assert.deepEqual(broken({ attempts: waits(7, 1) }), ['settling'])
    assert.deepEqual(broken({ attempts: waits(7, 0) }), [])
  })

  test('comes to a release too', () => {
    const released = { asked: 10, settled: 10 + 500 + SETTLE_CEILING_MS + 1, outcome: 'unknown' }
    assert.deepEqual(broken({ attempts: [attempt({ held: [0, 9], release: released })] }), ['settling'])
  })
})

describe('progress after a fault', () => {
  const fault = { name: 'all away', from: 100, to: 200 }
  const bound = 2 * 1000 + PROGRESS_CEILING_MS
  const at = (from: number) => [attempt({ held: [0, 50] }), attempt({ held: [from, from + 10] })]
  const told = { faults: [fault], ttls: { a: 1000 } }

  test('is made within two TTLs', () => {
    assert.deepEqual(broken({ ...told, attempts: at(200 + bound - 1) }), [])
    assert.deepEqual(broken({ ...told, attempts: at(200 + bound + 1) }), ['progress'])
  })

  test('is made at all, unless there was no time', () => {
    assert.deepEqual(broken({ ...told, attempts: at(60), stopped: 200 + bound + 1 }), ['progress'])
    assert.deepEqual(broken({ ...told, attempts: at(60), stopped: 200 + bound - 1 }), [])
  })

  test('waits for one who held it all the time', () => {
    const attempts = [attempt({ held: [0, 5000] }), attempt({ held: [200 + bound + 2000, 200 + bound + 2100] })]
    assert.deepEqual(broken({ ...told, attempts }), [])
  })
})

describe('the rest', () => {
  test('no key stays for ever, and none but fences longer than the longest TTL', () => {
    assert.deepEqual(broken({ leftovers: { immortal: ['lock:a'], late: [] } }), ['leftovers'])
    assert.deepEqual(verdict({ leftovers: { immortal: [], late: ['queue:{lock:a}'] } }), ['leftovers: 1 keys are there when the longest TTL was over: queue:{lock:a}'])
  })

  test('a hand-over takes no more than six commands', () => {
    assert.deepEqual(broken({ calm: { commands: { EVALSHA: 500, PUBLISH: 100 }, handOvers: 100 } }), [])
    assert.deepEqual(verdict({ calm: { commands: { SET: 1, EVALSHA: 700 }, handOvers: 100 } }), ['commands: 100 hand-overs took 7.0 commands each: 700 EVALSHA, 1 SET'])
    assert.deepEqual(broken({ calm: { commands: {}, handOvers: 12 } }), ['commands'])
  })

  test('a signal has aborted when its lock is over', () => {
    const over = (aborted: boolean) => [attempt({ held: [0, 9], over: { at: 10, aborted, why: '' } })]
    assert.deepEqual(broken({ attempts: over(true) }), [])
    assert.deepEqual(broken({ attempts: over(false) }), ['truth'])
  })

  test('after a blocked loop a lock says what it is', () => {
    const after = (renew: boolean, valid: boolean, aborted = !valid) => [attempt({ held: [0, 9], job: { renew }, blocks: [{ from: 10, to: 1110, ms: 1100, valid, aborted }] })]
    assert.deepEqual(broken({ attempts: after(false, false) }), [])
    assert.deepEqual(broken({ attempts: after(false, true) }), ['truth'])
    assert.deepEqual(broken({ attempts: after(false, false, false) }), ['truth'])
    assert.deepEqual(broken({ attempts: after(true, true) }), [])
    assert.deepEqual(broken({ attempts: after(true, false) }), ['truth'])
    assert.deepEqual(broken({ attempts: after(true, false), faults: [{ name: 'another', from: 500, to: 600 }] }), [])
    assert.deepEqual(broken({ attempts: after(true, false), lateMs: () => 400 }), [])
  })

  test('a process ends as it was told', () => {
    const end = { process: 'p1', killed: false, at: 0, code: 0, said: '' }
    assert.deepEqual(broken({ ends: [end, { ...end, killed: true, code: null }] }), [])
    assert.deepEqual(broken({ ends: [{ ...end, code: 1 }] }), ['ending'])
    assert.deepEqual(broken({ ends: [{ ...end, said: 'UnhandledPromiseRejection' }] }), ['ending'])
  })
})

describe('the lock that everybody writes first', () => {
  test('is convicted of all that it does not promise', async () => {
    const faults = ['longer than its TTL', 'not renewed'].flatMap((part) => ['--fault', part])
    const { code, output } = await nemesis('--lock', 'naive', '--world', 'single', ...faults, '--minutes', '0.05', '--seed', '1')
    assert.equal(code, 1, output)
    // It believes to hold after its TTL, has no token, lets a stopped holder write over the next one, and does not see that its time is over.
    for (const rule of ['exclusion', 'tokens', 'register', 'truth']) assert.match(output, new RegExp(`^VIOLATED \\(${rule}\\): `, 'm'), output)
    assert.match(output, /^\d+ violations; again by: npm run nemesis -- --minutes 0\.05 --seed 1 --world single --fault 'longer than its TTL' --fault 'not renewed' --lock naive$/m)
  })
})
