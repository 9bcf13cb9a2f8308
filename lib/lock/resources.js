'use strict'

// What is locked: one name, or some that are locked together. They cross as one string, with a NUL between two.

const check = require('../check')
const { typeError, rangeError, kindOf } = require('../errors')

/** So many are locked together at most. */
const MOST = 128

/**
 * One name.
 * @param {unknown} resource
 */
function nameOf(resource) {
  check.key(resource, 'resource')
  return resource
}

/**
 * One name, or some: sorted, so that of two callers who want some of the same one is first at all of them.
 * @param {unknown} resource
 */
function namesOf(resource) {
  if (typeof resource === 'string') return nameOf(resource)
  if (!Array.isArray(resource)) throw typeError(`resource must be a string or an array of strings, got ${kindOf(resource)}`)
  if (resource.length === 0) throw typeError('resource must not be an empty array')
  if (resource.length > MOST) throw rangeError(`resource must hold at most ${MOST} names, got ${resource.length}`)
  const names = check.keys(resource, 'resource').sort()
  const twice = names.findIndex((name, i) => name === names[i + 1])
  if (twice !== -1) throw typeError('resource must not hold the same name twice')
  return names.join('\0')
}

/** @param {string} names */
function isOne(names) {
  return !names.includes('\0')
}

/**
 * Whether some names are among others.
 * @param {string} all
 * @param {string} some
 */
function holds(all, some) {
  if (all === some) return true
  const names = new Set(all.split('\0'))
  return some.split('\0').every((name) => names.has(name))
}

module.exports = { nameOf, namesOf, isOne, holds }
