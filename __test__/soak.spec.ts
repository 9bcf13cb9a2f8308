import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { root } from './support/root'

const href = (file: string) => pathToFileURL(path.join(root, file)).href
const FLAGS = ['--import', href('scripts/typescript/register.mjs'), '--test-reporter', href('soak/silent-reporter.mjs')]

/** Less than a file of tests may take: how far it came is told then. */
const MOST_MS = 8 * 60_000

async function soak(...args: string[]) {
  // It is no part of this test run, whose runner would otherwise want its reports.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const child = spawn(process.execPath, [...FLAGS, path.join(root, 'soak/main.ts'), ...args], { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'], timeout: MOST_MS, killSignal: 'SIGKILL' })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text))
  const [code] = await once(child, 'close')
  return { code, output }
}

const CACHES = ['TypeSafeCache.getOrSet, stale', 'TypeSafeCache.get, near', 'CacheManager.getOrSet', 'CacheManager.cacheWithTags', 'CacheManager.invalidateByTag']
const LIMITS = ['RateLimiter.fixedWindow']

describe('faults of every kind', () => {
  test('is survived on every topology, with every promise kept', async (t) => {
    // A busy machine may be late with everything; the tight figure is in the report.
    const { code, output } = await soak('--minutes', '0.75', '--slack', '3000')
    t.diagnostic(/npm run soak -- .*--seed \d+/.exec(output)?.[0] ?? 'no seed')
    assert.equal(code, 0, output)
    const parts = output.split(/^(?=single|sentinel|cluster)/m)
    assert.equal(parts.length, 3, output)
    for (const part of parts) {
      // One fault at least, after which all clients wrote; operations of every class; and nothing else went wrong.
      assert.match(part, /^ +\d\d:\d\d\.\d +#1 .*all clients write \d+\.\d\d s after$/m, output)
      for (const what of ['Redis.command', 'Redis.eval', 'Redis.health', 'RedisRepository.get', 'TypeSafeCache.getOrSet', 'TypeSafeCache.setMany', ...CACHES, ...LIMITS]) {
        const acknowledged = new RegExp(`^ +${what} +(\\d+)`, 'm').exec(part)?.[1]
        assert.ok(Number(acknowledged) > 0, `${what} was acknowledged ${acknowledged} times in:\n${output}`)
      }
      assert.match(part, /^ +survived on \w+$/m, output)
    }
    assert.match(output, /^survived; again by: npm run soak -- --minutes 0\.75 --seed \d+$/m)
  })

  test('is refused with a wrong argument, and says which', async () => {
    const { code, output } = await soak('--on', 'nowhere')
    assert.equal(code, 2, output)
    assert.match(output, /--on must be one of single, sentinel, cluster, not nowhere\nnpm run soak/)
  })
})
