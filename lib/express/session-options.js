'use strict'

// The options of `SessionStore`: its own, and those of the sessions that it keeps.

const check = require('../check')
const { typeError } = require('../errors')
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
  check.oneOf(conflict, 'options.conflict', CONFLICTS)
  if (options.merge !== undefined && conflict !== 'merge') throw typeError("options.merge is of no use unless options.conflict is 'merge'")
  check.boolean(emitConnection, 'options.emitConnection')
  const settings = settingsOf(options)
  return {
    settings,
    conflict,
    settle: settleBy(merge, 'options.merge'),
    graceMs: check.durationOrNone(rotationGraceMs, 'options.rotationGraceMs'),
    emitConnection,
    ttlMs: settings.ttlMs,
    timeoutMs: settings.timeoutMs || MERGING_MS,
  }
}

module.exports = { planOf }
