import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import path from 'node:path'
import { describe, test } from 'node:test'
import { root } from './support/root'

const load = createRequire(import.meta.url)
const { memoise } = load(path.join(root, 'lib/memo.js'))

/** A cache in memory that tells what it was asked. */
function fake() {
  const asked: unknown[][] = []
  const held = new Map<string, unknown>()
  const cache = {
    async getOrSet(key: string, fetcher: () => unknown, options: unknown) {
      asked.push(['getOrSet', key, options])
      if (!held.has(key)) held.set(key, await fetcher())
      return held.get(key)
    },
    async del(key: string, namespace?: string) {
      asked.push(['del', key, namespace])
      return held.delete(key)
    },
  }
  return { asked, cache }
}

describe('a memoised function', () => {
  test('runs once a key, with its this, its arguments and its name', async () => {
    const { asked, cache } = fake()
    const options = { ttl: 5, namespace: 'ns' }
    async function add(this: { base: number }, a: number, b: number) {
      return this.base + a + b
    }
    const memoised = memoise(cache, add, (a: number, b: number) => `${a}+${b}`, options)
    assert.equal(await memoised.call({ base: 1 }, 2, 3), 6)
    assert.equal(await memoised.call({ base: 100 }, 2, 3), 6)
    assert.equal(memoised.name, 'add')
    assert.deepEqual(asked, [
      ['getOrSet', '2+3', options],
      ['getOrSet', '2+3', options],
    ])
  })

  test('tells the key of arguments, and forgets their result in its namespace', async () => {
    const { asked, cache } = fake()
    const memoised = memoise(cache, (id: string) => id, (id: string) => `user-${id}`, { namespace: 'ns' })
    assert.equal(memoised.key('1'), 'user-1')
    assert.equal(await memoised.invalidate('1'), undefined)
    assert.deepEqual(asked, [['del', 'user-1', 'ns']])
    await memoise(cache, String, String).invalidate(1)
    assert.deepEqual(asked[1], ['del', '1', undefined])
  })

  test('asks for its cache at each call, where it is given a way to it', async () => {
    const caches = [fake(), fake(), fake()]
    let calls = 0
    const memoised = memoise(() => caches[calls++]!.cache, String, String)
    assert.equal(calls, 0)
    assert.equal(await memoised(1), '1')
    await memoised.invalidate(1)
    assert.deepEqual(caches.map(({ asked }) => asked.length), [1, 1, 0])
  })

  test('rejects with what its key, its cache or itself throws; key throws', async () => {
    const error = new Error('own')
    const fail = () => {
      throw error
    }
    const { cache } = fake()
    for (const memoised of [memoise(cache, fail, String), memoise(fail, String, String), memoise(cache, String, fail)]) await assert.rejects(memoised(1), error)
    assert.throws(() => memoise(cache, String, fail).key(1), error)
    await assert.rejects(memoise(cache, String, fail).invalidate(1), error)
  })
})
