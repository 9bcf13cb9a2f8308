// All classes at work on each topology while faults happen: `npm run soak`.

import { parse, USAGE, type Arguments } from './arguments'
import { Run } from './run'
import { Violations } from './violations'

const violations = new Violations()
process.on('uncaughtException', (error) => violations.report(`uncaught: ${error?.stack ?? error}`))
process.on('unhandledRejection', (reason) => violations.report(`unhandled rejection: ${reason instanceof Error ? reason.stack : reason}`))

/** Those that follow are mostly of the same cause. */
function tell(): void {
  for (const what of violations.found.slice(0, 20)) console.log(`VIOLATED: ${what}`)
}

async function soak(args: Arguments): Promise<number> {
  const { minutes, seed, on } = args
  const again = (topologies: readonly string[]) => `npm run soak -- --minutes ${minutes} --seed ${seed}${topologies.length === 1 ? ` --on ${topologies[0]}` : ''}`
  for (const topology of on) {
    console.log(`${topology}: the same faults again by: ${again(on)}`)
    await Run.on(topology, (minutes * 60_000) / on.length, args, violations)
    if (violations.any) break
    console.log(`  survived on ${topology}\n`)
  }
  tell()
  console.log(violations.any ? `${violations.found.length} violations; again by: ${again(on)}` : `survived; again by: ${again(on)}`)
  return violations.any ? 1 : 0
}

try {
  process.exitCode = await soak(parse(process.argv.slice(2)))
  // What was closed holds nothing; what was never answered does.
  setTimeout(() => {
    console.log('VIOLATED: the process has not ended 20 s after all clients were closed')
    process.exit(1)
  }, 20_000).unref()
} catch (error) {
  console.error(error instanceof RangeError || (error as { code?: string })?.code?.startsWith('ERR_PARSE_ARGS') ? `${(error as Error).message}\n${USAGE}` : error)
  tell()
  process.exit(2)
}
