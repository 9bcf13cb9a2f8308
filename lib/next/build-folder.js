'use strict'

// What a build has left in its folder: its id, and the pages that it has made, of which Next.js tells no handler. The layout is that of Next.js 16.4.

const { createHash } = require('node:crypto')
const { readFileSync } = require('node:fs')
const { readFile, stat } = require('node:fs/promises')
const path = require('node:path')
const { Recent } = require('../recent')

/** For so many pages it is remembered, for this long, that the build has left nothing. */
const MOST = 10_000
const REMEMBERED_MS = 600_000

/** Between the namespace of a route and the path of a page, in a key. */
const MARK = '/$/'
const FOLDERS = /** @type {Record<string, string>} */ ({ APP_PAGE: 'app', APP_ROUTE: 'app', PAGES: 'pages' })

/** @type {Map<string, BuildFolder>} */
const known = new Map()

class BuildFolder {
  #folder
  /** @type {string | null | undefined} */
  #buildId
  /** @type {Recent<true>} */
  #none = new Recent(MOST, REMEMBERED_MS)

  /**
   * @param {string | undefined} folder `serverDistDir`, as handlers are told
   * @param {string | undefined} buildId
   */
  constructor(folder, buildId) {
    this.#folder = folder
    this.#buildId = buildId
  }

  /**
   * @param {string | undefined} folder
   * @param {string | undefined} buildId
   */
  static of(folder, buildId) {
    const id = JSON.stringify([folder, buildId])
    const found = known.get(id) ?? new BuildFolder(folder, buildId)
    known.set(id, found)
    return found
  }

  /** @returns {string | null} `null` for a folder of no build */
  get buildId() {
    return (this.#buildId ??= this.#readId())
  }

  #readId() {
    if (this.#folder === undefined) return null
    try {
      return readFileSync(path.join(this.#folder, '..', 'BUILD_ID'), 'utf8').trim() || null
    } catch {
      return null
    }
  }

  /**
   * A page that the build has made; `null` for none.
   * @param {string} key
   * @param {any} context
   */
  async seed(key, context) {
    const asked = `${Boolean(context.isFallback)} ${Boolean(context.isRoutePPREnabled)} ${key}`
    if (this.#folder === undefined || this.#none.get(asked)) return null
    try {
      const seed = await this.#read(this.#folder, key, context)
      if (seed === null) this.#none.set(asked, true)
      return seed
    } catch {
      // Maybe the next time.
      return null
    }
  }

  /**
   * @param {string} folder
   * @param {string} key
   * @param {any} context
   */
  async #read(folder, key, context) {
    const { kind } = context
    const mark = key.indexOf(MARK)
    const root = path.join(folder, FOLDERS[kind])
    const base = path.join(root, key.slice(mark + MARK.length - 1))
    if (mark === -1 || !base.startsWith(root + path.sep)) return null
    const text = await readFile(`${base}.meta`, 'utf8').catch(unlessThere)
    if (text === null) return null
    const meta = JSON.parse(text)
    if (!isOf(meta, key.slice(0, mark), key, context)) return null
    const main = kind === 'APP_ROUTE' ? `${base}.body` : `${base}.html`
    const [bytes, { mtimeMs }] = await Promise.all([readFile(main), stat(main)])
    const value = await valueOf(base, bytes, meta, context)
    const tags = meta.headers?.['x-next-cache-tags']
    return { meta: { at: meta.routeCacheLastModified ?? mtimeMs, tags: typeof tags === 'string' ? tags.split(',') : [], control: meta.cacheControl }, value }
  }
}

/** @param {any} error */
function unlessThere(error) {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR' || error.code === 'ENAMETOOLONG') return null
  throw error
}

/**
 * Whether a file is of a key: another route may have a page of this path.
 * @param {any} meta
 * @param {string} namespace
 * @param {string} key
 * @param {any} context
 */
function isOf({ routeCache, postponed }, namespace, key, { kind, isFallback, isRoutePPREnabled }) {
  if (routeCache?.key !== key) return false
  // The shell of a page that is finished for each request is asked for as if it were none.
  const isShell = kind === 'APP_PAGE' && isRoutePPREnabled && postponed !== undefined && postponed !== null
  if (!isShell && routeCache.isFallback !== Boolean(isFallback)) return false
  const { owner } = routeCache
  return namespace === `/route-cache/${owner.kind}/${createHash('sha256').update(owner.sourceRoute).digest('hex')}`
}

/**
 * @param {string} base of the files' names
 * @param {Buffer} bytes
 * @param {any} meta
 * @param {any} context
 */
async function valueOf(base, bytes, { headers, status, postponed, segmentPaths }, { kind, isFallback, isRoutePPREnabled }) {
  if (kind === 'APP_ROUTE') return { kind, body: bytes, headers, status }
  const html = bytes.toString()
  if (kind === 'PAGES') return { kind, html, pageData: isFallback ? {} : JSON.parse(await readFile(`${base}.json`, 'utf8')), headers, status }
  const hasData = !isFallback && (!isRoutePPREnabled || postponed === undefined || postponed === null)
  const rscData = hasData ? await readFile(`${base}.rsc`) : undefined
  /** @type {Map<string, Buffer> | undefined} */
  const segmentData = segmentPaths && new Map()
  for (const segment of segmentPaths ?? []) {
    // Where one is missing Next.js makes do without it.
    const data = await readFile(`${base}.segments${segment}.segment.rsc`).catch(() => null)
    if (data !== null) segmentData?.set(segment, data)
  }
  return { kind, html, rscData, postponed, headers, status, segmentData }
}

module.exports = { BuildFolder }
