'use strict'

const { spawn } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { Failure } = require('./failure.js')
const { ROOT, WORK } = require('./paths.js')

/**
 * Runs a program with its output in a log file; each line also goes to `onLine`.
 * @param {string} what for the error, such as 'Building the native core'
 * @param {string[]} command
 * @param {{ log: string, cwd?: string, env?: NodeJS.ProcessEnv, shell?: boolean, onLine?: (line: string) => void,
 *   advise?: (output: string) => string | undefined }} options `log` is a file name in the work folder
 * @throws Failure when it cannot be started or ends in anything but 0
 */
async function runQuietly(what, [program, ...args], { log, cwd = ROOT, env = process.env, shell, onLine, advise }) {
  const plain = { ...env, NO_COLOR: '1', FORCE_COLOR: undefined }
  fs.mkdirSync(WORK, { recursive: true })
  const file = path.join(WORK, log)
  const fd = fs.openSync(file, 'w')
  try {
    const ended = await spawned(spawn(program, args, { cwd, env: plain, shell, stdio: ['ignore', 'pipe', 'pipe'] }), (chunk) => {
      fs.writeSync(fd, chunk)
      const line = lastLine(chunk)
      if (line && onLine) onLine(line)
    })
    if (ended !== '') {
      const advice = advise && advise(fs.readFileSync(file, 'utf8'))
      throw new Failure(`${what} failed: it ${ended}.`, { log: file, advice })
    }
  } finally {
    fs.closeSync(fd)
  }
}

/** How the program ended, in words; empty when it ended well. */
function spawned(child, onChunk) {
  child.stdout.on('data', onChunk)
  child.stderr.on('data', onChunk)
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(`could not be started (${error.message})`))
    child.once('close', (code, signal) => {
      if (signal) resolve(`was ended by ${signal}`)
      else resolve(code === 0 ? '' : `ended with code ${code}`)
    })
  })
}

function lastLine(chunk) {
  return chunk
    .toString()
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    .filter(Boolean)
    .pop()
}

/**
 * Runs a program in the foreground, with this process's input and output, and resolves to its exit code.
 * @param {string[]} command
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options]
 * @returns {Promise<number>}
 */
function runInForeground([program, ...args], { cwd = ROOT, env = process.env } = {}) {
  const child = spawn(program, args, { cwd, env, stdio: 'inherit' })
  // The terminal sends Ctrl-C to both; the child decides what it means, and we outlive it to report its code.
  const ignore = () => {}
  const forward = () => child.kill('SIGTERM')
  process.on('SIGINT', ignore)
  process.on('SIGTERM', forward)
  return new Promise((resolve, reject) => {
    child.once('error', (error) => reject(new Failure(`${program} could not be started: ${error.message}`)))
    child.once('close', (code, signal) => {
      process.off('SIGINT', ignore)
      process.off('SIGTERM', forward)
      resolve(signal ? 1 : code)
    })
  })
}

module.exports = { runQuietly, runInForeground }
