import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { SessionStore } from '../express.js'
import { Redis } from '../index.js'
import { runNode } from './support/node'
import { root } from './support/root'
import { storeOn } from './support/session-app'

const express = JSON.stringify(path.join(root, 'express.js'))
const index = JSON.stringify(path.join(root, 'index.js'))
/** A store of a child's own, whose callback throws. */
const THROWS = `
  const { Redis } = require(${index}), { SessionStore } = require(${express})
  const redis = new Redis('embedded://')
  const store = new SessionStore(redis, { timeoutMs: '30s' })
  const thrown = []
  process.on('uncaughtException', (error) => thrown.push(error.message))
  let calls = 0
  const callback = () => { calls++; throw new Error('of the application') }
`

describe('what express-session asks of a store', () => {
  let redis: Redis
  let store: ReturnType<typeof storeOn>
  before(async () => {
    redis = await Redis.connect('embedded://')
    store = storeOn(redis)
  })
  after(() => redis.close())
  const session = (data: object) => ({ ...data, cookie: { originalMaxAge: null } }) as any
  const calledBack = (work: (callback: (...args: any[]) => void) => unknown) => {
    let answer: unknown
    return new Promise<any[]>((resolve) => (answer = work((...args) => resolve(args)))).then((args) => ({ args, answer }))
  }

  test('is an EventEmitter that takes callbacks, or gives promises', async () => {
    assert.ok(store instanceof EventEmitter)
    assert.deepEqual(await calledBack((done) => store.get('a', done)), { args: [null, null], answer: undefined })
    assert.deepEqual(await calledBack((done) => store.set('a', session({ n: 1 }), done)), { args: [null, undefined], answer: undefined })
    assert.equal((await calledBack((done) => store.get('a', done))).args[1].n, 1)
    assert.deepEqual(await calledBack((done) => store.touch('a', session({ n: 1 }), done)), { args: [null, undefined], answer: undefined })
    assert.equal((await calledBack((done) => store.all(done))).args[1].length, 1)
    assert.deepEqual((await calledBack((done) => store.length(done))).args, [null, 1])
    assert.deepEqual((await calledBack((done) => store.destroy('a', done))).args, [null, undefined])
    assert.deepEqual([await store.set('a', session({ n: 2 })), await store.get('a'), await store.length()], [undefined, null, 0])
    assert.deepEqual((await calledBack((done) => store.clear(done))).args, [null, undefined])
    assert.deepEqual([await store.set('b', session({ n: 2 })), (await store.get('b'))!.n, await store.length()], [undefined, 2, 1])
    assert.deepEqual([await store.touch('b', session({})), await store.destroy('b'), await store.clear()], [undefined, undefined, undefined])
  })

  for (const [name, call] of Object.entries({
    get: `store.get('a', callback)`,
    'get of nothing it can store': `store.get(7, callback)`,
    set: `store.set('a', { cookie: {} }, callback)`,
    'set of what cannot be stored': `store.set('a', { big: 1n }, callback)`,
    destroy: `store.destroy('a', callback)`,
    touch: `store.touch('a', { cookie: {} }, callback)`,
    all: `store.all(callback)`,
    length: `store.length(callback)`,
    clear: `store.clear(callback)`,
  })) {
    test(`calls back once, also where the callback throws: ${name}`, async () => {
      const child = runNode(`${THROWS}
        ${call}
        while (calls === 0) await new Promise((resolve) => setTimeout(resolve, 5))
        // One more round trip, behind which there is nothing left of it.
        await store.length()
        await redis.close()
        report({ calls, thrown })`)
      assert.deepEqual(await child.report, { calls: 1, thrown: ['of the application'] })
    })
  }

  test('hands what cannot be stored to the callback, and has stored nothing', async () => {
    const cyclic: any = session({})
    cyclic.self = cyclic
    const bad: [string, any][] = [['a', null], ['a', undefined], ['a', 'text'], ['a', [1]], ['a', session({ big: 1n })], ['a', cyclic], ['', session({})], [7 as any, session({})], [undefined as any, session({})], ['x'.repeat(100_000), session({})], ['\ud800', session({})]]
    for (const [sid, value] of bad) {
      const { args } = await calledBack((done) => store.set(sid, value, done))
      assert.equal(args[0].code, 'ERR_INVALID_ARG', JSON.stringify(args))
      await assert.rejects(store.set(sid, value), { code: 'ERR_INVALID_ARG' })
    }
    assert.equal(await store.length(), 0)
  })

  test('has no session under what is no id', async () => {
    for (const sid of ['', 7, null, undefined, {}, 'x'.repeat(100_000), '\ud800']) {
      assert.deepEqual((await calledBack((done) => store.get(sid as any, done))).args, [null, null])
      assert.deepEqual((await calledBack((done) => store.touch(sid as any, session({}), done))).args, [null, undefined])
      assert.deepEqual((await calledBack((done) => store.destroy(sid as any, done))).args, [null, undefined])
    }
  })

  test('takes ids of whatever a genid makes of them', async () => {
    for (const sid of ['a/b', 'a:b', '{a}b', 'ä😀', ' ', '*', '__proto__', 'x'.repeat(500)]) {
      await store.set(sid, session({ sid }))
      assert.equal((await store.get(sid))!.sid, sid)
    }
    await store.clear()
  })

  test('asks for express-session only where sessions of it are made', async () => {
    const child = runNode(`
      const { SessionStore } = require(${express}), { Redis } = require(${index})
      const redis = new Redis('embedded://')
      const store = new SessionStore(redis, { timeoutMs: '30s' })
      await store.set('a', { n: 1 })
      const { n } = await store.get('a')
      const before = Object.keys(require.cache).some((file) => file.includes('express-session'))
      await new Promise((resolve) => store.load('b', resolve))
      report({ n, before, after: Object.keys(require.cache).some((file) => file.includes('express-session')) })
      await redis.close()`)
    assert.deepEqual(await child.report, { n: 1, before: false, after: true })
  })

  test('a listener of write-refused that throws is no failure of the write', async () => {
    const child = runNode(`${THROWS}
      store.on('write-refused', callback)
      await store.set('a', { n: 1, cookie: {} })
      const session = await store.get('a')
      await store.destroy('a')
      session.n = 2
      const written = await store.set('a', session).then(() => 'answered', String)
      while (calls === 0) await new Promise((resolve) => setTimeout(resolve, 5))
      report({ written, thrown })
      await redis.close()`)
    assert.deepEqual(await child.report, { written: 'answered', thrown: ['of the application'] })
  })

  test('refuses options that are wrong, and names what is near', () => {
    const refuses = (options: object, error: object) => assert.throws(() => new SessionStore(redis, options as any), { code: 'ERR_INVALID_ARG', ...error })
    refuses({ conflicts: 'merge' }, { name: 'TypeError', message: /did you mean 'conflict'/ })
    refuses({ conflict: 'retry' }, { name: 'TypeError', message: /'merge', 'last-write' or 'reject'/ })
    refuses({ conflict: 7 }, { name: 'TypeError' })
    refuses({ merge: 'ours' }, { name: 'TypeError', message: /'mine', 'theirs', 'delta' or a function/ })
    refuses({ merge: 'toString' }, { name: 'TypeError' })
    refuses({ merge: 'mine', conflict: 'reject' }, { name: 'TypeError' })
    refuses({ emitConnection: 1 }, { name: 'TypeError' })
    refuses({ rotationGraceMs: -1 }, { name: 'RangeError' })
    refuses({ rotationGraceMs: 'soon' }, { name: 'TypeError' })
    refuses({ ttl: 0 }, { name: 'RangeError' })
    refuses({ legacyPrefix: 7 }, { name: 'TypeError' })
    refuses([], { name: 'TypeError' })
    assert.throws(() => new SessionStore('redis://localhost' as any), { name: 'TypeError', code: 'ERR_INVALID_ARG' })
    assert.throws(() => new SessionStore(undefined as any), { name: 'TypeError', code: 'ERR_INVALID_ARG' })
  })
})
