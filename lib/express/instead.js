'use strict'

// What a client is given in place of what the handler has said.

/**
 * What is stored. Cookies are for this client, and so are sent to it.
 * @param {import('./exchange').Exchange} exchange
 * @param {import('../http/outgoing').Snapshot} before what was set before the handler
 * @param {import('../http/record').Stored} stored
 * @param {import('./exchange').Done} done
 * @param {string} outcome
 */
async function giveInstead(exchange, before, stored, done, outcome) {
  const { req, res, door } = exchange
  door.tell(req, { outcome, detail: null })
  // To nobody, where the client has its answer; and somebody who did not wait may have answered.
  if (exchange.isBehind) return void res.end()
  if (res.headersSent) return
  try {
    const cookies = res.getHeader('Set-Cookie')
    forget(req, res)
    for (const name of res.getHeaderNames()) res.removeHeader(name)
    for (const [name, value] of before.raw) res.setHeader(name, value)
    if (cookies !== undefined) res.setHeader('Set-Cookie', cookies)
    await exchange.answer(stored, done)
  } catch (error) {
    // Its body is gone, and the application has had its say.
    door.failed(error)
    res.destroy()
  }
}

/**
 * That it has it: what it would be sent is left out.
 * @param {any} req
 * @param {any} res
 */
function sayKnown(req, res) {
  res.statusCode = 304
  forget(req, res)
  for (const name of ['Content-Length', 'Content-Type', 'Content-Encoding', 'Transfer-Encoding']) res.removeHeader(name)
  res.end()
}

/**
 * The handler's reason is that of another status; in HTTP/2 there is none.
 * @param {any} req
 * @param {any} res
 */
function forget(req, res) {
  if (req.httpVersionMajor !== 2) res.statusMessage = undefined
}

module.exports = { giveInstead, sayKnown }
