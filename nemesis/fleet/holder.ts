import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { hasEnded, outliveNever } from '../../__test__/support/reaper'
import { root } from '../../__test__/support/root'
import { now } from '../clock'
import type { Reading } from '../history/reading'
import type { End } from '../history/history'
import type { Config, Order } from '../holder/config'
import { Following } from './following'

const TYPESCRIPT = pathToFileURL(path.join(root, 'scripts/typescript/register.mjs')).href
const MAIN = path.join(root, 'nemesis/holder/main.ts')

/** A process that wants locks, as seen from outside. */
export class Holder {
  readonly name: string
  /** Which of the processes it is, or whose place it took. */
  readonly place: number
  end: End | undefined
  readonly #child: ChildProcess
  readonly #following: Following
  readonly #ended: Promise<unknown>
  #said = ''
  #killed = false

  constructor(place: number, config: Config) {
    this.name = config.name
    this.place = place
    this.#following = new Following(config.name, config.log)
    // It is no part of a test run, whose runner would otherwise want its reports.
    const { NODE_TEST_CONTEXT: _, ...env } = process.env
    const flags = ['--enable-source-maps', '--import', TYPESCRIPT]
    const child = spawn(process.execPath, [...flags, MAIN, JSON.stringify(config)], { cwd: root, env, stdio: ['pipe', 'ignore', 'pipe'] })
    this.#child = child
    child.stdin!.on('error', () => {})
    child.stderr!.setEncoding('utf8').on('data', (text) => (this.#said += text))
    if (child.pid !== undefined) outliveNever(child.pid)
    this.#ended = once(child, 'close').then(
      ([code]) => this.#close(code),
      (error) => this.#close(null, String(error)),
    )
  }

  #close(code: number | null, error = ''): void {
    if (this.#child.pid !== undefined) hasEnded(this.#child.pid)
    this.end = { process: this.name, killed: this.#killed, at: now(), code, said: this.#said + error }
  }

  /** What it has written down until now. */
  get reading(): Reading {
    return this.#following.catchUp()
  }

  order(order: Order): void {
    this.#child.stdin!.write(`${JSON.stringify(order)}\n`)
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child.kill(signal)
  }

  async kill(): Promise<void> {
    this.#killed = true
    this.#child.kill('SIGKILL')
    await this.#ended
  }

  /** Ends it, once it has done what it is at. One that has not ended within so many ms is killed, and that is told. */
  async stop(withinMs: number): Promise<void> {
    this.order({ do: 'stop' })
    const timer = setTimeout(() => {
      this.#said += `it has not ended ${withinMs} ms after it was told to`
      this.#child.kill('SIGKILL')
    }, withinMs)
    await this.#ended
    clearTimeout(timer)
  }

  /** Without any promise, when the act has failed. */
  dispose(): void {
    this.#child.kill('SIGKILL')
    this.#following.close()
  }
}
