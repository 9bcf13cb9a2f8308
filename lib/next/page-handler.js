'use strict'

// `cacheHandler` of Next.js 16: pages, route handlers, `fetch`, `unstable_cache`, images. Its interface is in `next/dist/server/lib/incremental-cache`.

const { Beginnings } = require('./beginnings')
const { BuildFolder } = require('./build-folder')
const { isOfKind } = require('./kinds')
const { OF_BUILD_MS, lifeOf, nameOf } = require('./lives')
const { Shared } = require('./shared')
const { Together } = require('./together')

const PAGES = new Set(['APP_PAGE', 'APP_ROUTE', 'PAGES'])

/** The `revalidate` of what is stale by its tags, in seconds: the least that there is. */
const STALE_S = 1
const TAGS_HEADER = 'x-next-cache-tags'
const BUILD = 'phase-production-build'

/** @typedef {import('./next-cache').Found} Found */

/** @param {unknown} options */
function createCacheHandler(options) {
  const shared = new Shared(options)
  const { buildId, near } = shared.settings
  const together = new Together()

  return class RedwrightCacheHandler {
    #folder
    /** Told by what is before Next.js. @type {readonly string[]} */
    #revalidated
    #beginnings = new Beginnings(shared.number)

    /** @param {any} [context] */
    constructor(context) {
      this.#folder = BuildFolder.of(context?.serverDistDir, buildId)
      this.#revalidated = context?.revalidatedTags ?? []
    }

    /**
     * @param {string} key
     * @param {any} context
     */
    async get(key, context) {
      const { cache } = shared
      if (cache === null) return null
      const name = this.#nameOf(key, context.kind)
      if (name === null) return null
      if (near !== false && PAGES.has(context.kind)) await together.wait(name)
      const found = await cache.find(name, this.#how(key, context))
      // It is made, if at all, by who knows what was learned meanwhile.
      this.#beginnings.begin(name, cache.number)
      if (context.kind === 'FETCH') return this.#fetched(found, context)
      const answer = answerOf(found)
      return answer === null || context.kind === 'IMAGE' ? answer : { ...answer, value: pageFor(answer.value, context) }
    }

    /**
     * @param {string} key
     * @param {string} kind
     * @returns {string | null} `null` while a build is made, whose pages are in its folder
     */
    #nameOf(key, kind) {
      if (kind === 'FETCH') return nameOf('fetch', key)
      if (kind === 'IMAGE') return nameOf('image', key)
      const build = process.env.NEXT_PHASE === BUILD ? null : this.#folder.buildId
      return build === null ? null : nameOf(`page:${build}`, key)
    }

    /**
     * @param {string} key
     * @param {any} context
     */
    #how(key, context) {
      const { kind, tags = [], softTags = [] } = context
      const isUsable = (/** @type {any} */ value) => isOfKind(value, kind)
      if (kind === 'FETCH') return { isUsable, more: [...tags, ...softTags] }
      return kind === 'IMAGE' ? { isUsable } : { isUsable, seed: () => this.#folder.seed(key, context) }
    }

    /**
     * @param {Found | null} found
     * @param {any} context
     */
    #fetched(found, { tags = [], softTags = [], revalidate }) {
      if (found === null || this.#revalidated.some((tag) => tags.includes(tag) || softTags.includes(tag))) return null
      const { meta, value, isStale } = found
      // Older than it may be, so that it is given and fetched anew behind that.
      const staleSince = Date.now() - (Number(revalidate || value?.revalidate) || 0) * 1000 - 1
      return { lastModified: isStale ? Math.min(meta.at, staleSince) : meta.at, value }
    }

    /**
     * @param {string} key
     * @param {any} value
     * @param {any} context
     */
    async set(key, value, context) {
      const { cache } = shared
      if (cache === null) return
      const { fetchCache, kind, tags, cacheControl: control, isImplicitBuildTimeCache } = context
      const name = this.#nameOf(key, fetchCache === true ? 'FETCH' : kind)
      if (name === null) return
      const made = { at: Date.now(), number: this.#beginnings.end(name) }
      if (fetchCache === true) {
        const lifeMs = isImplicitBuildTimeCache ? Math.min(OF_BUILD_MS, cache.lifeMs) : cache.lifeMs
        return cache.keep(name, { ...made, tags: tags ?? value?.tags ?? [] }, value, value === null ? 0 : lifeMs)
      }
      if (kind === 'IMAGE') return cache.keep(name, { ...made, tags: [], control }, value, value === null ? 0 : cache.lifeMs)
      await cache.keep(name, { ...made, tags: tagsOf(value), control }, value, lifeOf(control?.expire, cache.lifeMs))
    }

    /**
     * @param {string | string[]} tags
     * @param {{ expire?: number }} [durations]
     */
    async revalidateTag(tags, durations) {
      await shared.cache?.invalidate(typeof tags === 'string' ? [tags] : tags, durations)
    }

    resetRequestCache() {}
  }
}

/** @param {any} value */
function tagsOf(value) {
  const header = value?.headers?.[TAGS_HEADER]
  return typeof header === 'string' && header !== '' ? header.split(',') : []
}

/**
 * As Next.js computes whether it is stale: from its age, and how long it need not be made anew.
 * @param {Found | null} found
 */
function answerOf(found) {
  if (found === null) return null
  const { meta, value, isStale } = found
  const { at, control } = meta
  if (!isStale) return { lastModified: at, value, cacheControl: control }
  // To be made anew since a moment ago, also where that was to be in an hour, or never; and not so old that it would be over.
  return { lastModified: Math.min(at, Date.now() - STALE_S * 1000 - 1), value, cacheControl: { ...control, revalidate: STALE_S } }
}

/**
 * A page as this request may have it: what is to be finished for each request has no data of its own, nor has a fallback.
 * @param {any} value
 * @param {{ isFallback?: boolean, isRoutePPREnabled?: boolean }} context
 */
function pageFor(value, { isFallback, isRoutePPREnabled }) {
  if (value === null) return null
  // What is in memory is for all.
  const page = { ...value, headers: value.headers && { ...value.headers } }
  if (page.kind === 'APP_PAGE' && (isFallback || (isRoutePPREnabled && page.postponed !== undefined && page.postponed !== null))) page.rscData = undefined
  if (page.kind === 'PAGES' && isFallback) page.pageData = {}
  return page
}

module.exports = { createCacheHandler }
