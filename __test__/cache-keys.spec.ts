import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { RedisRepository, TypeSafeCache } from '../index.js'
import { onEveryBackend } from './support/backends'
import { fresh, sentBy } from './support/cache-tools'

const LONGEST = 65_536

/** Keys that a sloppy layout would confuse: separators, their escapes, and whatever means something in a glob. */
const nasty = fc.string({ unit: fc.constantFrom('a', ':', '%', '3A', '25', '*', '?', '[', ']', '\\', '^', '-', '{', '}', ' '), minLength: 1, maxLength: 6 })
/** Any Unicode that a key may hold. */
const unicode = fc.string({ unit: 'binary', minLength: 1, maxLength: 50 }).filter((text) => !text.includes('\0'))

onEveryBackend('a key', (backend) => {
  const newCache = (namespace = fresh(), prefix?: string) => new TypeSafeCache(backend.redis, { namespace, prefix })
  const runs = backend.real ? 60 : 6

  test('may be any Unicode text, with one call or many', async () => {
    const cache = newCache()
    const check = fc.asyncProperty(fc.uniqueArray(fc.oneof(unicode, nasty), { minLength: 2, maxLength: 6 }), async ([lone, ...many]) => {
      await cache.set(lone!, 'lone')
      await cache.setMany(many.map((key) => [key, key]))
      assert.equal(await cache.get(lone!), 'lone')
      assert.equal(await cache.exists(lone!), true)
      assert.equal(await cache.getOrSet(many[0]!, () => 'loaded'), many[0])
      assert.deepEqual(await cache.getMany([...many, lone!]), [...many, 'lone'])
      assert.equal(await cache.deleteMany([...many, lone!]), many.length + 1)
    })
    await fc.assert(check, { seed: 1, numRuns: runs })
  })

  test(`may be ${LONGEST} bytes long, however many characters that are, and not one more`, async () => {
    const cache = newCache()
    const users = new RedisRepository(backend.redis, fresh())
    for (const key of ['k'.repeat(LONGEST), 'é'.repeat(LONGEST / 2), '€'.repeat(21_845) + 'k', '😀'.repeat(LONGEST / 4)]) {
      await cache.set(key, 1)
      assert.equal(await cache.get(key), 1)
      assert.deepEqual(await cache.getMany([key, 'x']), [1, null])
      assert.equal(await cache.deletePattern(key), 1)
      await users.set(key, 1)
      assert.equal(await users.get(key), 1)
      const error = { name: 'RangeError', code: 'ERR_INVALID_ARG', message: /65536 bytes, got 6553[7-9]|got 65540/ }
      const longer = key + key.slice(-2).trim().at(-1)!.replace(/[\udc00-\udfff]/, 'k')
      await assert.rejects(cache.get(longer), error)
      await assert.rejects(cache.set('1', 1, { namespace: longer }), error)
      await assert.rejects(users.get(longer), error)
    }
    const longest = newCache('é'.repeat(LONGEST / 2), ':'.repeat(LONGEST))
    await longest.set('😀'.repeat(LONGEST / 4), 1)
    assert.equal(await longest.clear(), 1)
  })

  test('of one namespace is never reached from another, whatever the names', async () => {
    const names = fc.uniqueArray(fc.tuple(nasty, nasty), { minLength: 2, maxLength: 2, selector: String })
    const check = fc.asyncProperty(names, fc.uniqueArray(nasty, { minLength: 1, maxLength: 5 }), async (names, keys) => {
      const [mine, other] = names.map(([prefix, namespace]) => newCache(namespace, `${prefix}~`))
      await mine!.setMany(keys.map((key) => [key, 'mine']))
      await other!.setMany(keys.map((key) => [key, 'other']))
      assert.equal(await mine!.clear(), keys.length)
      assert.deepEqual(await mine!.getMany(keys), keys.map(() => null))
      assert.deepEqual(await other!.getMany(keys), keys.map(() => 'other'))
      assert.equal(await other!.clear(), keys.length)
    })
    await fc.assert(check, { seed: 1, numRuns: runs })
  })

  test("is safe from the glob characters of another's namespace, and from its colons", async () => {
    const cache = newCache('user')
    const rest = ['user*', 'userX', 'user[1]', 'user1', 'user:x', 'use?', 'us\\er', '*', 'user%3Ax', 'user%']
    for (const namespace of rest) await cache.set('1', namespace, { namespace })
    await cache.set('x:1', 'user')
    for (const [i, namespace] of rest.entries()) {
      assert.equal(await cache.deletePattern('*', namespace), 1)
      for (const later of rest.slice(i + 1)) assert.equal(await cache.get('1', later), later)
    }
    assert.equal(await cache.get('x:1'), 'user')
    await cache.clear()
  })

  const names = ['a', 'b', 'z', 'ab', 'abc', 'a*c', 'a?c', '[b]', 'a\\c', 'A', 'ä', 'a:b']
  const globs: [glob: string, matched: string[]][] = [
    ['*', names],
    ['a', ['a']],
    ['a*', ['a', 'ab', 'abc', 'a*c', 'a?c', 'a\\c', 'a:b']],
    ['a?c', ['abc', 'a*c', 'a?c', 'a\\c']],
    ['a\\*c', ['a*c']],
    ['a\\?c', ['a?c']],
    ['[a-m]', ['a', 'b']],
    ['[abz]', ['a', 'b', 'z']],
    ['[^a]', ['b', 'z', 'A']],
    ['\\[b\\]', ['[b]']],
    ['a\\\\c', ['a\\c']],
    ['a:*', ['a:b']],
    ['ä', ['ä']],
    ['nothing', []],
  ]
  for (const [glob, matched] of globs) {
    test(`deletePattern('${glob}') deletes ${matched.length === names.length ? 'all' : matched.join(', ') || 'nothing'}`, async () => {
      const cache = newCache()
      await cache.setMany(names.map((name) => [name, name]))
      assert.equal(await cache.deletePattern(glob), matched.length)
      assert.deepEqual(await cache.getMany(names), names.map((name) => (matched.includes(name) ? null : name)))
    })
  }

  const COUNT = backend.real ? 20_000 : 2500
  test(`deletePattern and clear reach all of ${COUNT} keys in small steps, and leave all others`, async () => {
    const [cache, neighbour] = [newCache(), newCache()]
    await neighbour.setMany(Array.from({ length: 1000 }, (_, i) => [`even:${i}`, i]))
    await cache.setMany(Array.from({ length: COUNT }, (_, i) => [`${i % 2 ? 'odd' : 'even'}:${i}`, i]))
    const work = async () => {
      assert.equal(await cache.deletePattern('odd:*'), COUNT / 2)
      assert.equal(await cache.exists('even:0'), true)
      assert.equal(await cache.clear(), COUNT / 2)
      assert.equal(await cache.clear(), 0)
    }
    if (backend.real) {
      const { exists: _, getrange: __, ...sent } = await sentBy(backend.redis, work)
      assert.deepEqual(Object.keys(sent).sort(), ['scan', 'unlink'])
      // SCAN is asked for a thousand at a time; at its default of ten it would be called a hundred times as often.
      assert.ok(sent.scan! >= COUNT / 1000 && sent.scan! <= COUNT / 100, `${sent.scan} calls of SCAN`)
    } else {
      await work()
    }
    assert.equal(await neighbour.clear(), 1000)
  })

  // Of keys this large it deletes some during its walk, which only a real server forgives.
  if (backend.real) {
    test('clear reaches keys that are many MiB themselves', async () => {
      const cache = newCache()
      const keys = Array.from({ length: 250 }, (_, i) => String(i).padEnd(60_000, '.'))
      await cache.setMany(keys.map((key) => [key, 1]))
      assert.equal(await cache.clear(), keys.length)
    })
  }
})
