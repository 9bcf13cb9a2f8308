'use strict'

// One application of Next.js 16 with its own handler, with ours, and with those of peers, in one run: requests a second and their latencies by wrk, main-thread time and commands of Redis for each request.
// Run:   node bench/next.js [--quick]

const { spawn, spawnSync } = require('node:child_process')
const { existsSync, mkdtempSync, readFileSync, rmSync } = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { setTimeout: sleep } = require('node:timers/promises')
const { between } = require('./clocks')
const { freePort } = require('./next/port')
const { wrk } = require('./extras/wrk')
const { decimals, ratioWithRange, thousands } = require('./report/format')
const { openServer } = require('./server')
const { median, spread } = require('./stats')

const FOLDER = path.join(__dirname, 'next')
const HANDLERS = { "Next's own files": undefined, redwright: 'redwright.js', 'redwright, without copies': 'redwright-without-copies.js', fortedigital: 'fortedigital.mjs', turbo: 'turbo.js' }
const OURS = 'redwright'
const PEERS = ['fortedigital', 'turbo']
const PATHS = { 'a cached page': '/page/1', 'a route handler': '/api/data' }
const CONNECTIONS = 16
const quick = process.argv.includes('--quick')
const [ROUNDS, SECONDS] = quick ? [1, 1] : [5, 2]

function run(command, args, cwd = FOLDER) {
  const { status } = spawnSync(command, args, { cwd, stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, NEXT_TELEMETRY_DISABLED: '1' } })
  if (status !== 0) throw new Error(`'${command} ${args.join(' ')}' failed in ${cwd}`)
}

/** Packages and the build, where they are not there. */
function setUp() {
  for (const folder of [FOLDER, ...PEERS.map((name) => path.join(FOLDER, 'peers', name))]) {
    // Their peer is Next.js, which is there.
    if (!existsSync(path.join(folder, 'node_modules'))) run('npm', ['install', '--no-audit', '--no-fund', '--no-package-lock', '--legacy-peer-deps'], folder)
  }
  run('npx', ['next', 'build'])
}

class Application {
  #process
  #clocks

  static async start(handler, url) {
    const made = new Application()
    made.port = await freePort()
    made.folder = mkdtempSync(path.join(os.tmpdir(), 'bench-next-'))
    made.#clocks = path.join(made.folder, 'clocks')
    const env = { ...process.env, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1', REDIS_URL: url, BENCH_CLOCKS: made.#clocks, ...(handler ? { BENCH_HANDLER: handler } : {}) }
    const next = path.join(FOLDER, 'node_modules/next/dist/bin/next')
    made.#process = spawn(process.execPath, ['--require', path.join(FOLDER, 'clocks.js'), next, 'start', '--port', String(made.port), '--hostname', '127.0.0.1'], { cwd: FOLDER, env, stdio: 'ignore' })
    for (let i = 0; ; i++) {
      if (await fetch(`${made.url}/api/data`).then(({ ok }) => ok, () => false)) return made
      if (i === 600) throw new Error('it does not answer')
      await sleep(50)
    }
  }

  get url() {
    return `http://127.0.0.1:${this.port}`
  }

  async clocks() {
    rmSync(this.#clocks, { force: true })
    this.#process.kill('SIGUSR2')
    while (!existsSync(this.#clocks)) await sleep(2)
    return JSON.parse(readFileSync(this.#clocks, 'utf8'))
  }

  async stop() {
    this.#process.kill('SIGKILL')
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** How many commands the server has executed, but for what asks for that. */
async function commands(redis) {
  const text = await redis.command('INFO', 'commandstats')
  let calls = 0
  for (const [, name, count] of text.matchAll(/^cmdstat_(\S+):calls=(\d+)/gm)) if (!/^(info|ping|hello|client|config)/.test(name)) calls += Number(count)
  return calls
}

async function measure(application, target, redis) {
  const before = await commands(redis)
  const begun = await application.clocks()
  const { throughput, requests, p50Ms, p99Ms } = await wrk(application.url + target, { connections: CONNECTIONS, seconds: SECONDS })
  const cost = between(begun, await application.clocks())
  return { throughput, p50Ms, p99Ms, mainUs: (cost.threadUs ?? cost.loopUs) / requests, commands: ((await commands(redis)) - before) / requests }
}

function print(what, found) {
  console.log(`${what}\n  ${'requests/s'.padStart(40)}${'p50 ms'.padStart(9)}${'p99 ms'.padStart(9)}${'main us'.padStart(9)}${'commands'.padStart(10)}`)
  for (const [name, rounds] of Object.entries(found)) {
    const of = (metric) => median(rounds.map((round) => round[metric]))
    console.log(`  ${name.padEnd(28)}${thousands(of('throughput')).padStart(12)}${decimals(of('p50Ms')).padStart(9)}${decimals(of('p99Ms')).padStart(9)}${decimals(of('mainUs')).padStart(9)}${of('commands').toFixed(3).padStart(10)}`)
  }
  for (const peer of PEERS) {
    const ratio = (metric) => ratioWithRange(spread(found[OURS].map((round, i) => round[metric] / found[peer][i][metric])))
    console.log(`  ${OURS} beside ${peer}: requests/s ${ratio('throughput')}, p99 ${ratio('p99Ms')}, main-thread time ${ratio('mainUs')}`)
  }
  console.log()
}

async function main() {
  setUp()
  const { Redis } = require('..')
  // As turbo asks for it.
  const server = await openServer(undefined, ['--notify-keyspace-events', 'Exe'])
  const redis = await Redis.connect(server.url)
  const applications = {}
  try {
    for (const [name, handler] of Object.entries(HANDLERS)) applications[name] = await Application.start(handler, server.url)
    const names = Object.keys(HANDLERS)
    for (const [what, target] of Object.entries(PATHS)) {
      const found = Object.fromEntries(names.map((name) => [name, []]))
      for (const name of names) await wrk(applications[name].url + target, { connections: CONNECTIONS, seconds: 1 })
      // In paired rounds, in an order that rotates.
      for (let round = 0; round < ROUNDS; round++) {
        for (let turn = 0; turn < names.length; turn++) {
          const name = names[(round + turn) % names.length]
          found[name].push(await measure(applications[name], target, redis))
        }
      }
      print(what, found)
    }
  } finally {
    await Promise.all(Object.values(applications).map((application) => application.stop()))
    await redis.close()
    await server.stop()
  }
}

main().catch((error) => {
  console.error(error)
  process.exitCode = 1
})
