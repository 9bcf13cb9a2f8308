import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import type { Browser } from 'playwright-core'
import { launchBrowser } from '../../__test__/support/browser'
import type { Instance } from '../../__test__/support/next-app'
import { clicksAround } from '../../__test__/support/next-browser'
import { ask, revalidate } from '../../__test__/support/next-page'
import { crowdSees, everythingAnswers, revalidatesAcross, sharesFirstRequest } from '../../__test__/support/next-scenarios'
import { NextWorld } from '../../__test__/support/next-world'
import { newFolder } from '../../__test__/support/reaper'
import { root } from '../../__test__/support/root'
import { until } from '../../__test__/support/until'

const OPTIONS_CONFIG = path.join(root, 'scripts/test-next/extra/options.config.js')
/** Nothing is learnt from it but that a build hangs. */
const NO_REDIS_CAP_MS = 180_000

let world: NextWorld
let browser: Browser

before(async () => {
  world = await NextWorld.create()
  browser = await launchBrowser()
})
after(() => world?.close())

describe('a build', () => {
  beforeEach(() => world.app.clean())
  afterEach(() => world.stopAll())

  for (const [where, url] of [['that is not there', () => NextWorld.nowhere()], ['that nobody has named', async () => undefined]] as const) {
    it(`ends by itself with a Redis ${where}, and what it has built serves`, async (t) => {
      const app = world.app.with({ REDIS_URL: await url() })
      const { ms } = await app.build()
      t.diagnostic(`built in ${ms.toFixed(0)} ms`)
      assert.ok(ms < NO_REDIS_CAP_MS)
      const instance = await world.start(app)
      t.diagnostic(`the slowest answer took ${(await everythingAnswers(instance, '401')).toFixed(0)} ms`)
      // With a Redis at last.
      const [a, b] = [await world.start(), await world.start()]
      await sharesFirstRequest(a, b)
    })
  }

  it('by webpack does what one by Turbopack does', async (t) => {
    await world.app.build(['--webpack'])
    const [a, b] = [await world.start(), await world.start()]
    await sharesFirstRequest(a, b)
    await revalidatesAcross(a, b, (message) => t.diagnostic(message))
    await clicksAround(browser, a.url)
  })

  for (const flags of [[], ['--webpack']]) {
    it(`of the standalone kind ${flags.length === 0 ? 'by Turbopack' : 'by webpack'} runs from a folder elsewhere, with nothing else`, async (t) => {
      await world.app.with({ OUTPUT: 'standalone' }).build(flags)
      const built = path.join(world.app.folder, '.next/standalone')
      const binaries = fs.readdirSync(built, { recursive: true }).filter((file) => /redwright.*\.node$/.test(String(file)))
      assert.equal(binaries.length, 1, `the binary is traced: ${binaries}`)
      const instances: Instance[] = []
      for (let i = 0; i < 2; i++) instances.push(world.keep(await world.app.standalone(await deployed(built))))
      // What was built from is not needed.
      const hidden = `${world.app.folder}.away`
      fs.renameSync(world.app.folder, hidden)
      try {
        const [a, b] = instances as [Instance, Instance]
        await sharesFirstRequest(a, b)
        await revalidatesAcross(a, b, (message) => t.diagnostic(message))
        await everythingAnswers(a, '501')
        await clicksAround(browser, a.url)
        const { body } = await ask(`${a.url}/api/metrics`)
        assert.ok(JSON.parse(body).cache.stores > 0, body)
      } finally {
        await world.stopAll()
        fs.renameSync(hidden, world.app.folder)
      }
    })
  }

  /** As the documentation of Next.js has it: what is static is copied beside it. */
  async function deployed(built: string): Promise<string> {
    const folder = path.join(newFolder(), 'deployed')
    await fs.promises.cp(built, folder, { recursive: true, verbatimSymlinks: true })
    await fs.promises.cp(path.join(world.app.folder, '.next/static'), path.join(folder, '.next/static'), { recursive: true })
    await fs.promises.cp(path.join(world.app.folder, 'public'), path.join(folder, 'public'), { recursive: true })
    return folder
  }
})

describe('what is not replaced', () => {
  const config = () => path.join(world.app.folder, 'next.config.js')
  let usual: Buffer

  before(() => {
    usual = fs.readFileSync(config())
    fs.copyFileSync(OPTIONS_CONFIG, config())
  })
  after(() => fs.writeFileSync(config(), usual))
  afterEach(() => world.stopAll())

  for (const options of [{ cacheHandler: false, cacheHandlers: false }, { cacheHandler: false }, { cacheHandlers: ['remote'] }, { cacheHandlers: false }]) {
    it(`is left as it was with ${JSON.stringify(options)}`, async () => {
      const app = world.app.with({ OPTIONS: JSON.stringify(options) })
      await app.clean()
      await app.build()
      const instance = await world.start(app)
      await keepsAll(instance)
    })
  }

  /** Whichever cache it is in. */
  async function keepsAll(instance: Instance): Promise<void> {
    for (const [path, name] of [['/items/9', 'item'], ['/isr/9', 'isr'], ['/remote', 'remote'], ['/data', 'tagged']] as const) {
      let last: string | undefined
      await until(`${path} is kept`, async () => {
        const { stamps, cache } = await ask(instance.url + path)
        const stays = stamps.get(name) === last && (cache === 'HIT' || cache === '-')
        last = stamps.get(name)
        return stays && (cache === 'HIT' || path === '/remote' || path === '/data')
      })
    }
    const { body } = await ask(`${instance.url}/notes`)
    await revalidate(instance.url, { path: '/notes' })
    await until('a page is made anew', async () => (await ask(`${instance.url}/notes`)).body !== body)
    await crowdSees(instance)
  }
})

describe('next dev', () => {
  for (const [where, env] of [['the Redis that is named', {}], ['a Redis of its own where none is named', { REDIS_URL: undefined }]] as const) {
    it(`serves with ${where}`, async () => {
      await world.app.clean()
      const instance = await world.app.with(env).dev()
      try {
        await everythingAnswers(instance, '601')
        const kept = async () => (await ask(`${instance.url}/data`)).stamps.get('kept')!
        let old: string
        await until('what unstable_cache has is kept', async () => {
          old = await kept()
          return old === (await kept())
        })
        await revalidate(instance.url, { tag: 'kept', how: 'now' })
        await until('it is made anew', async () => (await kept()) !== old)
        const { cache } = JSON.parse((await ask(`${instance.url}/api/metrics`)).body)
        assert.ok(cache.stores > 0 && cache.hits > 0, JSON.stringify(cache))
        assert.equal(cache.failures, 0)
      } finally {
        await instance.stop()
      }
    })
  }
})
