'use strict'

// What browsers and the edge runtime are given in place of the package: neither can load native code.

const message =
  'redwright is native code and works in the Node.js runtime only, not in a browser or in the edge runtime. ' +
  "Import it in server code, and in Next.js let the route say: export const runtime = 'nodejs'. See https://www.npmjs.com/package/redwright"

// Said when something of it is used, so that a bundle that never does is not broken by the import.
module.exports = new Proxy(
  {},
  {
    get(_target, name) {
      if (typeof name === 'symbol' || name === '__esModule' || name === 'then') return undefined
      throw new Error(message)
    },
  },
)
