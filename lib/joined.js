'use strict'

/**
 * A list of texts that cross in one string, with one more: none holds a NUL, and none is empty.
 * @param {string} list
 * @param {string} more
 */
function joined(list, more) {
  return list === '' ? more : `${list}\0${more}`
}

module.exports = { joined }
