import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { after } from 'node:test'
import { root } from './root'
import { until } from './until'

const required = (name: string) => `require(${JSON.stringify(path.join(root, name))})`

/** Defines `startServer` and `embeddedUrl` in any script, and in that of a worker thread. */
const PRELUDE = `
  const { startServer } = ${required('testing.js')}
  const { embeddedUrl } = ${required('lib/embedded.js')}
`

/** An environment in which no server program is found. */
export const NOTHING_INSTALLED = { PATH: '', REDWRIGHT_SERVER: '' }

/** An expression for a child's script: a worker that posts the shared URL and stays. */
export const WORKER = `new (require('node:worker_threads').Worker)(${JSON.stringify(
  `${PRELUDE}
   const { parentPort } = require('node:worker_threads')
   parentPort.on('message', () => {})
   embeddedUrl().then((url) => parentPort.postMessage(url))`,
)}, { eval: true })`

export interface NodeChild {
  readonly process: ChildProcess
  /** What the script handed to `report` first. Rejects if it ends without. */
  readonly report: Promise<any>
  readonly ended: Promise<{ code: number | null; reports: any[]; stderr: string }>
}

const running = new Set<ChildProcess>()
// A failed test must not leave a child behind that nobody ends.
after(() => running.forEach((child) => child.kill('SIGKILL')))

/** Runs the body of an async function in a Node process of its own; `report(value)` in it tells this one a value. */
export function runNode(body: string, env: NodeJS.ProcessEnv = {}, flags: string[] = []): NodeChild {
  const script = `${PRELUDE}
    const report = (value) => process.stdout.write(JSON.stringify(value) + '\\n');
    (async () => {${body}\n})()
  `
  const child = spawn(process.execPath, [...flags, '-e', script], {
    env: { ...process.env, ...env },
  })
  running.add(child)
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (chunk) => (stdout += chunk))
  child.stderr.setEncoding('utf8').on('data', (chunk) => (stderr += chunk))
  const reports = () => stdout.split('\n').slice(0, -1).map((line) => JSON.parse(line))
  let closed = false
  const ended = once(child, 'close').then(([code]) => {
    closed = true
    running.delete(child)
    return { code, reports: reports(), stderr }
  })
  const first = until('the child reports', () => closed || stdout.includes('\n')).then(() => {
    assert.match(stdout, /\n/, `the child ended without a report:\n${stderr}`)
    return reports()[0]
  })
  // A test that looks at the end only does not await this.
  first.catch(() => {})
  return { process: child, report: first, ended }
}
