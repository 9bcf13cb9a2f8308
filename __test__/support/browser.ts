import { createRequire } from 'node:module'
import { after } from 'node:test'
import { chromium, type Browser, type Page } from 'playwright-core'
import { newFolder } from './reaper'

const { findBrowser } = createRequire(import.meta.url)('../../scripts/setup/browser.js')

/** Of the start, of each page and of each step on it. Nothing is learnt from it but that a thing never came. */
const CAP_MS = 120_000

const running: Browser[] = []
after(() => Promise.all(running.map((browser) => browser.close())))

/** Chromium without a window. It ends with the tests of the file, and its profile goes with the process, however that ends. */
export async function launchBrowser(): Promise<Browser> {
  const folder = newFolder()
  const { TMPDIR } = process.env
  // Where the profile is made. Chromium itself writes into its home too, which a machine of CI may not have.
  process.env.TMPDIR = folder
  try {
    const browser = await chromium.launch({
      executablePath: findBrowser(),
      // Root has no sandbox, nor have most containers; only our own pages are opened.
      chromiumSandbox: false,
      args: ['--disable-dev-shm-usage'],
      // People have this cache: a page that one goes back to may come out of it as it was left.
      ignoreDefaultArgs: ['--disable-back-forward-cache'],
      env: { ...process.env, HOME: folder, XDG_CONFIG_HOME: folder, XDG_CACHE_HOME: folder },
      timeout: CAP_MS,
    })
    running.push(browser)
    return browser
  } finally {
    if (TMPDIR === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = TMPDIR
  }
}

/** A page of somebody who has cookies and a cache to himself. */
export async function newVisitor(browser: Browser): Promise<Page> {
  const context = await browser.newContext()
  context.setDefaultTimeout(CAP_MS)
  return context.newPage()
}
