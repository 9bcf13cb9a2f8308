import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { after, afterEach, before, describe, it } from 'node:test'
import type { Browser } from 'playwright-core'
import { launchBrowser, newVisitor } from '../../__test__/support/browser'
import type { NextApp } from '../../__test__/support/next-app'
import { ask } from '../../__test__/support/next-page'
import { sharesFirstRequest } from '../../__test__/support/next-scenarios'
import { NextWorld } from '../../__test__/support/next-world'
import { root } from '../../__test__/support/root'
import { until } from '../../__test__/support/until'

/** What is added to the application, some of it where Redwright cannot be. */
const EXTRA = path.join(root, 'scripts/test-next/extra')

let world: NextWorld
let browser: Browser

before(async () => {
  world = await NextWorld.create()
  browser = await launchBrowser()
})
after(() => world?.close())

describe('the edge runtime and the browser, where there is no native code', () => {
  const SAYS = [/redwright/, /Node\.js runtime/]
  const put = new Set<string>()

  afterEach(async () => {
    await world.stopAll()
    for (const file of put) fs.rmSync(file)
    put.clear()
  })

  /** Puts one of the files where it is a part of the application. */
  async function withFile(name: string, place: string): Promise<NextApp> {
    await world.app.clean()
    const target = path.join(world.app.folder, place)
    fs.mkdirSync(path.dirname(target), { recursive: true })
    fs.copyFileSync(path.join(EXTRA, name), target)
    put.add(target)
    return world.app
  }

  for (const flags of [[], ['--webpack']]) {
    const by = flags.length === 0 ? 'Turbopack' : 'webpack'

    it(`leave a middleware alone that imports nothing of ours (${by})`, async () => {
      const app = await withFile('plain-middleware.js', 'middleware.js')
      await app.build(flags)
      const [a, b] = [await world.start(app), await world.start(app)]
      assert.equal((await ask(`${a.url}/stock`)).headers.get('x-middleware-ran'), 'yes')
      await sharesFirstRequest(a, b)
    })

    it(`leave a route alone that imports nothing of ours (${by})`, async () => {
      const app = await withFile('plain-edge-route.js', 'pages/api/edge.js')
      await app.build(flags)
      const [a, b] = [await world.start(app), await world.start(app)]
      for (let i = 0; i < 3; i++) {
        const { status, body } = await ask(`${a.url}/api/edge`)
        assert.equal(status, 200, body)
        assert.equal(JSON.parse(body).path, '/api/edge')
      }
      await sharesFirstRequest(a, b)
    })

    for (const [what, name, place, at] of [['a route', 'edge-route.js', 'pages/api/edge.js', '/api/edge'], ['a middleware', 'middleware.js', 'middleware.js', '/stock']] as const) {
      it(`say so where ${what} uses it (${by})`, async () => {
        const app = await withFile(name, place)
        const built = await app.tryBuild(flags)
        let said = built.output
        if (built.code === 0) {
          const instance = world.keep(await app.startAnyhow())
          const { status, body } = await ask(instance.url + at)
          assert.equal(status, 500, body)
          said = instance.program.output + body
        }
        for (const words of SAYS) assert.match(said, words)
      })
    }

    it(`say so where a component of the browser uses it (${by})`, async () => {
      const app = await withFile('browser-page.js', 'app/browser/page.js')
      await app.build(flags)
      const instance = await world.start(app)
      const page = await newVisitor(browser)
      const complaints: string[] = []
      page.on('console', (message) => complaints.push(message.text()))
      page.on('pageerror', (error) => complaints.push(String(error)))
      await page.goto(`${instance.url}/browser`)
      await until('something is said', () => complaints.length > 0)
      assert.ok(SAYS.every((words) => complaints.some((text) => words.test(text))), complaints.join('\n'))
      await page.context().close()
    })
  }
})
