import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { Following } from '../nemesis/fleet/following'
import type { Line } from '../nemesis/history/line'
import { Log } from '../nemesis/holder/log'
import type { Job } from '../nemesis/locks/contract'
import { draw } from '../nemesis/picture/picture'
import { schedule } from '../nemesis/schedule'
import { type Command, Monitor } from '../nemesis/watch/monitor'
import type { Fault } from '../nemesis/world'
import { MortalServer } from './support/client-server'
import { attempt, history } from './support/nemesis-history'
import { newFolder } from './support/reaper'
import { askAll } from './support/resp'

const job: Job = { lock: 'mutex', resources: ['a'], ttlMs: 100, waitMs: 0 }

describe('what a process writes down', () => {
  const file = path.join(newFolder(), 'p1')
  const log = new Log(file)
  const following = new Following('p1', file)
  const lines: Line[] = [
    { e: 'up', t: 1 },
    { e: 'ask', t: 2, id: 'p1/0/1', job },
    { e: 'held', t: 3, id: 'p1/0/1', token: 7, valid: true },
    { e: 'block', t: 4, id: 'p1/0/1', ms: 5 },
    { e: 'unblocked', t: 9, id: 'p1/0/1', valid: true, aborted: false },
    { e: 'write', t: 10, id: 'p1/0/1', n: 1 },
    { e: 'wrote', t: 11, id: 'p1/0/1', n: 1, accepted: { a: true } },
    { e: 'valid', t: 12, id: 'p1/0/1' },
    { e: 'over', t: 20, id: 'p1/0/1', aborted: true, why: 'expired' },
    { e: 'release', t: 21, id: 'p1/0/1' },
    { e: 'released', t: 22, id: 'p1/0/1', outcome: 'expired' },
  ]

  test('is read while it is written, as what it held and when', () => {
    for (const line of lines.slice(0, 3)) log.write(line)
    const { attempts } = following.catchUp()
    assert.deepEqual(attempts.get('p1/0/1')!.believed, { from: 3, to: 3 })
    for (const line of lines.slice(3)) log.write(line)
    following.catchUp()
    assert.deepEqual(attempts.get('p1/0/1'), {
      id: 'p1/0/1',
      process: 'p1',
      job,
      tag: undefined,
      asked: 2,
      settled: 3,
      outcome: 'held',
      token: 7,
      believed: { from: 3, to: 12 },
      blocks: [{ from: 4, ms: 5, to: 9, valid: true, aborted: false }],
      writes: [{ n: 1, sent: 10, answered: 11, accepted: { a: true } }],
      over: { at: 20, aborted: true, why: 'expired' },
      release: { asked: 21, settled: 22, outcome: 'expired' },
    })
  })

  test('is waited for where a line is not whole', () => {
    const line = JSON.stringify({ e: 'ask', t: 30, id: 'p1/0/2', job } satisfies Line)
    fs.appendFileSync(file, line.slice(0, 20))
    assert.equal(following.catchUp().attempts.size, 1)
    fs.appendFileSync(file, `${line.slice(20)}\n`)
    assert.equal(following.catchUp().attempts.get('p1/0/2')!.outcome, 'pending')
  })

  test('is no hold where the lock was over before anybody could look', () => {
    log.write({ e: 'held', t: 31, id: 'p1/0/2', token: 8, valid: false })
    assert.equal(following.catchUp().attempts.get('p1/0/2')!.believed, undefined)
  })
})

describe('a monitor', () => {
  test('hears every command in its order, and which of them a script called', async () => {
    await using server = await MortalServer.start()
    const heard: Command[] = []
    const monitor = await Monitor.open({ path: server.path }, (command) => heard.push(command))
    const value = JSON.stringify({ id: 'p1/0/1', n: 1, token: null, said: '\\"' })
    await askAll({ path: server.path }, [['EVAL', "return redis.call('SET', KEYS[1], ARGV[1])", 1, 'fenced:a', value], ['get', 'x']])
    await monitor.catchUp()
    monitor.close()
    assert.deepEqual(heard.map(({ name, inScript }) => [name, inScript]), [['EVAL', false], ['SET', true], ['GET', false]])
    assert.deepEqual(heard[1]!.args, ['fenced:a', value])
  })
})

describe('the order of faults', () => {
  const faults = Array.from({ length: 6 }, (_, i): Fault => ({ name: `fault ${i}`, on: i < 3 ? 'process' : 'server', lasts: [0, 100], apply: () => assert.fail() }))
  const first = (seed: number, count: number) => {
    const turns = schedule(seed, 'world 1', faults)
    return Array.from({ length: count }, () => turns.next().value).map(({ fault, within, lastsMs }) => [fault.name, within?.name, lastsMs])
  }

  test('follows from the seed, and has each once before any comes again', () => {
    assert.deepEqual(first(1, 30), first(1, 30))
    assert.notDeepEqual(first(1, 30), first(2, 30))
    assert.equal(new Set(first(1, 6).map(([name]) => name)).size, 6)
  })

  test('has one within another later on: a server in trouble while a process is', () => {
    assert.ok(first(1, 6).every(([, within]) => within === undefined))
    const double = first(1, 100).filter(([, within]) => within !== undefined)
    assert.ok(double.length > 5)
    for (const [outer, inner] of double) assert.match(`${outer} ${inner}`, /^fault [012] fault [345]$/)
  })
})

describe('the picture', () => {
  test('shows who held, whose writes were refused, faults, and what was violated', () => {
    const attempts = [
      attempt({ id: 'p1/0/1', held: [0, 500], writes: [{ n: 1, sent: 1, answered: 2, accepted: { a: true } }] }),
      attempt({ id: 'p2.2/0/1', held: [400, 900], writes: [{ n: 1, sent: 1, answered: 2, accepted: { a: false } }] }),
      attempt({ id: 'p1/0/2', held: [1000, 1100], job: { lock: 'semaphore', resources: ['<s>'] } }),
    ]
    const faults = [{ name: 'all & sundry', from: 100, to: 200 }, { name: 'one', from: 300, to: 350, processes: ['p2.2'] }]
    const picture = draw(history({ attempts, faults }), [{ rule: 'exclusion', what: 'both', at: 400, ids: ['p1/0/1'] }], 'a test')
    assert.match(picture, /a test: 1 violations/)
    for (const lane of ['a · p1', 'a · p2', '&lt;s&gt; · p1']) assert.ok(picture.includes(`>${lane}</text>`), lane)
    for (const colour of ['#2a9d4a', '#d62828', '#5b8def']) assert.match(picture, new RegExp(`<rect x="1[^>]*fill="${colour}"[^>]*><title>p`), colour)
    assert.match(picture, /<title>all &amp; sundry<\/title>/)
    assert.match(picture, /stroke="black"[^>]*><title>p1\/0\/1: mutex/)
    assert.match(picture, /<title>both<\/title>/)
    assert.doesNotMatch(picture, /NaN|undefined|Infinity/)
  })
})
