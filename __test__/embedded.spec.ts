import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { describe, test } from 'node:test'
import { gone } from './support/machine'
import { NOTHING_INSTALLED, runNode, WORKER, type NodeChild } from './support/node'
import { ask, socketOf } from './support/wire'

const unix = process.platform !== 'win32'
/** Keeps a child alive until its standard input ends. */
const STAY = 'process.stdin.resume()'

describe('the end of the process is the end of its server', { skip: !unix }, () => {
  const endings: [how: string, script: string, end: (child: NodeChild) => void][] = [
    ['when nothing is left to do', '', () => {}],
    ['by process.exit', `process.stdin.once('data', () => process.exit(3))`, (child) => child.process.stdin!.write('x')],
    ['by an uncaught exception', `process.stdin.once('data', () => { throw 1 })`, (child) => child.process.stdin!.write('x')],
    ['by SIGTERM', STAY, (child) => child.process.kill('SIGTERM')],
    ['by SIGKILL', STAY, (child) => child.process.kill('SIGKILL')],
  ]
  for (const [how, script, end] of endings) {
    test(how, async () => {
      const child = runNode(`report(await startServer()); ${script}`)
      const server = await child.report
      assert.notEqual(server.pid, child.process.pid)
      end(child)
      await child.ended
      await gone(server)
    })
  }

  test('but Ctrl-C in a terminal reaches the application and not the server', { skip: process.platform !== 'linux' }, async () => {
    const child = runNode(`report(await startServer()); ${STAY}`)
    const server = await child.report
    const group = (pid: number) => fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')[2]
    assert.notEqual(group(server.pid), group(child.process.pid!))
    child.process.stdin!.end()
    await child.ended
    await gone(server)
  })
})

describe('embedded://', () => {
  test('is one server for callers at the same time', async () => {
    const child = runNode(`report(await Promise.all([embeddedUrl(), embeddedUrl(), embeddedUrl()]))`)
    assert.equal(new Set(await child.report).size, 1)
    assert.equal((await child.ended).code, 0)
  })

  test('is one server for all threads, outlives the one that started it, and is announced once', { skip: !unix }, async () => {
    const child = runNode(`
      const workers = [${WORKER}, ${WORKER}]
      const urls = await Promise.all(workers.map((worker) => new Promise((resolve) => worker.once('message', resolve))))
      await Promise.all(workers.map((worker) => worker.terminate()))
      report([...urls, await embeddedUrl()])
      ${STAY}
    `)
    const [url, ...others] = await child.report
    assert.deepEqual(others, [url, url])
    const server = { path: socketOf(url), pid: 0 }
    server.pid = Number(/process_id:(\d+)/.exec(await ask(server, 'INFO server\r\n', /process_id:\d+\r/))![1])
    child.process.stdin!.end()
    const { stderr } = await child.ended
    await gone(server)
    assert.match(stderr, /^redwright: embedded:\/\/ is \S+-server \S+ \(.+\); its data is private to this process [^\n]+\n$/)
  })

  test('a thread terminated while it starts the server leaves the others free to', async () => {
    const child = runNode(`
      const worker = ${WORKER}
      await new Promise((resolve) => worker.once('online', resolve))
      const url = embeddedUrl()
      await worker.terminate()
      report(await url)
    `)
    assert.match(await child.report, /^redis/)
    assert.equal((await child.ended).code, 0)
  })

  test('a server that was shut down is replaced for those who ask next', { skip: !unix }, async () => {
    const child = runNode(`
      const first = await embeddedUrl()
      const socket = require('node:net').connect(decodeURIComponent(new URL(first).pathname))
      socket.on('error', () => {}).resume().write('SHUTDOWN NOSAVE\\r\\n')
      let second = first
      while (second === first) {
        await new Promise(setImmediate)
        second = await embeddedUrl()
      }
      report([first, second])
    `)
    const [first, second] = await child.report
    assert.notEqual(first, second)
    assert.equal((await child.ended).code, 0)
  })

  test('a start that failed can be tried again', async () => {
    const child = runNode(`
      process.env.REDWRIGHT_SERVER = '/no/such/server'
      const failed = await embeddedUrl().catch((error) => error.message)
      delete process.env.REDWRIGHT_SERVER
      report([failed, await embeddedUrl()])
    `)
    const [failed, url] = await child.report
    assert.match(failed, /REDWRIGHT_SERVER/)
    assert.match(url, /^redis/)
  })
})

describe('where there is no server', () => {
  const start = `for (const start of [startServer, embeddedUrl]) await start().then(() => report('started'), (error) => report(error.message))`

  test('NODE_ENV=production throws and says how to get one', async () => {
    const { reports } = await runNode(start, { NODE_ENV: 'production' }).ended
    assert.equal(reports.length, 2)
    for (const message of reports) assert.match(message, /NODE_ENV=production[^]*apt install[^]*brew install[^]*docker run/)
  })

  test('nothing found throws and says what to install', async (t) => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spec-'))
    t.after(() => fs.rmSync(folder, { recursive: true }))
    const hide = path.join(folder, 'hide.cjs')
    fs.writeFileSync(
      hide,
      `const Module = require('node:module')
       const resolve = Module._resolveFilename
       Module._resolveFilename = function (request, ...rest) {
         if (request.startsWith('js-redis-server')) throw Object.assign(new Error(request), { code: 'MODULE_NOT_FOUND' })
         return resolve.call(this, request, ...rest)
       }`,
    )
    const { reports } = await runNode(start, NOTHING_INSTALLED, ['-r', hide]).ended
    assert.equal(reports.length, 2)
    for (const message of reports) {
      assert.match(message, /^No Redis server was found[^]*apt install[^]*brew install[^]*docker run[^]*npm install --save-dev js-redis-server/)
    }
  })
})
