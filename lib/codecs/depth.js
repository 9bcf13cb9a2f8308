'use strict'

// How deep a value of the typed codec may be nested.

/**
 * Levels of objects, arrays, maps, sets and errors. A limit of our own, because that of the stack depends on who calls: what one process has
 * written another must be able to read.
 */
const MAX_DEPTH = 1000

module.exports = { MAX_DEPTH }
