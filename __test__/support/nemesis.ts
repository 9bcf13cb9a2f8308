import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { root } from './root'

const href = (file: string) => pathToFileURL(path.join(root, file)).href
const FLAGS = ['--enable-source-maps', '--import', href('scripts/typescript/register.mjs'), '--test-reporter', href('soak/silent-reporter.mjs')]

/** `npm run nemesis`, without its set-up. */
export async function nemesis(...args: string[]): Promise<{ code: number | null; output: string }> {
  // It is no part of this test run, whose runner would otherwise want its reports.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const child = spawn(process.execPath, [...FLAGS, path.join(root, 'nemesis/main.ts'), ...args], { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text))
  const [code] = await once(child, 'close')
  return { code, output }
}
