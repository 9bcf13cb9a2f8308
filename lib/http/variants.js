'use strict'

// Pages of which there are several, chosen by fields of the request. Under the page's own key lies a fork, which says what these fields are.

const { AT, hash } = require('./key')

/**
 * So many places there are for variants and not more: whoever has the same place replaces the other. A page that was taken away takes its places along, since the next fork
 * has others; so has an unlucky pair that met in one place.
 * @param {string} key
 * @param {{ generation: string }} fork
 * @param {string} variant what of the request chooses
 * @param {number} most
 */
function variantKey(key, { generation }, variant, most) {
  return `${key}${AT}${generation}${Buffer.from(hash(generation + variant), 'base64url').readUInt32BE(0) % most}`
}

module.exports = { variantKey }
