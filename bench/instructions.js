'use strict'

// What operations cost the server, in its instructions as valgrind counts them: the same again on each run, also on a machine on which every time is a
// matter of luck. Not a part of a run: it says nothing of the clients, and takes valgrind.
// Run:   node bench/instructions.js [rows, such as set,limit]

const { execFileSync, spawn } = require('node:child_process')
const { once } = require('node:events')
const { mkdtempSync, readFileSync, readdirSync, rmSync } = require('node:fs')
const net = require('node:net')
const os = require('node:os')
const path = require('node:path')
const { setTimeout: sleep } = require('node:timers/promises')
const { contenderNames, entrant } = require('./contenders')
const { STRIDE } = require('./data')
const { installPeers } = require('./install')
const { freePort } = require('./next/port')
const { grid } = require('./report/grid')
const { thousands } = require('./report/format')
const { ROWS } = require('./rows')
const { Subject } = require('./subject')

const CHOSEN = ['get', 'set', 'setTagged', 'limit', 'lock']
const INFLIGHT = [1, 64]
const COUNTED = 2_000
const SIZE = 400

/** A server under callgrind, on a port that was free a moment ago. */
async function openCounted() {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'instructions-'))
  const port = await freePort()
  const words = ['--tool=callgrind', `--callgrind-out-file=${folder}/out`, 'redis-server', '--port', String(port), '--bind', '127.0.0.1', '--save', '', '--hz', '1']
  const child = spawn('valgrind', words, { stdio: 'ignore' })
  await once(child, 'spawn')
  const control = (word) => execFileSync('callgrind_control', [word, String(child.pid)], { stdio: 'ignore' })
  while (!(await answers(port))) await sleep(100)
  return {
    url: `redis://127.0.0.1:${port}`,
    zero: () => control('-z'),
    /** Since `zero`. */
    count() {
      control('-d')
      const dumps = readdirSync(folder).filter((name) => /^out\.\d+$/.test(name))
      const last = dumps.sort((a, b) => Number(a.slice(4)) - Number(b.slice(4))).at(-1)
      return Number(/^totals: (\d+)/m.exec(readFileSync(path.join(folder, last), 'utf8'))[1])
    },
    async stop() {
      child.kill('SIGKILL')
      await once(child, 'exit')
      rmSync(folder, { recursive: true })
    },
  }
}

async function answers(port) {
  const socket = net.connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

/** Instructions an operation, once all keys have been asked for. */
async function cost(server, name, row, inflight) {
  const subject = await Subject.open({ name, row, size: SIZE, text: 'ascii', url: server.url })
  try {
    if (subject.row.data !== undefined) await subject.seed()
    await ask(subject, subject.keys.length, 64)
    server.zero()
    await ask(subject, COUNTED, inflight)
    return server.count() / COUNTED
  } finally {
    await subject.close()
  }
}

async function ask({ operation: { call }, keys }, count, inflight) {
  let left = count
  const loop = async () => {
    while (left-- > 0) await call((left * STRIDE) % keys.length)
  }
  await Promise.all(Array.from({ length: inflight }, loop))
}

async function main() {
  const [chosen] = process.argv.slice(2)
  installPeers()
  const server = await openCounted()
  try {
    for (const row of chosen?.split(',') ?? CHOSEN) {
      const cells = []
      for (const name of contenderNames.filter((one) => entrant(one, row) !== undefined)) {
        const costs = []
        for (const inflight of INFLIGHT) costs.push(await cost(server, name, row, inflight).then(thousands, (error) => error.message.slice(0, 60)))
        cells.push([name, ...costs])
      }
      console.log(`${ROWS[row].title}: instructions of the server, each\n${grid([['', ...INFLIGHT.map((n) => `${n} in flight`)], ...cells])}\n`)
    }
  } finally {
    await server.stop()
  }
}

main().catch((error) => {
  console.error(error.code === 'ENOENT' ? 'valgrind and redis-server are needed: apt install valgrind redis-server' : error)
  process.exit(2)
})
