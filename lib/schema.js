'use strict'

// What is stored, held against the schema of a user: the Standard Schema of version 1 (https://standardschema.dev), by its interface alone.

const { typeError, kindOf } = require('./errors')

/**
 * `threw` says that the schema or `migrate` threw, or gave what is no result; `migrated` that the value comes from `migrate`.
 * @typedef {{ fits: true, value: any, threw: boolean, migrated: boolean } | { fits: false, threw: boolean }} Fit
 * @typedef {import('../index').StandardSchema['~standard']} Schema
 * @typedef {(value: unknown) => unknown} Migrate
 */

/** @type {Fit} */
const MISFIT = Object.freeze({ fits: false, threw: false })
/** @type {Fit} */
const THREW = Object.freeze({ fits: false, threw: true })

/**
 * The schema of the option `schema`, `null` without one.
 * @param {unknown} option
 * @returns {Schema | null}
 */
function schemaOf(option) {
  if (option === undefined) return null
  const kind = 'options.schema must be a Standard Schema'
  if ((typeof option !== 'object' && typeof option !== 'function') || option === null) throw typeError(`${kind}, got ${kindOf(option)}`)
  const standard = /** @type {any} */ (option)['~standard']
  if (typeof standard !== 'object' || standard === null) throw typeError(`${kind}, which has the property '~standard'; got ${kindOf(option)}`)
  if (standard.version !== 1) throw typeError(`${kind} of version 1`)
  if (typeof standard.validate !== 'function') throw typeError(`${kind}, whose validate is a function; got ${kindOf(standard.validate)}`)
  return standard
}

/**
 * Whether a value fits, perhaps once `migrate` has made it fit. Never throws or rejects. A promise only where the schema or `migrate` gives one.
 * @param {Schema} schema
 * @param {unknown} value
 * @param {Migrate} [migrate]
 * @returns {Fit | Promise<Fit>}
 */
function fit(schema, value, migrate) {
  const found = validate(schema, value)
  if (migrate === undefined) return found
  if (found instanceof Promise) return found.then((found) => (found.fits ? found : migrated(schema, value, migrate, found.threw)))
  return found.fits ? found : migrated(schema, value, migrate, found.threw)
}

/**
 * @param {Schema} schema
 * @param {unknown} value
 * @param {Migrate} migrate
 * @param {boolean} threw whether the schema threw before
 * @returns {Fit | Promise<Fit>}
 */
function migrated(schema, value, migrate, threw) {
  let other
  try {
    other = migrate(value)
    if (isThenable(other)) return Promise.resolve(other).then((other) => revalidated(schema, other, threw)).catch(() => THREW)
  } catch {
    return THREW
  }
  return revalidated(schema, other, threw)
}

/**
 * @param {Schema} schema
 * @param {unknown} value of `migrate`
 * @param {boolean} threw
 * @returns {Fit | Promise<Fit>}
 */
function revalidated(schema, value, threw) {
  if (value === undefined) return threw ? THREW : MISFIT
  const found = validate(schema, value)
  return found instanceof Promise ? found.then((found) => asMigrated(found, threw)) : asMigrated(found, threw)
}

/**
 * @param {Fit} found
 * @param {boolean} threw
 * @returns {Fit}
 */
function asMigrated(found, threw) {
  if (!found.fits) return threw ? THREW : found
  return { fits: true, value: found.value, threw, migrated: true }
}

/**
 * @param {Schema} schema
 * @param {unknown} value
 * @returns {Fit | Promise<Fit>}
 */
function validate(schema, value) {
  try {
    const result = schema.validate(value)
    return isThenable(result) ? Promise.resolve(result).then(verdict, failed) : verdict(result)
  } catch {
    return THREW
  }
}

/**
 * @param {any} result
 * @returns {Fit}
 */
function verdict(result) {
  if (typeof result !== 'object' || result === null) return THREW
  if (result.issues) return MISFIT
  return 'value' in result ? { fits: true, value: result.value, threw: false, migrated: false } : THREW
}

function failed() {
  return THREW
}

/** @param {any} value */
function isThenable(value) {
  return typeof value === 'object' && value !== null && typeof value.then === 'function'
}

module.exports = { schemaOf, fit }
