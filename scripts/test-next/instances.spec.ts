import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Browser } from 'playwright-core'
import { launchBrowser } from '../../__test__/support/browser'
import type { Instance } from '../../__test__/support/next-app'
import { clicksAround } from '../../__test__/support/next-browser'
import { buildsApart, crowdSees, everythingAnswers, invalidatesWhileAway, outlivesRedis, revalidatesAcross, sharesFirstRequest, survivesRestart, updatesAcross } from '../../__test__/support/next-scenarios'
import { NextWorld } from '../../__test__/support/next-world'

describe('instances over one Redis', () => {
  let world: NextWorld
  let a: Instance
  let b: Instance

  before(async () => {
    world = await NextWorld.create()
    await world.app.build()
    ;[a, b] = await Promise.all([world.start(), world.start()])
  })
  after(() => world?.close())

  it('show the same, which one of them has made', () => sharesFirstRequest(a, b))
  it('show what many ask for while it is made anew', async () => {
    await crowdSees(a)
    await crowdSees(b)
  })
  it('agree on a tag that is revalidated on one of them', async (t) => {
    await revalidatesAcross(a, b, (message) => t.diagnostic(message))
    await revalidatesAcross(b, a, (message) => t.diagnostic(message))
  })
  it('agree on a tag that is updated on one of them', (t) => updatesAcross(a, b, (message) => t.diagnostic(message)))
  it('go on without Redis, and with it again', async (t) => {
    for (let round = 0; round < 2; round++) await outlivesRedis(world, a, b, (message) => t.diagnostic(message))
  })
  it('hear later of what was invalidated while Redis was away', (t) => invalidatesWhileAway(world, a, b, (message) => t.diagnostic(message)))

  it('keep what they have when they are started anew', async () => {
    await Promise.all([a.stop(), b.stop()])
    await survivesRestart(world)
  })
  it('start without Redis, and use it when it is there', async (t) => {
    world.cutOff()
    const [c, d] = [await world.start(), await world.start()]
    t.diagnostic(`the slowest answer took ${(await everythingAnswers(c, '301')).toFixed(0)} ms`)
    await world.proxy.accept()
    await sharesFirstRequest(c, d, { isBuilt: false })
    await Promise.all([c.stop(), d.stop()])
  })
  it('show nothing of the build of before', () => buildsApart(world, () => world.app.build()))
})

describe('the application in a browser', () => {
  let world: NextWorld
  let browser: Browser

  before(async () => {
    world = await NextWorld.create()
    await world.app.build()
    browser = await launchBrowser()
  })
  after(() => world?.close())

  it('can be clicked through without a complaint, again and again', async () => {
    const instance = await world.start()
    for (let round = 0; round < 3; round++) await clicksAround(browser, instance.url)
    await instance.stop()
  })
  it('can be where its cache is that of Next.js itself', async () => {
    const app = world.app.with({ HANDLER: 'builtin' })
    await app.clean()
    await app.build()
    const instance = await world.start(app)
    await clicksAround(browser, instance.url)
    assert.ok(instance.program.runs)
  })
})
