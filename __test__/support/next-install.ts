import { execFile } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { copyFileSync, existsSync, linkSync, mkdirSync, readdirSync, readlinkSync, symlinkSync } from 'node:fs'
import { cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { npmCommand, plainEnvironment } from './next-environment'
import { pack, packPlatform } from './packed'
import { newFolder } from './reaper'
import { root } from './root'

const run = promisify(execFile)
export const EXAMPLE = path.join(root, 'examples/next')

/** The packages of the example as its lock file has them, without ours, installed once for each lock file. */
async function packagesOfExample(): Promise<string> {
  const manifest = JSON.parse(await readFile(path.join(EXAMPLE, 'package.json'), 'utf8'))
  const lock = JSON.parse(await readFile(path.join(EXAMPLE, 'package-lock.json'), 'utf8'))
  delete manifest.dependencies.redwright
  delete lock.packages[''].dependencies.redwright
  delete lock.packages['node_modules/redwright']
  const hash = createHash('sha256').update(JSON.stringify([manifest, lock, process.platform, process.arch, process.version])).digest('hex').slice(0, 16)
  const folder = path.join(root, 'target/redwright/next', hash)
  if (existsSync(folder)) return path.join(folder, 'node_modules')
  // Renamed into place, because another test process may do the same.
  const temporary = `${folder}.${randomUUID()}`
  await mkdir(temporary, { recursive: true })
  await writeFile(path.join(temporary, 'package.json'), JSON.stringify(manifest))
  await writeFile(path.join(temporary, 'package-lock.json'), JSON.stringify(lock))
  const [program, ...args] = npmCommand()
  await run(program, [...args, 'ci', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts'], {
    cwd: temporary,
    env: plainEnvironment(),
    maxBuffer: 16 << 20,
    shell: program === 'npm' && process.platform === 'win32',
  })
  await rename(temporary, folder).catch(async (error) => {
    await rm(temporary, { recursive: true, force: true })
    if (!existsSync(folder)) throw error
  })
  return path.join(folder, 'node_modules')
}

/** A copy of the example as somebody has it who has installed it, our packages too. Outside the repository, so that nothing is found by walking up. */
export async function installExample(): Promise<string> {
  const folder = path.join(newFolder(), 'app')
  const tarballs = newFolder()
  const modules = await packagesOfExample()
  await cp(EXAMPLE, folder, { recursive: true, filter: (file) => !/[\\/](node_modules|\.next)$/.test(file) })
  linkTree(modules, path.join(folder, 'node_modules'))
  const ours = await pack(root, tarballs)
  const platform = await packPlatform(tarballs)
  await unpack(ours.tarball, path.join(folder, 'node_modules/redwright'))
  await unpack(platform.tarball, path.join(folder, `node_modules/redwright-${platform.triple}`))
  return folder
}

/** The same files in another folder, in a second instead of ten: nobody changes what is installed. */
function linkTree(from: string, to: string): void {
  mkdirSync(to, { recursive: true })
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [path.join(from, entry.name), path.join(to, entry.name)]
    if (entry.isDirectory()) linkTree(source, target)
    else if (entry.isSymbolicLink()) symlinkSync(readlinkSync(source), target)
    else linkOrCopy(source, target)
  }
}

function linkOrCopy(source: string, target: string): void {
  try {
    linkSync(source, target)
  } catch {
    // Another file system.
    copyFileSync(source, target)
  }
}

async function unpack(tarball: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  await run('tar', ['-xzf', tarball, '-C', folder, '--strip-components=1'])
}
