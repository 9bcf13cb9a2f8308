'use strict'

const { parseArgs } = require('node:util')
const { measure } = require('./measure')
const { dim } = require('./print')
const { report } = require('./report')
const { start } = require('./server')

const usage = `Usage: node examples/demo/main.js [options]

Serves a search over the world's cities through a cache, sends it a load of HTTP requests and reports.

  --serve        keep the server up with a page to click through, until Ctrl-C
  --port N       port on 127.0.0.1 (default: a free one)
  --seconds N    length of the load (default: 5)
  --help         this text

REDIS_URL names the server to use; without it, embedded:// starts a private one.`

async function main() {
  const options = readOptions()
  if (options.help) return console.log(usage)
  const step = stepper()
  step('starting: connecting and reading the data set')
  const demo = await start({ url: process.env.REDIS_URL || 'embedded://', port: options.port })
  try {
    if (options.serve) await serve(demo)
    else await measureAndReport(demo, options.seconds, step)
  } finally {
    await demo.close()
  }
}

async function measureAndReport(demo, seconds, step) {
  try {
    console.log(report(demo, await measure(demo, { seconds, step })))
  } finally {
    await demo.clear().catch((error) => console.error(`  Some keys were left to expire: ${error.message}`))
  }
}

async function serve(demo) {
  const { product, version } = demo.redis.server
  console.log(`\n  ${demo.url}   (${product} ${version}, ${demo.where}; Ctrl-C stops)\n`)
  const signal = await new Promise((resolve) => {
    process.once('SIGINT', resolve)
    process.once('SIGTERM', resolve)
  })
  console.log(`\n  ${signal}: stopped`)
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      serve: { type: 'boolean', default: false },
      port: { type: 'string', default: '0' },
      seconds: { type: 'string', default: '5' },
      help: { type: 'boolean', default: false },
    },
  })
  const port = Number(values.port)
  const seconds = Number(values.seconds)
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new RangeError('--port must be from 0 to 65535')
  if (!(seconds > 0 && seconds <= 600)) throw new RangeError('--seconds must be above 0 and not more than 600')
  return { ...values, port, seconds }
}

/** Prints each step with the time since the start. */
function stepper() {
  const begun = Date.now()
  return (what) => console.log(dim(`  ${((Date.now() - begun) / 1000).toFixed(1).padStart(5)} s  ${what}`))
}

main().catch((error) => {
  console.error(`\n  The demo failed: ${error.message}${error.code ? ` (${error.code})` : ''}`)
  if (error.code === 'ERR_UNAVAILABLE') console.error('  Is the server of REDIS_URL running? Without REDIS_URL the demo starts its own.')
  process.exitCode = 1
})
