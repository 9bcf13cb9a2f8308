import { execFile, execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { root } from './root'

const FOLDER = path.join(root, '__test__/python')
const PYTHON = process.platform === 'win32' ? 'python' : 'python3'

export interface Python {
  /** Runs a file of `__test__/python` and gives what it prints. */
  run(file: string, args: string[], input?: string): string
}

/** Python with the packages of `__test__/python/requirements.txt`, which are fetched once, into `target/`. */
export async function python(): Promise<Python> {
  need(['--version'], 'Python 3 is needed: apt install python3 python3-pip')
  const requirements = path.join(FOLDER, 'requirements.txt')
  const wanted = (await readFile(requirements, 'utf8')).trim().replace(/[^\w.-]+/g, '-')
  const packages = path.join(root, 'target/redwright/python', wanted)
  if (!existsSync(packages)) {
    need(['-m', 'pip', '--version'], 'pip for Python 3 is needed: apt install python3-pip, or python3 -m ensurepip')
    // Into a folder of its own first: another run may do the same, and one that is ended leaves nothing half done.
    const fresh = `${packages}.${process.pid}`
    await mkdir(fresh, { recursive: true })
    await pip(['install', '--quiet', '--disable-pip-version-check', '--target', fresh, '--requirement', requirements])
    await rename(fresh, packages).catch(() => rm(fresh, { recursive: true }))
  }
  const env = { ...process.env, PYTHONPATH: packages, PYTHONDONTWRITEBYTECODE: '1', PYTHONIOENCODING: 'utf-8' }
  return {
    run: (file, args, input = '') => execFileSync(PYTHON, [path.join(FOLDER, file), ...args], { input, env, encoding: 'utf8', timeout: 60_000, stdio: 'pipe' }),
  }
}

function need(args: string[], advice: string): void {
  if (spawnSync(PYTHON, args).status !== 0) throw new Error(advice)
}

function pip(args: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile(PYTHON, ['-m', 'pip', ...args], (error, stdout, stderr) => {
      if (error) reject(new Error(`pip could not fetch the packages of the Python tests; is there a network?\n${stdout}${stderr}`))
      else resolve()
    })
  })
}
