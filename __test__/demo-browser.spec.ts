import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { launchBrowser, newVisitor } from './support/browser'
import { serve } from './support/http'
import { root } from './support/root'
import { until } from './support/until'

const { start } = createRequire(path.join(root, 'package.json'))('./examples/demo/server.js')

const PASSWORD = 'correct horse battery staple'

describe('the demo in a browser', () => {
  let demo: any
  let browser: Browser
  let people = 0

  before(async () => {
    demo = await start({ prefix: 'redwright-demo-browser' })
    browser = await launchBrowser()
  })
  after(() => demo?.close())

  const fill = async (page: Page, name: string, button: string) => {
    await page.goto(`${demo.url}/account/login`)
    await page.getByLabel('Name').fill(name)
    await page.getByLabel('Password').fill(PASSWORD)
    await page.getByRole('button', { name: button, exact: true }).click()
    await page.waitForURL('**/account')
  }
  /** Somebody new who is logged in, in a browser of their own, and keeps a city that only they keep. */
  const newPerson = async (city: string, title = '') => {
    const name = `${title}Person ${++people}`
    const page = await newVisitor(browser)
    await fill(page, name, 'Sign up')
    await keep(page, city)
    return { name, city, page }
  }
  const keep = async (page: Page, city: string) => {
    await page.goto(`${demo.url}/guides/FR`)
    await page.getByRole('row', { name: city }).getByRole('button', { name: 'Keep' }).click()
    await page.waitForURL('**/account')
  }
  const textOf = (page: Page) => page.locator('body').innerText()
  const isIn = async (page: Page, { name, city }: { name: string; city: string }) => {
    await page.goto(`${demo.url}/account`)
    const text = await textOf(page)
    return text.includes(`Hello, ${name}`) && text.includes(city)
  }
  const assertOut = async (page: Page, { name, city }: { name: string; city: string }) => {
    assert.equal(new URL(page.url()).pathname, '/account/login')
    const text = await textOf(page)
    assert.match(text, /Log in/)
    assert.ok(!text.includes(name) && !text.includes(city), text)
  }
  const logOut = async (page: Page, button = 'Log out') => {
    await page.getByRole('button', { name: button, exact: true }).click()
    await page.waitForURL('**/account/login')
  }

  it('shows each of two people their own page, and both the same public one out of the cache', async () => {
    const [ada, bob] = await Promise.all([newPerson('Paris', '<i>Ada</i> '), newPerson('Lyon', '"Bob" & ')])
    const guides: string[] = []
    for (const { page } of [ada, bob]) {
      await until('it comes out of the cache', async () => {
        const response = (await page.goto(`${demo.url}/guides/JP`))!
        assert.equal(response.headers()['set-cookie'], undefined)
        guides.push(await response.text())
        return response.headers()['cache-status']!.includes('; hit')
      })
    }
    // Whoever came second had no need to ask for it first.
    assert.ok(guides.length <= 3 || demo.redis.metrics().failed > 0, `it was asked for ${guides.length} times`)
    assert.equal(new Set(guides).size, 1)
    assert.ok(!/Person|Paris|Lyon/.test(guides[0]!), 'nothing of anybody is in it')
    for (const [me, other] of [[ada, bob], [bob, ada]] as const) {
      assert.equal(await me.page.getByRole('link', { name: 'Your account' }).count(), 1)
      for (let i = 0; i < 3; i++) {
        const response = (await me.page.goto(`${demo.url}/account`))!
        assert.equal(response.headers()['cache-control'], 'private, no-store')
        assert.doesNotMatch(response.headers()['cache-status'] ?? '', /; (hit|stored|collapsed)/)
        const text = await textOf(me.page)
        assert.ok(text.includes(`Hello, ${me.name}`) && text.includes(me.city), text)
        assert.ok(!text.includes(other.name) && !text.includes(other.city), text)
      }
    }
    // At once, so that one could wait for the load of the other.
    for (let i = 0; i < 5; i++) assert.deepEqual(await Promise.all([ada, bob].map((me) => isIn(me.page, me))), [true, true])
    assert.equal(await ada.page.locator('h1 i').count(), 0, 'a name is text and no markup')
  })

  it('shows nothing after a log-out, whichever way one comes back', async () => {
    const me = await newPerson('Toulouse')
    const { page } = me
    await page.goto(`${demo.url}/guides/FR`)
    assert.ok(await isIn(page, me))
    await logOut(page)
    await assertOut(page, me)
    await page.goBack({ waitUntil: 'commit' })
    await page.waitForURL('**/account/login')
    await assertOut(page, me)
    await page.goto(`${demo.url}/account`)
    await assertOut(page, me)
  })

  it('shows nothing in another tab either after a log-out', async () => {
    const me = await newPerson('Nice')
    const { page } = me
    assert.ok(await isIn(page, me))
    await page.goto(`${demo.url}/guides/FR`)
    const tab = await page.context().newPage()
    assert.ok(await isIn(tab, me))
    await logOut(tab)
    await page.goBack({ waitUntil: 'commit' })
    await page.waitForURL('**/account/login')
    await assertOut(page, me)
  })

  it('does not log in again by a slow request that was under way at the log-out', async () => {
    const me = await newPerson('Nantes')
    const { page } = me
    const cookies = await page.context().cookies()
    const tab = await page.context().newPage()
    assert.ok(await isIn(tab, me))

    const { one } = demo.cities
    let answer = () => {}
    const asked = new Promise<void>((resolve) => {
      demo.cities.one = async (id: number) => {
        resolve()
        await new Promise<void>((done) => (answer = done))
        return one.call(demo.cities, id)
      }
    })
    try {
      await page.goto(`${demo.url}/guides/FR`)
      await page.getByRole('row', { name: 'Strasbourg' }).getByRole('button').click({ noWaitAfter: true })
      await asked
      await logOut(tab)
      answer()
      await page.waitForURL('**/account/login')
      await assertOut(page, me)
    } finally {
      demo.cities.one = one
    }
    for (const open of [page, tab]) {
      await open.goto(`${demo.url}/account`)
      await assertOut(open, me)
    }
    // Nor with the cookie of before.
    const thief = await newVisitor(browser)
    await thief.context().addCookies(cookies)
    await thief.goto(`${demo.url}/account`)
    await assertOut(thief, me)
  })

  it('ends the session of another browser by "log out everywhere", and of nobody else', async () => {
    const [me, other] = await Promise.all([newPerson('Lille'), newPerson('Rennes')])
    const phone = await newVisitor(browser)
    await fill(phone, me.name, 'Log in')
    await keep(phone, me.city)
    assert.equal(await phone.locator('#sessions tr').count(), 3, 'a head and two sessions')
    await phone.goto(`${demo.url}/guides/FR`)
    assert.ok(await isIn(me.page, me))
    assert.equal(await me.page.locator('#sessions tr').count(), 3)

    await logOut(me.page, 'Log out everywhere')
    await phone.goBack({ waitUntil: 'commit' })
    await phone.waitForURL('**/account/login')
    for (const page of [phone, me.page]) {
      await page.goto(`${demo.url}/account`)
      await assertOut(page, me)
    }
    assert.ok(await isIn(other.page, other))
    await fill(phone, me.name, 'Log in')
    assert.equal(await phone.locator('#sessions tr').count(), 2, 'what was ended is not listed')
  })

  it('does nothing by a form of another site, or of another port of this host', async () => {
    const me = await newPerson('Bordeaux')
    const { page } = me
    const forms = ['/account/logout', '/account/cities'].map((action) => `<form method="post" action="${demo.url}${action}"><input name="id" value="2998324"><button>${action}</button></form>`)
    const foreign = await serve((_, res) => res.setHeader('Content-Type', 'text/html').end(forms.join('')))
    try {
      for (const host of ['127.0.0.1', 'localhost']) {
        for (const button of ['/account/logout', '/account/cities']) {
          await page.goto(`http://${host}:${foreign.port}`)
          const answered = page.waitForResponse((response) => response.request().method() === 'POST')
          await page.getByRole('button', { name: button }).click()
          assert.equal((await answered).status(), 403)
        }
      }
    } finally {
      await foreign.close()
    }
    assert.ok(await isIn(page, me))
    assert.ok(!(await textOf(page)).includes('Lille'))
  })
})
