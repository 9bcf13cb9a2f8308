import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Redis } from '../index.js'
import type { TestServer } from '../testing.js'
import { fresh } from './support/cache-tools'
import { realServer } from './support/servers'
import { type ScriptName, SCRIPTS, SessionDriver } from './support/session-driver'

const [ALICE, BOB, ONE, TWO, NEXT] = ['alice', 'bob', 'one', 'two', 'next'].map((text) => text.padEnd(43, '.')) as [string, string, string, string, string]
const BEGIN = 1_700_000_000_000
const IDLE = 60_000

describe('scripts of sessions, on virtual time', () => {
  let server: TestServer
  let redis: Redis
  before(async () => {
    server = await realServer()
    redis = await Redis.connect(server.url)
  })
  after(async () => {
    await redis.close()
    await server.stop()
  })

  /** Calls with one clock, which stands but for `pass`. */
  function world() {
    const space = `${fresh('scripts')}:`
    const driver = new SessionDriver(redis, SCRIPTS, `${space}ends`)
    const all = [...[ONE, TWO, NEXT].map((name) => space + name), ...[ALICE, BOB].map((name) => `${space}user:${name}`)]
    let now = BEGIN
    const at = (name: string) => space + ([ALICE, BOB].includes(name) ? `user:${name}` : name)
    const run = async (script: ScriptName, names: string[], ...args: (string | number)[]) => (await driver.run(now, script, names.map(at), args.map(String), [])).told
    return {
      run,
      pass: (ms: number) => (now += ms),
      stored: async (name: string) => (await driver.run(now, '', [], [], all)).stored.get(at(name)),
      create: (name: string, user: string, most = 0, how = 'evict') => run('CREATE', [name, user], 0, `v${name}`, IDLE, '{}', 'u', user, '', name, most, how, 0),
      enlist: (user: string, until: number, name: string) => run('ENLIST', [user], until, name, 0, 'ask', 0),
    }
  }

  test('what has to go is not kept by being seen, nor by another id', async () => {
    const { run, stored, create, enlist } = world()
    await create(ONE, ALICE)
    assert.deepEqual((await create(TWO, ALICE, 1)).slice(4), [ONE])
    const score = async (name: string) => (await stored(ALICE))?.scores?.[name] ?? 0
    assert.ok((await score(ONE)) < 0 && (await score(TWO)) > 0)
    await enlist(ALICE, BEGIN + 10 * IDLE, ONE)
    assert.ok((await score(ONE)) < 0, 'it is kept by being seen')
    await run('ROTATE', [ONE, NEXT, ALICE], 0, `v${ONE}`, ALICE, NEXT, 1000, 60_000, '{}', 'u', '', ONE)
    assert.ok((await score(NEXT)) < 0, 'it is kept by another id')
    assert.equal(await score(ONE), 0)
    // Whoever began to end it by the old name finds the new one.
    assert.deepEqual(await run('DESTROY_ALL', [ONE], 0, 60_000, 'by', ALICE), [1, NEXT])
    assert.deepEqual(await run('DESTROY_ALL', [NEXT], 0, 60_000, 'by', ALICE), [1, 1])
  })

  test('an index that is told too late is told nothing, and has no key without an end', async () => {
    const { stored, pass, enlist } = world()
    pass(IDLE * 100)
    await enlist(ALICE, BEGIN + IDLE, ONE)
    assert.equal(await stored(ALICE), undefined)
  })

  test('a session that has become another\'s meanwhile does not live on by what the index of the one before knows', async () => {
    const { run, stored, create, pass } = world()
    await create(ONE, ALICE)
    await run('BIND', [ONE, BOB], 0, 'u', BOB, '', '', ONE, 0, 'evict', 0)
    pass(IDLE / 2)
    assert.deepEqual(await run('MARK', [ONE], 0, ALICE, BEGIN + 100 * IDLE), [0])
    assert.equal((await stored(ONE))!.fields!.s, String(BEGIN + IDLE * 1.5))
  })

  test('a session that is seen when its index cannot be told ends when the index has it end', async () => {
    const { run, stored, create, pass, enlist } = world()
    await create(ONE, ALICE)
    for (let i = 0; i < 20; i++) {
      pass(IDLE / 4)
      const told = await run('TOUCH', [ONE], 0, '', 0, '', '')
      if (told[0] !== 1) break
      assert.ok((await stored(ONE))!.ends! <= BEGIN + IDLE * 1.5)
    }
    assert.equal(await stored(ONE), undefined)
    // Told in time, it lives on.
    await create(TWO, ALICE)
    for (let i = 0; i < 20; i++) {
      pass(IDLE / 4)
      const [, , index, , due] = await run('TOUCH', [TWO], 0, '', 0, '', '')
      if (due === 0) continue
      await enlist(index, due, TWO)
      await run('MARK', [TWO], 0, index, due)
    }
    assert.equal((await run('READ', [TWO], 0, 0))[0], 1)
    assert.ok((await stored(ALICE))!.scores![TWO]! >= (await stored(TWO))!.ends!)
  })

  test('what is over is forgotten, but not before the clocks of all nodes say so', async () => {
    const { run, create, pass } = world()
    await create(ONE, ALICE)
    pass(IDLE * 1.5 + 59_000)
    await create(TWO, ALICE)
    assert.equal((await run('MEMBERS', [ALICE])).length, 5)
    pass(1000)
    assert.deepEqual((await run('MEMBERS', [ALICE])).slice(1, 2), [TWO])
  })

  test('an absolute end that was made earlier holds for what is there', async () => {
    const { run, create, pass, stored } = world()
    await create(ONE, ALICE)
    pass(IDLE / 2)
    assert.equal((await run('READ', [ONE], IDLE / 2 + 1, 0))[0], 1)
    assert.deepEqual(await run('READ', [ONE], IDLE / 2, 0), [0])
    assert.equal(await stored(ONE), undefined)
  })
})
