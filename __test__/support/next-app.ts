import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import path from 'node:path'
import { installExample } from './next-install'
import { Program } from './next-process'
import { freePort, LOOPBACK } from './ports'
import { until } from './until'

/** Nothing is learnt from it but that a build never ends. */
const BUILD_CAP_MS = 300_000

export type Environment = Record<string, string | undefined>

export interface Built {
  code: number | string
  output: string
  ms: number
}

export interface Instance {
  readonly url: string
  readonly program: Program
  stop(): Promise<void>
}

/** A copy of the example, built and started as its user would. */
export class NextApp {
  readonly folder: string
  /** For all of its processes. */
  readonly env: Environment

  static async install(env: Environment = {}): Promise<NextApp> {
    return new NextApp(await installExample(), env)
  }

  constructor(folder: string, env: Environment = {}) {
    this.folder = folder
    this.env = env
  }

  /** The same copy, with something else in its environment. */
  with(env: Environment): NextApp {
    return new NextApp(this.folder, { ...this.env, ...env })
  }

  /** Takes away what builds and instances have left. */
  async clean(): Promise<void> {
    await rm(path.join(this.folder, '.next'), { recursive: true, force: true })
  }

  /** Whatever comes of it. */
  async tryBuild(args: readonly string[] = []): Promise<Built> {
    const began = performance.now()
    const program = this.#next(['build', ...args])
    const code = await program.ended(BUILD_CAP_MS)
    return { code, output: program.output, ms: performance.now() - began }
  }

  async build(args: readonly string[] = []): Promise<Built> {
    const built = await this.tryBuild(args)
    assert.equal(built.code, 0, built.output)
    return built
  }

  async start(): Promise<Instance> {
    const port = await freePort()
    return answering(port, this.#next(['start', '-H', LOOPBACK, '-p', String(port)], { PORT: String(port) }))
  }

  /** Though it may answer with errors only. */
  async startAnyhow(): Promise<Instance> {
    const port = await freePort()
    return answering(port, this.#next(['start', '-H', LOOPBACK, '-p', String(port)], { PORT: String(port) }), () => true)
  }

  async dev(): Promise<Instance> {
    const port = await freePort()
    return answering(port, this.#next(['dev', '-H', LOOPBACK, '-p', String(port)], { PORT: String(port) }))
  }

  /** What `output: 'standalone'` has made, wherever it has been copied to. */
  async standalone(folder: string): Promise<Instance> {
    const port = await freePort()
    return answering(port, new Program(folder, ['server.js'], { ...this.env, PORT: String(port), HOSTNAME: LOOPBACK }))
  }

  #next(args: readonly string[], env: Environment = {}): Program {
    return new Program(this.folder, [path.join(this.folder, 'node_modules/next/dist/bin/next'), ...args], { ...this.env, ...env })
  }
}

// Nothing of this page is cached or made.
const isUp = (response: Response) => response.status === 405

async function answering(port: number, program: Program, isThere: (response: Response) => boolean = isUp): Promise<Instance> {
  const url = `http://${LOOPBACK}:${port}`
  await until('Next.js answers', async () => {
    assert.ok(program.runs, `it ended:\n${program.output}`)
    return fetch(`${url}/api/isr`).then(isThere, () => false)
  })
  return { url, program, stop: () => program.stop() }
}
