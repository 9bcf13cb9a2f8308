'use strict'

const { bindingError } = require('./native-error')

module.exports = load()

function load() {
  try {
    return require('../binding.js')
  } catch (cause) {
    throw bindingError(cause)
  }
}
