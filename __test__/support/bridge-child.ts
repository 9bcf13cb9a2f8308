import path from 'node:path'
import { Worker } from 'node:worker_threads'
import { runNode, type NodeChild } from './node'
import { root } from './root'

const required = (name: string) => `require(${JSON.stringify(path.join(root, name))})`

/** Defines the public classes and `url` in a child's script, and in that of a worker thread. */
const CLIENT = `
  const { DistributedLock, RateLimiter, ReadWriteLock, Redis, Semaphore, SessionManager, TypeSafeCache } = ${required('index.js')}
  const url = process.env.SERVER_URL
`

/** No child needs so long; one that does is stuck, and ends without a code. */
const CAP_MS = 240_000

/** As `runNode`, with a client of the server at `url` at hand. */
export function runClient(url: string, body: string, flags: string[] = [], env: NodeJS.ProcessEnv = {}): NodeChild {
  const child = runNode(`${CLIENT}${body}`, { SERVER_URL: url, ...env }, flags)
  const cap = setTimeout(() => child.process.kill('SIGKILL'), CAP_MS)
  void child.ended.finally(() => clearTimeout(cap))
  return child
}

/** An expression for a child's script: a worker that runs `body` with the same at hand, and `post` to tell its parent something. */
export function workerOf(body: string): string {
  return `new (require('node:worker_threads').Worker)(${JSON.stringify(workerScript(body))}, { eval: true })`
}

/** A worker of this process. */
export function startWorker(url: string, body: string): Worker {
  return new Worker(workerScript(body), { eval: true, env: { ...process.env, SERVER_URL: url } })
}

function workerScript(body: string): string {
  return `${CLIENT}
    const { parentPort } = require('node:worker_threads')
    const post = (value) => parentPort.postMessage(value);
    (async () => {${body}\n})()`
}

/** Defines the way below the public classes, for a child's script that looks at the bridge itself. */
export const INSIDE = `
  const calls = ${required('lib/calls.js')}
  const options = ${required('lib/options.js')}
  const { NativeRedis } = ${required('binding.js')}
  const nativeRedis = () => new NativeRedis(calls.port, 0, options.toNative(options.normalise(url)))
`
