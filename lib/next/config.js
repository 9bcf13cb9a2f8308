'use strict'

// `withRedwright`: the configuration of an application.

const path = require('node:path')
const check = require('../check')
const { typeError, kindOf } = require('../errors')
const { KNOWN, settingsOf } = require('./settings')

const PACKAGE = 'redwright'
/** Where settings are found by the files that Next.js loads by itself, in whatever process. */
const VARIABLE = 'REDWRIGHT_NEXT'
const NAMES = ['default', 'remote']
/** As Next.js wants them. */
const NAME = /^[a-z-]+$/

/**
 * @param {any} [nextConfig] an object, or a function of the phase that gives one, or a promise of it
 * @param {any} [options]
 */
function withRedwright(nextConfig = {}, options) {
  const plan = planOf(options)
  if (typeof nextConfig === 'function') {
    return async (/** @type {any[]} */ ...args) => configured(await nextConfig(...args), plan)
  }
  if (typeof nextConfig?.then === 'function') return nextConfig.then((/** @type {any} */ config) => configured(config, plan))
  return configured(nextConfig, plan)
}

/** @param {any} options */
function planOf(options) {
  const known = check.options(options, 'options', ['cacheHandler', 'cacheHandlers', 'images', ...KNOWN])
  settingsOf(known)
  const { cacheHandler = true, cacheHandlers = NAMES, images = false, ...settings } = known
  check.boolean(cacheHandler, 'options.cacheHandler')
  check.boolean(images, 'options.images')
  return { cacheHandler, names: namesOf(cacheHandlers), images, settings: JSON.stringify(settings) }
}

/** @param {unknown} value */
function namesOf(value) {
  if (value === false) return []
  if (!Array.isArray(value)) throw typeError(`options.cacheHandlers must be false or a list of names, got ${kindOf(value)}`)
  for (const name of value) {
    if (typeof name !== 'string' || !NAME.test(name) || name === 'private') throw typeError("options.cacheHandlers must hold names of small letters and '-', and not 'private'")
  }
  return value
}

/**
 * @param {any} config
 * @param {ReturnType<typeof planOf>} plan
 */
function configured(config, { cacheHandler, names, images, settings }) {
  if (typeof config !== 'object' || config === null) throw typeError(`the configuration of Next.js must be an object, got ${kindOf(config)}`)
  // For the processes that this one starts, and for those that start from the folder of a standalone build, which has the configuration but not its file.
  process.env[VARIABLE] = settings
  /** @type {any} */
  const made = {
    // Two caches in memory would be one too many, and nobody would tell that of Next.js; but where part of it stays, it stays.
    ...(cacheHandler && names.includes('default') ? { cacheMaxMemorySize: 0 } : {}),
    ...config,
    env: { ...config.env, [VARIABLE]: settings },
    serverExternalPackages: [...new Set([...(config.serverExternalPackages ?? []), PACKAGE])],
  }
  if (cacheHandler) made.cacheHandler ??= path.join(__dirname, 'cache-handler.js')
  if (names.length > 0) made.cacheHandlers = { ...Object.fromEntries(names.map((name) => [name, path.join(__dirname, 'cache-handlers.js')])), ...config.cacheHandlers }
  if (images) made.images = { ...config.images, customCacheHandler: true }
  return made
}

/**
 * What `withRedwright` was told, in whichever process this is.
 * @returns {any}
 */
function settingsOfApplication() {
  const { [VARIABLE]: own, __NEXT_PRIVATE_STANDALONE_CONFIG: standalone } = process.env
  try {
    return JSON.parse(own ?? JSON.parse(standalone ?? '{}').env?.[VARIABLE] ?? '{}')
  } catch {
    return {}
  }
}

module.exports = { settingsOfApplication, withRedwright }
