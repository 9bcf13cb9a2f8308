'use strict'

// What a request says for itself, before anything is read for it.

const { typeError } = require('../errors')
const { given } = require('./optional')

/** What a request may ask for, RFC 9111 section 5.2.1; other directives say nothing to a cache. */
const WISHES = /no-cache|no-store|max-age|max-stale|min-fresh|only-if-cached/i
const ONLY_IF_CACHED = /(?:^|[,\s])only-if-cached(?:$|[,\s])/i

/**
 * Why a request is not looked at; `null` for one that is.
 * @param {any} req
 * @param {import('./response-options').Plan} plan
 */
function whyNot(req, { skip }) {
  const { headers } = req
  if (headers.upgrade !== undefined) return 'upgrade'
  // What it says is no part of the key.
  if (headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0) return 'body'
  if (skip === undefined) return null
  const skips = given(skip(req))
  if (typeof skips?.then === 'function') throw typeError('options.skip() must not be a promise')
  return skips ? 'skip' : null
}

/**
 * Whether wishes of its own are to be followed.
 * @param {any} req
 * @param {import('./response-options').Plan} plan
 */
function hasWishes(req, { mode }) {
  if (mode !== 'http') return false
  const { 'cache-control': cacheControl, pragma } = req.headers
  return (cacheControl !== undefined && WISHES.test(String(cacheControl))) || (pragma !== undefined && WISHES.test(String(pragma)))
}

/**
 * Why a request is answered from what is stored or not at all; `null` for one that may be loaded for.
 * @param {any} req
 * @param {import('./response-options').Plan} plan
 */
function onlyStored(req, plan) {
  if (hasWishes(req, plan) && ONLY_IF_CACHED.test(String(req.headers['cache-control'] ?? ''))) return 'only-if-cached'
  return req.method === 'HEAD' ? 'head' : null
}

module.exports = { hasWishes, onlyStored, whyNot }
