import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { createCacheHandler, createUseCacheHandler, withRedwright } from '../next.js'
import { root } from './support/root'

const config: any = (...args: any[]) => (withRedwright as any)(...args)

describe('the configuration of an application', () => {
  test('names handlers that are there, and makes the package external', () => {
    const made = config({ output: 'standalone', serverExternalPackages: ['other'], env: { A: 'b' }, images: { formats: [] } }, { images: true })
    for (const file of [made.cacheHandler, made.cacheHandlers.default, made.cacheHandlers.remote]) assert.ok(path.isAbsolute(file) && existsSync(file))
    assert.deepEqual(made.serverExternalPackages, ['other', 'redwright'])
    assert.deepEqual([made.output, made.cacheMaxMemorySize, made.env.A, made.images], ['standalone', 0, 'b', { formats: [], customCacheHandler: true }])
    assert.equal(new Set(config({ serverExternalPackages: ['redwright'] }).serverExternalPackages).size, 1)
  })

  test('leaves alone what it says itself', () => {
    const own = { cacheHandler: '/own.js', cacheHandlers: { default: '/default.js' }, cacheMaxMemorySize: 1 }
    const made = config(own)
    assert.deepEqual([made.cacheHandler, made.cacheHandlers.default, made.cacheMaxMemorySize], ['/own.js', '/default.js', 1])
    assert.ok(made.cacheHandlers.remote)
    assert.deepEqual(own, { cacheHandler: '/own.js', cacheHandlers: { default: '/default.js' }, cacheMaxMemorySize: 1 })
  })

  test('may leave parts out', () => {
    const made = config({}, { cacheHandler: false, cacheHandlers: ['sessions'] })
    assert.deepEqual([made.cacheHandler, Object.keys(made.cacheHandlers), made.images], [undefined, ['sessions'], undefined])
    assert.equal(config({}, { cacheHandlers: false }).cacheHandlers, undefined)
    for (const options of [{ cacheHandler: false }, { cacheHandlers: false }, { cacheHandlers: ['remote'] }]) assert.equal('cacheMaxMemorySize' in config({}, options), false)
  })

  test('may be a promise, or a function of the phase', async () => {
    assert.equal((await config(Promise.resolve({ basePath: '/a' }))).basePath, '/a')
    const made = await config(async (phase: string, { defaultConfig }: any) => ({ basePath: `/${phase}${defaultConfig}` }))('build', { defaultConfig: 1 })
    assert.deepEqual([made.basePath, made.serverExternalPackages], ['/build1', ['redwright']])
    assert.deepEqual(config().serverExternalPackages, ['redwright'])
  })

  const BAD: [options: object, message: RegExp][] = [
    [{ prefix: '' }, /options\.prefix/],
    [{ prefix: '{a}' }, /options\.prefix must not hold braces/],
    [{ timeoutMs: 0 }, /options\.timeoutMs/],
    [{ maxTtl: 0 }, /options\.maxTtl/],
    [{ maxTtl: Infinity }, /options\.maxTtl/],
    [{ maxEntryBytes: 2 ** 40 }, /options\.maxEntryBytes/],
    [{ near: 1 }, /options\.near/],
    [{ compress: 'lz4' }, /options\.compress/],
    [{ onUnavailable: 'throw' }, /options\.onUnavailable must be 'render' or 'stale'/],
    [{ buildId: 7 }, /options\.buildId/],
    [{ images: 'yes' }, /options\.images/],
    [{ cacheHandlers: 'default' }, /options\.cacheHandlers/],
    [{ cacheHandlers: ['private'] }, /options\.cacheHandlers/],
    [{ cacheHandlers: ['No'] }, /options\.cacheHandlers/],
    [{ prefx: 'a' }, /options\.prefx is not an option/],
    [{ redis: {} }, /options\.redis is not an option/],
  ]
  for (const [options, message] of BAD) {
    test(`refuses ${JSON.stringify(options)}`, () => assert.throws(() => config({}, options), (error: any) => error.code === 'ERR_INVALID_ARG' && message.test(error.message)))
  }

  test('and of a handler of one\'s own are refused when it is made, and not when it is asked', () => {
    const bad: object[] = [{ redis: {} }, { redis: null }, { near: { maxEntries: 0 } }, { near: { maxEntrys: 1 } }, { near: [] }, { prefix: '' }, { images: true }]
    for (const make of [createCacheHandler, createUseCacheHandler] as ((options: any) => unknown)[]) {
      for (const options of bad) assert.throws(() => make(options), (error: any) => error.code === 'ERR_INVALID_ARG' && /options/.test(error.message), JSON.stringify(options))
    }
  })

  test('refuses what is no configuration', async () => {
    for (const value of [null, 1, 'x']) assert.throws(() => config(value), TypeError)
    await assert.rejects(config(() => null)('build'), TypeError)
  })
})

