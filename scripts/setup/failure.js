'use strict'

const fs = require('node:fs')
const { shown } = require('./paths.js')

const TAIL_LINES = 40

/** A step that failed, told so that a person knows what to do next. */
class Failure extends Error {
  /**
   * @param {string} message what failed
   * @param {{ log?: string, advice?: string }} details the file with its output, and what to do
   */
  constructor(message, { log, advice } = {}) {
    super(message)
    this.log = log
    this.advice = advice
  }

  /** The whole explanation: the end of the log, where the rest is, what to do. */
  explain() {
    const parts = [`✗ ${this.message}`]
    if (this.log) parts.push(`${tail(this.log)}\n\nThe whole log: ${shown(this.log)}`)
    if (this.advice) parts.push(`What to do: ${this.advice}`)
    return `\n${parts.join('\n\n')}\n`
  }
}

function tail(log) {
  return fs
    .readFileSync(log, 'utf8')
    .trimEnd()
    .split('\n')
    .slice(-TAIL_LINES)
    .map((line) => `  ${line}`)
    .join('\n')
}

/** Runs the main function of a script: a `Failure` is explained, anything else is a bug and keeps its stack. */
function runMain(main) {
  main().catch((error) => {
    console.error(error instanceof Failure ? error.explain() : error)
    process.exitCode = 1
  })
}

module.exports = { Failure, runMain }
