'use strict'

// The options of `SessionStore`: its own, and those of the sessions that it keeps.

const check = require('../check')
const { typeError, kindOf } = require('../errors')
const { settingsOf, OPTIONS } = require('../session/options')
const { settleBy } = require('./session-merge')

const OWN = /** @type {const} */ (['conflict', 'merge', 'rotationGraceMs', 'emitConnection', 'legacyPrefix'])
const CONFLICTS = ['merge', 'last-write', 'reject']
const GRACE_MS = 10_000
/** How long others may come first, where no deadline is given, in ms. */
const MERGING_MS = 5000

/** @param {unknown} given */
function planOf(given) {
  const options = check.options(given, 'options', [...OPTIONS, ...OWN])
  const { conflict = 'merge', merge = 'mine', rotationGraceMs = GRACE_MS, emitConnection = false } = options
  if (!CONFLICTS.includes(conflict)) throw typeError(`options.conflict must be 'merge', 'last-write' or 'reject', got ${typeof conflict === 'string' ? 'another string' : kindOf(conflict)}`)
  if (options.merge !== undefined && conflict !== 'merge') throw typeError("options.merge is of no use unless options.conflict is 'merge'")
  if (typeof emitConnection !== 'boolean') throw typeError(`options.emitConnection must be a boolean, got ${kindOf(emitConnection)}`)
  const settings = settingsOf(options)
  return {
    settings,
    conflict,
    settle: settleBy(merge, 'options.merge'),
    graceMs: graceOf(rotationGraceMs, 'options.rotationGraceMs'),
    emitConnection,
    ttlMs: settings.ttlMs,
    timeoutMs: settings.timeoutMs || MERGING_MS,
  }
}

/**
 * @param {unknown} value
 * @param {string} name
 */
function graceOf(value, name) {
  return value === 0 ? 0 : check.duration(value, name)
}

module.exports = { planOf, graceOf }
