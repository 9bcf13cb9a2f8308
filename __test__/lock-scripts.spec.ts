import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import type { DistributedLock } from '../index.js'
import { onEveryBackend } from './support/backends'
import { fresh } from './support/cache-tools'
import { serverNow } from './support/limit-tools'
import { type ScriptName, SCRIPTS } from './support/lock-scripts'
import { livesOf, LONG, lockOf, namesOf } from './support/lock-tools'

const HOUR = 3_600_000
const LEASE = 60_000
const WAITER = '0123456789abcdef/'

onEveryBackend('the scripts of locks', (backend) => {
  let locks: DistributedLock & { prefix: string }
  before(() => (locks = lockOf(backend.redis)))
  const run = (script: ScriptName, keys: string[], ...args: (string | number)[]) => backend.redis.eval(SCRIPTS[script], keys, args) as Promise<any>
  const ask = (...words: (string | number)[]) => backend.redis.command(String(words[0]), ...words.slice(1).map(String)) as Promise<any>
  /** Names that share a slot, so that a script may concern all of them. */
  const three = () => {
    const tag = fresh()
    return ['a', 'b', 'c'].map((name) => {
      const { lock, ...beside } = namesOf(locks, `${tag}${name}`)
      const keep = (key: string) => `${key}:{${tag}}`
      return Object.fromEntries([['lock', keep(lock)], ...Object.entries(beside).map(([what, key]) => [what, keep(key.replace(/[{}]/g, ''))])]) as ReturnType<typeof namesOf>
    })
  }
  const assertLives = async (wanted: Record<string, number>) => {
    const lives = await livesOf(backend.redis, Object.keys(wanted))
    // A machine that stands still takes its time.
    for (const [i, [key, most]] of Object.entries(wanted).entries()) assert.ok(lives[i]! <= most && lives[i]! > most - 30_000, `${key}: ${lives[i]} of ${most} ms`)
  }

  test('take: each for itself, again without effect, by the clock of the server', async () => {
    const [a, b, c] = three()
    const pairs = (...some: any[]) => some.flatMap(({ lock, fence }) => [lock, fence])
    const begun = await serverNow(backend.redis)
    const [one, token, two, second, no, left] = await run('TAKE', pairs(a, b, a), LONG, LONG + HOUR, 'one', 'two', 'three')
    assert.deepEqual([one, two, no], [1, 1, 0])
    for (const given of [token, second]) assert.ok(given >= begun * 1000 && given < (await serverNow(backend.redis)) * 1000 + 1000)
    assert.ok(left > 0 && left <= LONG)
    await assertLives({ [a!.lock]: LONG, [b!.lock]: LONG, [a!.fence]: LONG + HOUR, [b!.fence]: LONG + HOUR })
    const again = await run('TAKE', pairs(a, c, b), 2 * LONG, 2 * LONG + HOUR, 'one', 'one', 'two')
    assert.deepEqual([again.slice(0, 2), again[2], again.slice(4)], [[2, token], 1, [2, second]])
    await assertLives({ [a!.lock]: 2 * LONG, [b!.fence]: 2 * LONG + HOUR, [c!.lock]: 2 * LONG })
    assert.deepEqual([await ask('GET', a!.lock), await ask('GET', a!.fence)], ['one', String(token)])
  })

  test('take_all: all or none, with one token, which is greater than that of each', async () => {
    const [a, b, c] = three()
    const keys = [a, b, c].flatMap((one) => [one!.lock, one!.fence])
    await ask('SET', b!.fence, '9007199254740000', 'PX', LONG)
    assert.deepEqual(await run('TAKE_ALL', keys, LONG, LONG + HOUR, 'one'), [1, 9007199254740001])
    assert.deepEqual(await run('TAKE_ALL', keys, LONG, LONG + HOUR, 'one'), [2, 9007199254740001])
    for (const { fence } of [a!, b!, c!]) assert.equal(await ask('GET', fence), '9007199254740001')
    await assertLives({ [a!.lock]: LONG, [b!.fence]: LONG + HOUR, [c!.fence]: LONG + HOUR })
    await ask('DEL', a!.lock, c!.lock)
    const [what, left] = await run('TAKE_ALL', keys, LONG, LONG + HOUR, 'two')
    assert.ok(what === 0 && left > 0 && left <= LONG)
    assert.equal(await ask('EXISTS', a!.lock, c!.lock), 0)
  })

  test('take: a lock without an end is in the way for ever', async () => {
    const [a] = three()
    await ask('SET', a!.lock, 'for ever')
    assert.deepEqual(await run('TAKE', [a!.lock, a!.fence], LONG, LONG, 'one'), [0, -1])
    assert.deepEqual(await run('TAKE_ALL', [a!.lock, a!.fence], LONG, LONG, 'one'), [0, -1])
    assert.equal(await ask('EXISTS', a!.fence), 0)
  })

  test('queue_up: takes, or stands in line where the way is barred, and twice is once', async () => {
    const [a, b, c] = three()
    const keys = [a, b, c].flatMap((one) => [one!.lock, one!.fence, one!.queue, one!.waiting])
    const queueUp = (waiter = `${WAITER}xtwo`) => run('QUEUE_UP', keys, LONG + HOUR, 'two', LONG, waiter, LEASE, 0)
    await run('TAKE', [b!.lock, b!.fence], LONG, LONG + HOUR, 'one')
    for (let time = 0; time < 2; time++) {
      const [what, left, alive] = await queueUp()
      assert.ok(what === 0 && left > 0 && left <= LONG)
      assert.equal(alive, Number(await ask('ZSCORE', b!.waiting, `${WAITER}xtwo`)))
      assert.deepEqual(await ask('ZRANGE', b!.queue, 0, -1), [`${WAITER}xtwo`])
      await assertLives({ [b!.queue]: LEASE, [b!.waiting]: LEASE })
      assert.equal(await ask('EXISTS', a!.lock, a!.queue, a!.waiting, c!.lock, c!.queue, c!.waiting), 0)
    }
    assert.deepEqual(await run('FREE', [b!.lock, b!.fence, b!.queue, b!.waiting], 'one'), [1])
    const [what, token] = await queueUp()
    assert.equal(what, 1)
    assert.deepEqual([await queueUp(), await queueUp('')], [[2, token, 0], [2, token, 0]])
    assert.equal(await ask('EXISTS', a!.queue, b!.queue, c!.queue, b!.waiting), 0)
    await assertLives({ [a!.lock]: LONG, [c!.fence]: LONG + HOUR })
  })

  test('free and leave: each for itself, and nobody else’s', async () => {
    const [a, b, c] = three()
    const of = (...some: any[]) => some.flatMap(({ lock, fence, queue, waiting }) => [lock, fence, queue, waiting])
    await run('TAKE', [a!.lock, a!.fence, b!.lock, b!.fence], LONG, LONG + HOUR, 'one', 'two')
    assert.deepEqual(await run('FREE', of(a, b, c, a), 'one', 'one', 'one', 'one'), [1, -1, 0, 0])
    await run('TAKE', [a!.lock, a!.fence, c!.lock, c!.fence], LONG, LONG + HOUR, 'one', 'three')
    assert.deepEqual(await run('FREE', of(a, c, a), 'one', 'three', 'one'), [1, 1, 0])
    assert.deepEqual([await ask('GET', a!.lock), await ask('GET', b!.lock)], [null, 'two'])
    await run('QUEUE_UP', [b!.lock, b!.fence, b!.queue, b!.waiting], LONG + HOUR, 'one', LONG, `${WAITER}xone`, LEASE, 0)
    await run('QUEUE_UP', [b!.lock, b!.fence, b!.queue, b!.waiting], LONG + HOUR, 'four', LONG, `${WAITER}xfour`, LEASE, 0)
    assert.deepEqual(await run('LEAVE', of(b, c), `${WAITER}xone`, 'one', 'one'), [-1, 0])
    assert.deepEqual(await ask('ZRANGE', b!.queue, 0, -1), [`${WAITER}xfour`])
    assert.deepEqual(await run('LEAVE', of(b, c), `${WAITER}xfour`, 'two', 'two'), [1, 0])
    assert.equal(await ask('EXISTS', b!.lock, b!.queue, b!.waiting), 0)
  })

  test('renew: each for itself, and what nobody holds only where that is asked for', async () => {
    const [a, b, c] = three()
    const of = (...some: any[]) => some.flatMap(({ lock, fence }) => [lock, fence])
    await run('TAKE', of(a, b), 1000 * LONG, LONG + HOUR, 'one', 'two')
    assert.deepEqual(await run('RENEW', of(a, b, c), 0, LONG, LONG + HOUR, 'one', 'one', 'one'), [1, -1, 0])
    await assertLives({ [a!.lock]: LONG, [a!.fence]: LONG + HOUR, [b!.lock]: 1000 * LONG })
    assert.equal(await ask('EXISTS', c!.lock, c!.fence), 0)
    assert.deepEqual(await run('RENEW', of(c, b, a), 1, 3 * LONG, 3 * LONG + HOUR, 'one', 'one', 'one'), [1, -1, 1])
    await assertLives({ [a!.lock]: 3 * LONG, [c!.lock]: 3 * LONG, [a!.fence]: 3 * LONG + HOUR })
    assert.deepEqual([await ask('GET', b!.lock), await ask('GET', c!.lock)], ['two', 'one'])
  })

  test('raise: to a greater token where all are held, never to a smaller one', async () => {
    const [a, b] = three()
    const keys = [a!.lock, a!.fence, b!.lock, b!.fence]
    const [, token] = await run('TAKE_ALL', keys, LONG, LONG + HOUR, 'one')
    await ask('SET', b!.fence, '9007199254740000', 'PX', LONG)
    assert.deepEqual(await run('RAISE', keys, 'another', '9007199254740990', 2 * HOUR), [0])
    assert.deepEqual([await ask('GET', a!.fence), await ask('GET', b!.fence)], [String(token), '9007199254740000'])
    assert.deepEqual(await run('RAISE', keys, 'one', token + 5, 2 * HOUR), [1])
    assert.deepEqual([await ask('GET', a!.fence), await ask('GET', b!.fence)], [String(token + 5), '9007199254740000'])
    await assertLives({ [a!.fence]: 2 * HOUR, [b!.fence]: 2 * HOUR })
  })

  test('enter, keep and exit: places with ends of their own under a key that lives as long as the longest', async () => {
    const [a, b] = three()
    const enter = (kind: string, token: string, ttl: number, waiter = '') => run('ENTER', [a!.lock, a!.fence, a!.queue, a!.waiting, a!.permits], kind, 2, token, ttl, ttl + HOUR, waiter, LEASE, 1)
    const [, first] = await enter('p', 'one', LONG)
    assert.deepEqual(await enter('p', 'one', LONG), [2, first])
    const [what, second] = await enter('p', 'two', 100_000)
    assert.ok(what === 1 && second > first)
    await assertLives({ [a!.lock]: LONG, [a!.fence]: 100_000 + HOUR })
    const [no, left] = await enter('p', 'three', LONG, `${WAITER}pthree`)
    assert.ok(no === 0 && left > 0 && left <= 100_000, 'the first of them ends in so many ms')
    await assertLives({ [a!.queue]: LEASE, [a!.waiting]: LEASE })
    assert.deepEqual(await run('KEEP', [a!.lock, a!.fence, b!.lock, b!.fence, a!.lock, a!.fence], 'ptwo', 2 * LONG, 2 * LONG + HOUR, 'ptwo', LONG, HOUR, 'pnone', LONG, HOUR), [1, 0, 0])
    await assertLives({ [a!.lock]: 2 * LONG, [a!.fence]: 2 * LONG + HOUR })
    assert.equal(await ask('EXISTS', b!.lock, b!.fence), 0)
    const exit = (token: string, waiter = '') => run('EXIT', [a!.lock, a!.queue, a!.waiting, a!.permits], 'p', 2, token, waiter)
    assert.deepEqual([await exit('two'), await exit('two'), await exit('three', `${WAITER}pthree`), await exit('one')], [[1], [0], [0], [1]])
    assert.equal(await ask('EXISTS', a!.lock, a!.queue, a!.waiting), 0)
  })

  test('resize and count: a number that outlives its holders, and ends when it is not used', async () => {
    const [a] = three()
    const WEEK = 7 * 24 * HOUR
    assert.deepEqual(await run('COUNT', [a!.lock, a!.waiting, a!.permits], 2), [0, 0, 0, 2])
    assert.deepEqual(await run('RESIZE', [a!.lock, a!.queue, a!.waiting, a!.permits], 5), [5])
    await assertLives({ [a!.permits]: WEEK })
    await ask('PEXPIRE', a!.permits, LONG)
    await run('ENTER', [a!.lock, a!.fence, a!.queue, a!.waiting, a!.permits], 'p', 2, 'one', LONG, LONG + HOUR, '', LEASE, 1)
    await assertLives({ [a!.permits]: WEEK })
    assert.deepEqual(await run('COUNT', [a!.lock, a!.waiting, a!.permits], 2), [1, 0, 0, 5])
  })
})
