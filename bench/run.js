#!/usr/bin/env node
'use strict'

// The door of `npm run bench`.

const { installPeers } = require('./install')
const { HELP, readOptions } = require('./options')

const NOT_HELD = 1
const FAILED = 2

async function main() {
  const options = optionsOrNothing()
  if (options === undefined) return
  const give = (line) => process.stdout.write(`${line}\n`)
  if (options.help) return give(HELP)
  installPeers()
  if (options.single) return require('./single').single(options, give)
  const held = await require('./tournament').tournament(options, give)
  if (!held) process.exitCode = NOT_HELD
}

function optionsOrNothing() {
  try {
    return readOptions(process.argv.slice(2))
  } catch (error) {
    console.error(`bench: ${error.message}`)
    process.exitCode = FAILED
  }
}

main().catch((error) => {
  console.error(error)
  process.exitCode = FAILED
})
