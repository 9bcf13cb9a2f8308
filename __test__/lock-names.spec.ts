import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import type { DistributedLock } from '../index.js'
import { onEveryBackend } from './support/backends'
import { fresh } from './support/cache-tools'
import { got, keysOf, LONG, lockOf, namesOf, readWriteLockOf, semaphoreOf } from './support/lock-tools'
import { slotOf } from './support/slots'
import { until } from './support/until'

const NAMES = ['plain', 'with:colon', '{braced}', '{}', '}{', '{', 'a}b', '%7B', '%', '%25', '*?[a-z]\\', 'ключ', '😀', ' ', '\n\r\t', "' \" `", '\u{1}', 'x/y~1', '{é}:fence', 'x'.repeat(65_536)]

/** Of each type a value that somebody else has put under the key. */
const FOREIGN: Record<string, readonly string[]> = {
  list: ['RPUSH', 'a', 'b'],
  hash: ['HSET', 'a', 'b'],
  set: ['SADD', 'a'],
  zset: ['ZADD', '1', 'a'],
  stream: ['XADD', '*', 'a', 'b'],
}

onEveryBackend('a lock', (backend) => {
  let locks: DistributedLock & { prefix: string }
  before(() => (locks = lockOf(backend.redis)))
  const ask = (...words: string[]) => backend.redis.command(words[0]!, ...words.slice(1)) as Promise<any>
  /** How a value looks from outside, whatever it is. */
  const look = async (key: string) => [await ask('TYPE', key), await ask('DUMP', key).catch(() => ''), await ask('PTTL', key)]

  test('has any name, and none has that of another', async () => {
    const some = lockOf(backend.redis, { prefix: '{a}:%{' + fresh() })
    const held = await Promise.all(NAMES.map((name) => got(some.acquire(name, LONG))))
    assert.deepEqual(held.map(({ resource }) => resource), NAMES)
    const waiting = NAMES.map((name) => some.acquire(name, LONG, { waitMs: LONG }))
    const wanted = NAMES.flatMap((name) => {
      const { lock, fence, queue, waiting } = namesOf(some, name)
      assert.equal(new Set([lock, fence, queue, waiting].map(slotOf)).size, 1, name.slice(0, 20))
      return [lock, fence, queue, waiting]
    }).sort()
    await until('all stand in line', async () => (await keysOf(backend.redis, some)).length === wanted.length)
    assert.deepEqual(await keysOf(backend.redis, some), wanted)
    assert.deepEqual(await Promise.all(held.map((lock) => lock.release())), NAMES.map(() => 'released'))
    const next = await Promise.all(waiting.map(got))
    assert.deepEqual(next.map(({ resource }) => resource), NAMES)
    assert.deepEqual(await Promise.all(next.map((lock) => lock.release())), NAMES.map(() => 'released'))
    assert.deepEqual(await keysOf(backend.redis, some), NAMES.map((name) => namesOf(some, name).fence).sort())
  })

  test('has many names at once', async () => {
    const some = lockOf(backend.redis, { prefix: '%' + fresh() })
    const lock = await got(some.acquire(NAMES, LONG))
    for (const name of NAMES) assert.equal((await some.inspect(name)).token, lock.token)
    assert.equal(await lock.release(), 'released')
  })

  test('is of one prefix and one class', async () => {
    const id = fresh()
    const apart = [
      [lockOf(backend.redis, { prefix: id }), 'a:b'],
      [lockOf(backend.redis, { prefix: `${id}:a` }), 'b'],
      [lockOf(backend.redis, { prefix: `${id}%3Aa` }), 'b'],
      [lockOf(backend.redis, { prefix: `fence:{${id}` }), 'a:b'],
      [lockOf(backend.redis, { prefix: 'fence' }), `{${id}:a:b}`],
      [lockOf(backend.redis, { prefix: 'queue' }), `{${id}:a:b}`],
    ] as const
    const locked = await Promise.all(apart.map(([from, name]) => got(from.acquire(name, LONG))))
    const others = [semaphoreOf(backend.redis, { permits: 1, prefix: fresh() }).acquire('a:b', LONG), readWriteLockOf(backend.redis).write('a:b', LONG)]
    const held = [...locked, ...(await Promise.all(others.map(got)))]
    for (const lock of held) assert.equal(await lock.release(), 'released')
  })

  async function assertLeft(type: string, [command, ...rest]: readonly string[]): Promise<void> {
    const [name, free] = [fresh(), fresh()]
    const key = namesOf(locks, name).lock
    await ask(command!, key, ...rest)
    const before = await look(key)
    assert.equal(before[0], type)
    assert.equal(await locks.acquire(name, LONG), null)
    assert.equal(await locks.acquire([name, free], LONG), null)
    assert.deepEqual(await Promise.all([locks.acquire(name, LONG, { waitMs: 500 }), locks.acquire(name, LONG, { waitMs: 500, fair: true })]), [null, null])
    await assert.rejects(locks.withLock(name, () => assert.fail(), { waitMs: 0 }), { code: 'ERR_BUSY' })
    assert.deepEqual([await locks.release(name, 'a'), await locks.extend(name, 'a', LONG)], [false, false])
    assert.deepEqual(await locks.inspect(name), { held: true, token: null, ttlMs: Infinity, fencingToken: null })
    assert.deepEqual(await look(key), before)
    await until('the other is free', async () => !(await locks.inspect(free)).held)
  }

  test('leaves what somebody else has put there alone, and takes it for held', async () => {
    await Promise.all(Object.entries(FOREIGN).map(([type, words]) => assertLeft(type, words)))
  })

  test('that was replaced by something else is stolen', async () => {
    const name = fresh()
    const { lock: key } = namesOf(locks, name)
    const lock = await got(locks.acquire(name, LONG, { renew: true }))
    await ask('DEL', key)
    await ask('RPUSH', key, 'a')
    assert.equal(await lock.extend(LONG), false)
    assert.equal(lock.signal.reason.reason, 'stolen')
    assert.equal(await lock.release(), 'stolen')
    assert.equal(await ask('LLEN', key), 1)
  })

  test('stands though its companions are something else', async () => {
    const name = fresh()
    const { fence } = namesOf(locks, name)
    await ask('RPUSH', fence, 'a')
    const lock = await got(locks.acquire(name, LONG))
    assert.ok(lock.fencingToken > 0)
    assert.equal((await locks.inspect(name)).fencingToken, lock.fencingToken)
    assert.equal(await lock.release(), 'released')
  })
})