describe('the files that Next.js loads', () => {
  /** What a process of its own prints. */
  const run = (source: string, env: Record<string, string>) => {
    const { REDIS_URL: _, REDIS_HOST: __, NODE_OPTIONS: ___, REDWRIGHT_NEXT: ____, ...rest } = process.env
    return JSON.parse(execFileSync(process.execPath, ['-e', `${source}\nPromise.resolve(result).then((it) => console.log(JSON.stringify(it)))`], { cwd: root, env: { ...rest, ...env }, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }))
  }
  const settings = JSON.stringify({ prefix: 'shop' })

  test('are told what withRedwright was told, also in the folder of a standalone build', () => {
    const told = `const result = require('./lib/next/config').settingsOfApplication()`
    assert.deepEqual(run(told, { REDWRIGHT_NEXT: settings }), { prefix: 'shop' })
    assert.deepEqual(run(told, { __NEXT_PRIVATE_STANDALONE_CONFIG: JSON.stringify({ env: { REDWRIGHT_NEXT: settings } }) }), { prefix: 'shop' })
    assert.deepEqual(run(told, {}), {})
    assert.deepEqual(run(told, { REDWRIGHT_NEXT: '{' }), {})
  })

  test('are a class and an object, which store nothing where nobody says where Redis is', () => {
    const source = `
      const Handler = require('./lib/next/cache-handler'), uses = require('./lib/next/cache-handlers')
      const handler = new Handler({ serverDistDir: '/none', revalidatedTags: [] })
      const result = (async () => {
        await handler.set('k', { kind: 'FETCH', data: { headers: {}, body: '' } }, { fetchCache: true, tags: [] })
        await handler.revalidateTag('t'); await uses.updateTags(['t']); await uses.refreshTags(); handler.resetRequestCache()
        return [await handler.get('k', { kind: 'FETCH' }), await handler.get('k', { kind: 'APP_PAGE' }), await uses.get('k', []) ?? null, typeof uses.set]
      })()`
    assert.deepEqual(run(source, { NODE_ENV: 'production' }), [null, null, null, 'function'])
  })

  test('store nothing where what says where Redis is says nothing', () => {
    const source = `
      const Handler = require('./lib/next/cache-handler'), uses = require('./lib/next/cache-handlers')
      const handler = new Handler({ serverDistDir: '/none' })
      const result = (async () => [await handler.get('k', { kind: 'FETCH' }), await uses.get('k', []) ?? null, await handler.revalidateTag('t') ?? null])()`
    for (const url of ['localhost:6379', 'http://host', 'redis://host:port']) assert.deepEqual(run(source, { REDIS_URL: url }), [null, null, null], url)
  })

  test('share one client, however often they are made', () => {
    const source = `
      const Handler = require('./lib/next/cache-handler'), { Redis } = require('.')
      const result = (async () => {
        for (let i = 0; i < 1000; i++) await new Handler({ serverDistDir: '/none' }).revalidateTag([])
        return globalThis[Symbol.for('redwright.next')].caches.size
      })().then((size) => (setTimeout(() => process.exit(), 50).unref(), size))`
    assert.equal(run(source, { REDIS_URL: 'redis://127.0.0.1:1' }), 1)
  })

  test('in the edge runtime and in browsers are a stub that says what to do', () => {
    const { exports } = JSON.parse(execFileSync(process.execPath, ['-p', 'JSON.stringify(require("./package.json"))'], { cwd: root, encoding: 'utf8' }))
    for (const subpath of ['.', './next']) {
      for (const condition of ['edge-light', 'browser']) {
        // Bundlers copy what has a name.
        const source = `
          const stub = require('${exports[subpath][condition]}'), said = {}
          for (const name of Object.keys(require('${exports[subpath].default}'))) try { stub[name] } catch (error) { said[name] = Object.getOwnPropertyNames(stub).includes(name) && error.message }
          const result = [Object.values(said), Object.keys(require('${exports[subpath].default}')).length]`
        const [said, count] = run(source, {})
        assert.equal(said.length, count)
        for (const message of said) assert.match(message, /redwright .*Node\.js runtime/)
      }
    }
  })
})
