import { once } from 'node:events'
import path from 'node:path'
import { Worker } from 'node:worker_threads'
import type { RedisOptions } from '../../index.js'
import { root } from './root'

const PROGRAM = `
const { parentPort, workerData } = require('node:worker_threads')
const { Redis } = require(workerData.entry)
const done = new Int32Array(workerData.memory)
Redis.connect(workerData.options).then((redis) => {
  parentPort.on('message', async (commands) => {
    if (commands === null) {
      await redis.close()
      return parentPort.close()
    }
    for (const command of commands) await redis.command(...command)
    Atomics.add(done, 0, 1)
    Atomics.notify(done, 0)
  })
  parentPort.postMessage('ready')
})`

/** Another client, in another thread: it writes while the event loop of the test stands still. */
export class Writer {
  readonly #worker: Worker
  readonly #done: Int32Array

  static async start(options: RedisOptions): Promise<Writer> {
    const memory = new SharedArrayBuffer(4)
    const workerData = { options, memory, entry: path.join(root, 'index.js') }
    const worker = new Worker(PROGRAM, { eval: true, workerData })
    await once(worker, 'message')
    return new Writer(worker, new Int32Array(memory))
  }

  private constructor(worker: Worker, done: Int32Array) {
    this.#worker = worker
    this.#done = done
  }

  /** Has it execute commands one after the other, and blocks the event loop until it has. */
  write(...commands: string[][]): void {
    const before = Atomics.load(this.#done, 0)
    this.#worker.postMessage(commands)
    if (Atomics.wait(this.#done, 0, before, 30_000) === 'timed-out') throw new Error('not written within 30 s')
  }

  async stop(): Promise<void> {
    const ended = once(this.#worker, 'exit')
    this.#worker.postMessage(null)
    await ended
  }
}

/** Blocks the event loop until something is so. */
export function blockUntil(what: string, condition: () => boolean): void {
  const deadline = performance.now() + 30_000
  while (!condition()) if (performance.now() > deadline) throw new Error(`not within 30 s: ${what}`)
}
