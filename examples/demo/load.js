'use strict'

const http = require('node:http')
const { performance } = require('node:perf_hooks')
const { Worker, isMainThread, parentPort, workerData } = require('node:worker_threads')
const { partner } = require('./limits')
const { randomFrom, zipf } = require('./traffic')

// The HTTP load. It runs on a thread of its own, so that its own work does not slow the server it measures.

/**
 * Sends requests over keep-alive connections.
 *
 * @param {object} plan
 * @param {number} plan.port
 * @param {string[]} plan.paths what to ask
 * @param {number} plan.connections how many requests are under way at once
 * @param {number} [plan.seconds] ask at random after Zipf's law for so long; without it, ask each path once, in order
 * @param {number} [plan.seed]
 * @param {boolean} [plan.direct] ask for an answer that does not come from the cache
 * @param {Record<string, string>[]} [plan.visitors] the headers by which each connection is known; their requests may be refused. Without them all are
 *   the partner's
 * @returns {Promise<{ seconds: number, answers: { path: number, outcome: string, ms: number }[], failures: string[] }>}
 */
function sendLoad(plan) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(__filename, { workerData: plan })
    worker.once('message', resolve)
    worker.once('error', reject)
    worker.once('exit', () => reject(new Error('the load ended without a result')))
  })
}

async function drive({ port, paths, connections, seconds, seed = 1, direct = false, visitors }) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: connections })
  const next = seconds ? zipf(paths.length, randomFrom(seed)) : inOrder(paths.length)
  const answers = []
  const failures = []
  const start = performance.now()
  const end = seconds ? start + seconds * 1000 : Infinity

  async function visitor(_, n) {
    const headers = { ...(visitors?.[n % visitors.length] ?? partner), ...(direct && { 'Cache-Control': 'no-store' }) }
    for (;;) {
      const begun = performance.now()
      const path = begun < end && failures.length === 0 ? next() : undefined
      if (path === undefined) return
      try {
        const outcome = await ask({ agent, port, path: paths[path], headers, host: '127.0.0.1' }, visitors !== undefined)
        answers.push({ path, outcome, ms: performance.now() - begun })
      } catch (error) {
        failures.push(`GET ${paths[path]}: ${error.message}`)
      }
    }
  }
  await Promise.all(Array.from({ length: connections }, visitor))
  agent.destroy()
  return { seconds: (performance.now() - start) / 1000, answers, failures }
}

function inOrder(count) {
  let at = 0
  return () => (at < count ? at++ : undefined)
}

/** One request to its end; gives its `X-Cache` header, or `LIMITED`. */
function ask(options, mayBeLimited) {
  return new Promise((resolve, reject) => {
    const request = http.get({ ...options, timeout: 30_000 }, (response) => {
      response.once('error', reject)
      response.once('end', () => {
        if (response.statusCode === 200) resolve(response.headers['x-cache'])
        else if (response.statusCode === 429 && mayBeLimited) resolve('LIMITED')
        else reject(new Error(`status ${response.statusCode}`))
      })
      response.resume()
    })
    request.once('timeout', () => request.destroy(new Error('no answer within 30 s')))
    request.once('error', reject)
  })
}

if (!isMainThread && workerData?.paths) drive(workerData).then((result) => parentPort.postMessage(result))

module.exports = { sendLoad }
