'use strict'

const check = require('../check')
const { typeError } = require('../errors')

const KNOWN = ['binary', 'tcp', 'port', 'args']

/** Settings that make the server private and findable; a second opinion would make it either unsafe or lost. */
const OWN = ['bind', 'port', 'unixsocket', 'unixsocketperm', 'protected-mode', 'requirepass', 'user', 'aclfile', 'include', 'tls-port', 'dir', 'logfile', 'daemonize']

/**
 * @param {unknown} value
 * @returns {import('../../testing').StartServerOptions}
 */
function checkOptions(value) {
  const options = check.options(value, 'options', KNOWN)
  const { binary, tcp, port, args } = options
  if (binary !== undefined) check.string(binary, 'options.binary')
  if (binary === '') throw typeError('options.binary must not be empty')
  if (tcp !== undefined && typeof tcp !== 'boolean') throw typeError('options.tcp must be a boolean')
  if (port !== undefined) check.integer(port, 'options.port', 1, 65_535)
  if (port !== undefined && tcp === false) throw typeError('options.port implies tcp, and options.tcp is false')
  if (args !== undefined) checkArgs(args)
  return options
}

/** @param {unknown} args */
function checkArgs(args) {
  if (!Array.isArray(args)) throw typeError('options.args must be an array of strings')
  args.forEach((arg, i) => {
    check.string(arg, `options.args[${i}]`)
    const [, setting = ''] = /^--(\S+)/.exec(arg) ?? []
    if (OWN.includes(setting.toLowerCase())) throw typeError(`options.args[${i}] must not be --${setting}: startServer sets it itself`)
  })
}

module.exports = { checkOptions }
