'use strict'

const { installPeers } = require('../install')
const { verdictLines } = require('../report/verdicts')
const { openServer } = require('../server')

/** An extra by itself, from its own door: `node bench/<extra>.js [--quick]`. */
async function runAlone(...extras) {
  installPeers()
  const quick = process.argv.includes('--quick')
  const server = await openServer()
  try {
    for (const extra of extras) {
      const result = await extra.run({ contenders: extra.who(), url: server.url, quick })
      console.log(extra.lines(result))
      const verdicts = extra.judge(result)
      if (verdicts.length > 0) console.log(verdictLines(verdicts))
      if (verdicts.some(({ held }) => !held)) process.exitCode = 1
    }
  } finally {
    await server.stop()
  }
}

module.exports = { runAlone }
