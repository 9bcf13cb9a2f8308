import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { after } from 'node:test'
import { plainEnvironment } from './next-environment'
import { hasEnded, outliveNever } from './reaper'

const running = new Set<Program>()
// A failed test must leave nothing behind.
after(() => Promise.all([...running].map((program) => program.kill())))

/** A process of Next.js with all that it starts: `next dev` and `next build` have children of their own. */
export class Program {
  /** What it has said. */
  output = ''
  readonly #child: ChildProcess
  readonly #ended: Promise<void>

  constructor(folder: string, args: readonly string[], env: Record<string, string | undefined> = {}) {
    // A group of its own, so that its children can be ended with it.
    this.#child = spawn(process.execPath, args, { cwd: folder, env: plainEnvironment(env), detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [this.#child.stdout!, this.#child.stderr!]) stream.on('data', (chunk) => (this.output += chunk))
    const group = -this.#child.pid!
    outliveNever(group)
    running.add(this)
    this.#ended = once(this.#child, 'close').then(() => {
      running.delete(this)
      hasEnded(group)
    })
  }

  get runs(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** What it ended with, once it has: the code, or a signal's name. */
  async ended(capMs: number): Promise<number | string> {
    const timer = setTimeout(() => this.#signal('SIGKILL'), capMs)
    await this.#ended
    clearTimeout(timer)
    return this.#child.exitCode ?? this.#child.signalCode!
  }

  /** As an orchestrator does it. */
  async stop(): Promise<void> {
    if (this.runs) this.#child.kill('SIGTERM')
    await this.ended(20_000)
    this.#signal('SIGKILL')
  }

  async kill(): Promise<void> {
    this.#signal('SIGKILL')
    await this.#ended
  }

  #signal(name: NodeJS.Signals): void {
    try {
      process.kill(-this.#child.pid!, name)
    } catch {
      // Nobody of them is left.
    }
  }
}
