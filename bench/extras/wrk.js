'use strict'

const { spawn } = require('node:child_process')
const { once } = require('node:events')
const path = require('node:path')

/** Asks for another page each time. */
const OTHERS = path.join(__dirname, 'wrk-others.lua')

const UNITS = { us: 1e-3, ms: 1, s: 1_000, m: 60_000 }

/**
 * One run of wrk: requests a second, latencies in ms, and how many there were.
 * @param {string} url
 * @param {{ connections: number, seconds: number, others?: string }} load `others`: begins the names of pages of which each is asked for once
 */
async function wrk(url, { connections, seconds, others }) {
  const script = others === undefined ? [] : ['-s', OTHERS]
  const child = spawn('wrk', ['-t1', `-c${connections}`, `-d${seconds}s`, '--latency', ...script, url, ...(others === undefined ? [] : ['--', others])])
  let said = ''
  child.stdout.on('data', (chunk) => (said += chunk))
  child.stderr.on('data', (chunk) => (said += chunk))
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`wrk ended with ${code}: ${said.trim()}`)
  const bad = /Non-2xx or 3xx responses: (\d+)|Socket errors: (.*)/.exec(said)
  if (bad !== null) throw new Error(`wrk was told: ${bad[0]}`)
  const number = (pattern) => Number(pattern.exec(said)[1])
  const latency = (percent) => {
    const [, value, unit] = new RegExp(`${percent}%\\s+([\\d.]+)(us|ms|s|m)`).exec(said)
    return Number(value) * UNITS[unit]
  }
  return { throughput: number(/Requests\/sec:\s+([\d.]+)/), requests: number(/(\d+) requests in/), p50Ms: latency(50), p99Ms: latency(99) }
}

module.exports = { wrk }
