import assert from 'node:assert/strict'
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { after } from 'node:test'
import { hasEnded, outliveNever } from './reaper'
import { root } from './root'
import { until } from './until'

const { findProgram, FALLBACK } = createRequire(import.meta.url)(path.join(root, 'lib/embedded/find.js'))

const running = new Set<ChildProcess>()
// A failed test must leave no server behind: a child that runs would hold the test process.
after(() => running.forEach((child) => child.kill('SIGKILL')))

/** The path of the server program that is installed. */
export function serverProgram(): string {
  const program = findProgram()
  assert.ok(program !== null && program !== FALLBACK, 'This test needs a real server: apt install redis-server')
  return program
}

/** Whether the installed server was built with TLS: without, it does not get as far as the second of these settings. */
export function speaksTls(): boolean {
  const { stdout, stderr } = spawnSync(serverProgram(), ['--tls-port', '0', '--port', 'none'], { encoding: 'utf8' })
  return !/tls-port/.test(stdout + stderr)
}

/** A server program that can be killed, paused and started again at the same place with the same data. */
export class ServerProcess {
  /** Its working folder, which `dispose` removes. */
  readonly folder: string
  readonly #command: readonly string[]
  #child: ChildProcess | undefined
  #paused = false

  constructor(folder: string, command: readonly string[]) {
    this.folder = folder
    this.#command = command
  }

  /** Whether it runs and is not stopped by `SIGSTOP`. */
  get alive(): boolean {
    return this.#running && !this.#paused
  }

  get pid(): number {
    return this.#child!.pid!
  }

  /** What it has said. */
  get log(): string {
    return fs.readFileSync(this.#logFile, 'utf8')
  }

  get #logFile(): string {
    return path.join(this.folder, 'log')
  }

  get #running(): boolean {
    const child = this.#child
    return child !== undefined && child.exitCode === null && child.signalCode === null
  }

  /** Starts it and waits until it `answers`. */
  async start(answers: () => Promise<boolean>): Promise<void> {
    assert.ok(!this.#running, 'it runs already')
    const log = fs.openSync(this.#logFile, 'a')
    const [program, ...args] = this.#command
    const child = spawn(program!, args, { stdio: ['ignore', log, log], cwd: this.folder })
    fs.closeSync(log)
    this.#child = child
    this.#paused = false
    await once(child, 'spawn')
    const pid = child.pid!
    outliveNever(pid)
    running.add(child)
    child.once('exit', () => {
      running.delete(child)
      hasEnded(pid)
    })
    await until('the server answers', async () => {
      assert.ok(this.#running, `the server ended:\n${this.log}`)
      return answers().catch(() => false)
    })
  }

  kill(signal: NodeJS.Signals): void {
    this.#child?.kill(signal)
    if (signal === 'SIGSTOP') this.#paused = true
    if (signal === 'SIGCONT') this.#paused = false
  }

  /** Ends it at once and without a good-bye. */
  async crash(): Promise<void> {
    if (!this.#running) return
    const ended = once(this.#child!, 'exit')
    this.kill('SIGKILL')
    await ended
  }

  async dispose(): Promise<void> {
    await this.crash()
    fs.rmSync(this.folder, { recursive: true, force: true })
  }
}
