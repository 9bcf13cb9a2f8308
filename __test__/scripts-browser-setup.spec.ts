import assert from 'node:assert/strict'
import { chmod, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { remove, tempFolder } from './support/packed'

const load = createRequire(import.meta.url)
const { ensureBrowser, findBrowser } = load('../scripts/setup/browser.js')
const { Failure } = load('../scripts/setup/failure.js')
const { drivesBrowser, selectTests } = load('../scripts/test-files.js')

describe('the set-up of a browser', { skip: process.platform !== 'linux' && 'elsewhere browsers are on no PATH' }, () => {
  const { PATH, REDWRIGHT_BROWSER } = process.env
  let folder: string
  let asked: string[][]
  const put = async (name: string) => {
    await writeFile(path.join(folder, name), '#!/bin/sh\n')
    await chmod(path.join(folder, name), 0o755)
    return path.join(folder, name)
  }
  /** As apt would on a machine where we may use it, or may not. */
  const apt = (may: boolean, brings?: string) => ({
    canInstall: () => may,
    async installByApt(names: string[]) {
      asked.push(names)
      if (brings !== undefined) await put(brings)
    },
  })
  const advised = (words: RegExp) => (error: any) => error instanceof Failure && words.test((error as any).explain())

  beforeEach(async () => {
    folder = await tempFolder()
    asked = []
    process.env.PATH = folder
    delete process.env.REDWRIGHT_BROWSER
  })
  afterEach(async () => {
    process.env.PATH = PATH
    if (REDWRIGHT_BROWSER === undefined) delete process.env.REDWRIGHT_BROWSER
    else process.env.REDWRIGHT_BROWSER = REDWRIGHT_BROWSER
    await remove(folder)
  })

  it('takes the one on PATH, Chromium before Chrome, and installs nothing', async () => {
    assert.equal(findBrowser(), undefined)
    const chrome = await put('google-chrome')
    assert.equal(findBrowser(), chrome)
    const chromium = await put('chromium')
    assert.equal(findBrowser(), chromium)
    await ensureBrowser(apt(true))
    assert.deepEqual(asked, [])
  })

  it('installs Debian\'s chromium where there is none', async () => {
    await ensureBrowser(apt(true, 'chromium'))
    assert.deepEqual(asked, [['chromium']])
    assert.equal(findBrowser(), path.join(folder, 'chromium'))
  })

  it('says what to do where it may not install, and where that brought none', async () => {
    await put('apt-get')
    await assert.rejects(ensureBrowser(apt(false)), advised(/need Chromium[^]*What to do: sudo apt-get [^]* chromium\n[^]*REDWRIGHT_BROWSER=/))
    assert.deepEqual(asked, [])
    await assert.rejects(ensureBrowser(apt(true)), advised(/What to do: /))
    await rm(path.join(folder, 'apt-get'))
    await assert.rejects(ensureBrowser(apt(false)), advised(/your system's package chromium/))
  })

  it('takes the one that is named, by its path or on PATH, or says that it is not there', async () => {
    await put('chromium')
    const other = await put('other')
    for (const name of ['other', other]) {
      process.env.REDWRIGHT_BROWSER = name
      assert.equal(findBrowser(), other)
    }
    process.env.REDWRIGHT_BROWSER = path.join(folder, 'nothing')
    await assert.rejects(ensureBrowser(apt(true)), advised(/not there[^]*What to do: correct REDWRIGHT_BROWSER/))
    assert.deepEqual(asked, [])
  })

  it('is asked only for tests that drive one', () => {
    assert.ok(selectTests([]).some(drivesBrowser))
    assert.ok(!selectTests(['stable-key.spec', 'scripts-browser-setup']).some(drivesBrowser))
  })
})
