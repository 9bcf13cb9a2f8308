'use strict'

const { once } = require('node:events')
const net = require('node:net')
const readline = require('node:readline')

/**
 * Counts what clients send to a server, by `MONITOR` over a socket of its own. What scripts call is told apart there, and not counted.
 *
 * @returns {Promise<{ stop: () => number }>}
 */
async function watchSent(url) {
  const { hostname, port, password } = new URL(url)
  const socket = net.connect(Number(port), hostname)
  await once(socket, 'connect')
  const lines = readline.createInterface({ input: socket })
  let sent = 0
  const begun = new Promise((resolve, reject) => {
    let greetings = password === '' ? 1 : 2
    lines.on('line', (line) => {
      if (line.startsWith('-')) reject(new Error(`MONITOR: ${line.slice(1)}`))
      else if (greetings === 0) sent += / \[\d+ lua\] /.test(line) ? 0 : 1
      else if (--greetings === 0) resolve()
    })
  })
  socket.write(`${password === '' ? '' : `AUTH ${decodeURIComponent(password)}\r\n`}MONITOR\r\n`)
  await begun
  return {
    stop() {
      socket.destroy()
      return sent
    },
  }
}

module.exports = { watchSent }
