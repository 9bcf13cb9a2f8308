'use strict'

/**
 * The `Store` of express-session, whose methods make its sessions out of what was stored. It is a peer: only who uses express-session calls them, and has it.
 * @returns {any}
 */
function expressStore() {
  try {
    return require('express-session').Store.prototype
  } catch (cause) {
    throw new Error('express-session cannot be found from redwright: it must be installed where redwright is', { cause })
  }
}

module.exports = { expressStore }
