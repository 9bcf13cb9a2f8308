'use strict'

const { once } = require('node:events')
const http = require('node:http')

/** One browser of one person, as far as the server can tell: it keeps its cookie and follows nothing. */
class Visitor {
  #port
  #agent
  cookie = ''

  constructor(port, agent) {
    this.#port = port
    this.#agent = agent
  }

  get(path) {
    return this.#ended(this.#request(path, 'GET'))
  }

  post(path, fields = {}) {
    return this.#ended(this.#request(path, 'POST'), String(new URLSearchParams(fields)))
  }

  /** A request that the server has begun to answer when `meanwhile` runs, and whose body comes after that. */
  async postSlowly(path, fields, meanwhile) {
    const body = String(new URLSearchParams(fields))
    const request = this.#request(path, 'POST', { Expect: '100-continue', 'Content-Length': Buffer.byteLength(body) })
    request.flushHeaders()
    await once(request, 'continue')
    await meanwhile()
    return this.#ended(request, body)
  }

  #request(path, method, more) {
    const headers = { ...(this.cookie && { Cookie: this.cookie }), ...(method === 'POST' && { 'Content-Type': 'application/x-www-form-urlencoded' }), ...more }
    return http.request({ host: '127.0.0.1', port: this.#port, path, method, headers, agent: this.#agent, timeout: 30_000 })
  }

  async #ended(request, body) {
    request.once('timeout', () => request.destroy(new Error('no answer within 30 s')))
    request.end(body)
    const [response] = await once(request, 'response')
    const { statusCode: status, headers } = response
    const [cookie] = headers['set-cookie'] ?? []
    if (cookie !== undefined) this.cookie = cookie.split(';', 1)[0]
    return { status, headers, text: Buffer.concat(await response.toArray()).toString() }
  }
}

module.exports = { Visitor }
