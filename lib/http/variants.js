'use strict'

// Pages of which there are several, chosen by fields of the request. Under the page's own key lies a fork, which says what these fields are.

const { sha256 } = require('../hash')
const { AT } = require('./key')
const { varyKey } = require('./vary')

/**
 * What of a request chooses among variants, as a hash: fields may be credentials, which are not stored. `''` where nothing chooses.
 * @param {readonly string[]} names of request fields, in lower case
 * @param {Record<string, any>} headers of the request
 */
function variantOf(names, headers) {
  return names.length === 0 ? '' : sha256(varyKey(names, headers))
}

/**
 * So many places there are for variants and not more: whoever has the same place replaces the other. A page that was taken away takes its places along, since the next fork
 * has others; so has an unlucky pair that met in one place.
 * @param {string} key
 * @param {{ generation: string }} fork
 * @param {string} variant as `variantOf` gives it
 * @param {number} most
 */
function variantKey(key, { generation }, variant, most) {
  return `${key}${AT}${generation}${Buffer.from(sha256(generation + variant), 'base64url').readUInt32BE(0) % most}`
}

module.exports = { variantKey, variantOf }
