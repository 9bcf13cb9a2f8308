import { execFile } from 'node:child_process'
import { copyFile, cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { root } from './root'

const { platformTriple } = createRequire(import.meta.url)('../../lib/native-error.js')
const run = promisify(execFile)
/** The npm that runs the tests, else the one on PATH. */
const npm: readonly [string, ...string[]] = process.env.npm_execpath?.endsWith('npm-cli.js')
  ? [process.execPath, process.env.npm_execpath]
  : ['npm']

export interface Packed {
  tarball: string
  files: string[]
}

/** A folder of its own, outside the repository, so that nothing is found by walking up. */
export async function tempFolder(): Promise<string> {
  return mkdtemp(path.join(os.tmpdir(), 'redwright-package-'))
}

export async function pack(folder: string, into: string): Promise<Packed> {
  const { stdout } = await runNpm(['pack', '--json', '--ignore-scripts', '--pack-destination', into], folder)
  const [{ filename, files }] = JSON.parse(stdout)
  return { tarball: path.join(into, filename), files: files.map((file: { path: string }) => file.path).sort() }
}

/** Packs the platform package with the binary that was built here, from a copy. */
export async function packPlatform(into: string): Promise<Packed & { triple: string }> {
  const triple = platformTriple()
  const binary = `redwright.${triple}.node`
  const copy = path.join(into, `npm-${triple}`)
  await cp(path.join(root, 'npm', triple), copy, { recursive: true })
  await copyFile(path.join(root, binary), path.join(copy, binary))
  return { ...(await pack(copy, into)), triple }
}

/** An empty project with these tarballs installed; no registry is asked. */
export async function install(folder: string, tarballs: string[]): Promise<string> {
  await mkdir(folder, { recursive: true })
  await writeFile(path.join(folder, 'package.json'), JSON.stringify({ name: 'user', private: true }))
  await runNpm(['install', '--offline', '--no-audit', '--no-fund', '--ignore-scripts', ...tarballs], folder)
  // As `npm install --save-dev @types/node` would.
  await symlink(path.join(root, 'node_modules', '@types'), path.join(folder, 'node_modules', '@types'), 'junction')
  return folder
}

/** Runs JavaScript in the project, as Node would run a file of it, and parses what it prints. */
export async function evaluate(folder: string, source: string, type: 'commonjs' | 'module' = 'commonjs'): Promise<any> {
  const { stdout } = await runNode([`--input-type=${type}`, '--eval', `${source}\nconsole.log(JSON.stringify(result))`], folder)
  return JSON.parse(stdout)
}

/** Runs an installed development tool of ours; rejects with its whole output. */
export async function tool(name: string, script: string, args: string[], cwd = root): Promise<void> {
  await runNode([path.join(root, 'node_modules', name, script), ...args], cwd)
}

function runNode(args: string[], cwd: string) {
  return complete([process.execPath, ...args], cwd)
}

function runNpm(args: string[], cwd: string) {
  return complete([...npm, ...args], cwd)
}

async function complete([program, ...args]: readonly string[], cwd: string) {
  try {
    return await run(program!, args, { cwd, env: environment(), timeout: 120_000, maxBuffer: 16 << 20, shell: program === 'npm' && process.platform === 'win32' })
  } catch (error: any) {
    throw new Error(`${error.message}\n${error.stdout ?? ''}${error.stderr ?? ''}`, { cause: error })
  }
}

/** Ours, without what the loader of the tests and the surrounding `npm test` put into it. */
function environment() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => name !== 'NODE_OPTIONS' && !/^(npm_|NODE_TEST)/i.test(name)))
}

export async function remove(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 3 })
}
