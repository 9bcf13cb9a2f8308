'use strict'

/** A request that cannot be answered: sent as JSON with its status by `app.js`. */
class RequestError extends Error {
  constructor(status, code, message) {
    super(message)
    this.status = status
    this.code = code
  }
}

const invalid = (message) => new RequestError(400, 'ERR_INVALID_PARAM', message)
const missing = (message) => new RequestError(404, 'ERR_NOT_FOUND', message)

/** A text of 1 to `max` characters. */
function text(query, name, max) {
  const value = query[name]
  if (typeof value !== 'string' || value.trim() === '') throw invalid(`"${name}" must be given once and not be empty`)
  if (value.length > max) throw invalid(`"${name}" must not be longer than ${max} characters`)
  return value.trim()
}

/** A decimal number from `min` to `max`; `fallback` when it is not given. */
function number(query, name, { min, max, fallback, whole = false }) {
  const value = query[name]
  if (value === undefined && fallback !== undefined) return fallback
  const shape = whole ? /^\d{1,12}$/ : /^-?\d{1,12}(\.\d{1,12})?$/
  const parsed = typeof value === 'string' && shape.test(value) ? Number(value) : NaN
  if (!(parsed >= min && parsed <= max)) {
    throw invalid(`"${name}" must be ${whole ? 'a whole number' : 'a number'} from ${min} to ${max}`)
  }
  return parsed
}

const limit = (query, fallback) => number(query, 'limit', { min: 1, max: 100, fallback, whole: true })

module.exports = { RequestError, invalid, missing, text, number, limit }
