'use strict'

/** The loader of the `getOrSet` row, where every call is a hit: to be asked is a failure of the measurement. */
function loader() {
  throw new Error('the loader was called in a row of hits')
}

module.exports = { loader }
