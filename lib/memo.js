'use strict'

// A function whose results are cached, and what goes with it.

/**
 * What is asked of a cache: `TypeSafeCache` and `ResilientCache` have it.
 * @typedef {{
 *   getOrSet(key: string, fetcher: (context: any) => any, options?: any): Promise<any>,
 *   del(key: string, namespace?: string): Promise<unknown>,
 * }} Cache
 */

/**
 * A function with the arguments, the `this` and the name of `fn`, whose results are cached under `keyOf(...args)`. What `keyOf` throws rejects,
 * but for `.key`, which throws it.
 * @param {Cache | (() => Cache)} cache a cache, or what gives it at each call
 * @param {(...args: any[]) => any} fn
 * @param {(this: unknown, ...args: any[]) => string} keyOf gets the `this` of the call; the function itself from `.key` and `.invalidate`
 * @param {{ namespace?: string } & Record<string, any>} [options] those of `getOrSet`
 * @returns {((...args: any[]) => Promise<any>) & { key(...args: any[]): string, invalidate(...args: any[]): Promise<void> }}
 */
function memoise(cache, fn, keyOf, options) {
  const cacheOf = typeof cache === 'function' ? cache : () => cache

  /** @this {unknown} @param {any[]} args */
  async function memoised(...args) {
    return cacheOf().getOrSet(keyOf.apply(this, args), () => fn.apply(this, args), options)
  }

  /** @param {any[]} args */
  function key(...args) {
    return keyOf.apply(memoised, args)
  }

  /** @param {any[]} args */
  async function invalidate(...args) {
    await cacheOf().del(key(...args), options?.namespace)
  }

  Object.defineProperty(memoised, 'name', { value: fn.name, configurable: true })
  return Object.assign(memoised, { key, invalidate })
}

module.exports = { memoise }
