'use strict'

const { readFileSync } = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { contender, isOurs } = require('./contenders')

/** What a figure cannot be read without: where, on what and with which versions it was measured. */
function describeRun({ server, contenders }) {
  const cpus = os.cpus()
  return {
    date: new Date().toISOString(),
    node: process.version,
    server,
    machine: {
      cpu: cpus[0]?.model ?? 'unknown',
      cores: cpus.length,
      memoryGb: Math.round(os.totalmem() / 2 ** 30),
      system: `${os.platform()} ${os.arch()} ${os.release()}`,
      loadBefore: os.loadavg().map((load) => Math.round(load * 100) / 100),
    },
    versions: Object.fromEntries(contenders.map((name) => [name, versionOf(name)])),
  }
}

function versionOf(name) {
  if (isOurs(name)) return require('../package.json').version
  const folder = path.join(__dirname, 'node_modules', contender(name).package)
  const { name: published, version } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'))
  return `${published} ${version}`
}

module.exports = { describeRun }
