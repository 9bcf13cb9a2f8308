'use strict'

const { isDeepStrictEqual } = require('node:util')
const { partner } = require('./limits')

/**
 * Asks the server for some of the requests and compares each answer with the one computed directly from the data set.
 * Gives how many came from the cache; throws at the first difference.
 */
async function verify(url, requests) {
  let cached = 0
  for (const { path, direct } of requests) {
    const response = await fetch(url + path, { headers: partner })
    const answer = await response.json()
    if (response.status !== 200) throw new Error(`GET ${path}: status ${response.status}`)
    const expected = JSON.parse(JSON.stringify(direct()))
    if (!isDeepStrictEqual(answer, expected)) {
      throw new Error(`wrong answer (${response.headers.get('x-cache')}) to GET ${path}: it differs from the data set`)
    }
    if (response.headers.get('x-cache') === 'HIT') cached++
  }
  return cached
}

module.exports = { verify }
