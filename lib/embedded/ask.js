'use strict'

const net = require('node:net')
const { LOOPBACK } = require('./place')

const TIMEOUT_MS = 1_000

/**
 * What the server at a place says of itself (`INFO server`), or nothing while none answers there. A server that does not take our
 * password is not ours and does not count.
 * @param {import('./place').Place} place
 * @returns {Promise<Map<string, string> | undefined>}
 */
function askInfo(place) {
  const password = 'password' in place ? place.password : undefined
  return new Promise((resolve) => {
    const socket = net.connect('path' in place ? { path: place.path } : { host: LOOPBACK, port: place.port })
    let received = ''
    socket.setEncoding('latin1')
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy())
    socket.on('error', () => {})
    socket.on('close', () => resolve(undefined))
    socket.on('connect', () => socket.write(`${password === undefined ? '' : `AUTH ${password}\r\n`}INFO server\r\n`))
    socket.on('data', (chunk) => {
      received += chunk
      const text = bulkAfter(password === undefined ? '' : '+OK\r\n', received)
      if (text === undefined) return
      resolve(fieldsOf(text))
      socket.destroy()
    })
  })
}

/**
 * The bulk string that follows `prefix`, once it is complete.
 * @param {string} prefix
 * @param {string} received
 */
function bulkAfter(prefix, received) {
  if (!received.startsWith(prefix)) return undefined
  const header = /^\$(\d+)\r\n/.exec(received.slice(prefix.length))
  if (header === null) return undefined
  const text = received.slice(prefix.length + header[0].length)
  return text.length < Number(header[1]) ? undefined : text
}

/** @param {string} info */
function fieldsOf(info) {
  return new Map(info.split('\r\n').map((line) => /** @type {[string, string]} */ (line.split(/:(.*)/s, 2))))
}

module.exports = { askInfo }
