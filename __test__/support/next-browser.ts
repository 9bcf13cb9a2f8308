import assert from 'node:assert/strict'
import type { Browser, Page } from 'playwright-core'
import { newVisitor } from './browser'
import { revalidate } from './next-page'
import { until } from './until'

/** Far above what the pages need, far below what a page asks for that asks without end. */
const MANY_REQUESTS = 400

/** What somebody does who clicks around: forms, links, a refresh; the browser may complain of nothing. */
export async function clicksAround(browser: Browser, url: string): Promise<void> {
  const page = await newVisitor(browser)
  const complaints: string[] = []
  let requests = 0
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('request', () => requests++)

  await page.goto(`${url}/notes`)
  await page.evaluate('window.mark = 1')
  const seen = [await stamp(page, 'note')]
  await shows(page, 'Save', 'note', seen, async () => page.getByLabel('Text').fill('Three pears'))
  assert.ok((await page.locator('q').innerText()).includes('Three pears'))
  await shows(page, 'revalidatePath', 'note', seen)

  // From outside, so that only a refresh shows it.
  await revalidate(url, { tag: 'notes', how: 'now' })
  await shows(page, 'Refresh this page', 'note', seen)
  await page.getByRole('button', { name: 'revalidateTag' }).click()
  await until('a refresh shows what was made behind the old one', async () => {
    await page.getByRole('button', { name: 'Refresh this page' }).click()
    return !seen.includes(await stamp(page, 'note'))
  })

  for (const [link, heading, name] of [['Stock', 'Stock', 'stock'], ['Board', 'Board', 'own'], ['Items', 'Item 1', 'item'], ['Remote', 'Remote', 'remote'], ['Data', 'Data', 'kept'], ['Clock', 'Clock', 'clock']] as const) {
    await page.getByRole('navigation').getByRole('link', { name: link, exact: true }).click()
    await page.getByRole('heading', { name: heading, exact: true }).waitFor()
    await page.locator(`[data-stamp="${name}"]`).waitFor()
  }
  await page.getByRole('navigation').getByRole('link', { name: 'Items', exact: true }).click()
  await page.getByRole('link', { name: 'Item 4' }).click()
  await page.getByRole('heading', { name: 'Item 4', exact: true }).waitFor()
  await page.goBack()
  await page.getByRole('heading', { name: 'Item 1', exact: true }).waitFor()
  assert.equal(await page.evaluate('window.mark'), 1, 'the document was never loaded anew')

  await page.goto(`${url}/picture`)
  await until('the picture is there', () => page.locator('img').evaluate((image: any) => image.complete && image.naturalWidth > 0))
  assert.deepEqual(complaints, [])
  assert.ok(requests < MANY_REQUESTS, `it asked ${requests} times`)
  await page.context().close()
}

async function stamp(page: Page, name: string): Promise<string> {
  return (await page.locator(`[data-stamp="${name}"]`).first().getAttribute('data-id'))!
}

/** A click, and what it shows is new. */
async function shows(page: Page, button: string, name: string, seen: string[], before?: () => Promise<unknown>): Promise<void> {
  await before?.()
  await page.getByRole('button', { name: button }).click()
  await until(`${button} shows something new`, async () => !seen.includes(await stamp(page, name)))
  seen.push(await stamp(page, name))
}
