import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Browser } from 'playwright-core'
import { launchBrowser } from './support/browser'
import type { Instance } from './support/next-app'
import { clicksAround } from './support/next-browser'
import { crowdSees, invalidatesWhileAway, outlivesRedis, revalidatesAcross, sharesFirstRequest, survivesRestart, updatesAcross } from './support/next-scenarios'
import { NextWorld } from './support/next-world'

// A small part of `npm run test:next`, which builds the example in every way, and compares it with the cache of Next.js itself.
describe('two instances of a Next.js application', () => {
  let world: NextWorld
  let a: Instance
  let b: Instance
  let browser: Browser

  before(async () => {
    world = await NextWorld.create()
    await world.app.build()
    ;[a, b] = await Promise.all([world.start(), world.start()])
  })
  after(() => world?.close())

  it('shows the same on both, which one of them has made', () => sharesFirstRequest(a, b))
  it('shows what many ask for while it is made anew', () => crowdSees(a))
  it('revalidates a tag on both', (t) => revalidatesAcross(a, b, (message) => t.diagnostic(message)))
  it('updates a tag on both', (t) => updatesAcross(a, b, (message) => t.diagnostic(message)))
  it('can be clicked through without a complaint', async () => {
    browser = await launchBrowser()
    await clicksAround(browser, a.url)
  })
  it('goes on without Redis, and with it again', (t) => outlivesRedis(world, a, b, (message) => t.diagnostic(message)))
  it('hears later of what was invalidated while Redis was away', (t) => invalidatesWhileAway(world, a, b, (message) => t.diagnostic(message)))
  it('keeps its cache when it is started anew', async () => {
    await survivesRestart(world)
    assert.ok(a.program.runs && b.program.runs, 'nobody has ended meanwhile')
  })
})
