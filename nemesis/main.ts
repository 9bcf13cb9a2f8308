// Processes that want locks, while what can go wrong does: `npm run nemesis`.

import fs from 'node:fs'
import path from 'node:path'
import { Act } from './act'
import { again, type Arguments, parse, USAGE } from './arguments'
import { now } from './clock'
import type { Violation } from './judge/violation'
import { draw } from './picture/picture'
import { Report } from './report'
import { summary } from './summary'
import { WORLDS, type WorldName } from './worlds/all'

/** The longest that one set of servers is used. */
const ACT_MS = 60_000

/** How many violations are listed. */
const LISTED = 12

async function nemesis(args: Arguments): Promise<number> {
  const shares = args.worlds.reduce((sum, world) => sum + WORLDS[world].share, 0)
  const ends = now() + args.minutes * 60_000
  for (let { round } = args; round === args.round || now() < ends; round++) {
    for (const world of args.worlds) {
      const ms = Math.min(ACT_MS, (args.minutes * 60_000 * WORLDS[world].share) / shares)
      if (!(await act(world, round, ms, args))) return 1
    }
  }
  console.log(`kept every promise; again by: npm run nemesis -- --minutes ${args.minutes} --seed ${args.seed}`)
  return 0
}

/** Whether every promise was kept. */
async function act(name: WorldName, round: number, ms: number, args: Arguments): Promise<boolean> {
  console.log(`${name}: the same faults again by: ${again(args, name, round)}`)
  const report = new Report()
  const world = await WORLDS[name].start()
  try {
    const script = { make: args.lock, seed: args.seed, name: `${name} ${round}`, ms, only: args.faults }
    const { history, violations } = await Act.play(world, script, report)
    for (const line of summary(history)) report.say(line)
    if (args.picture !== undefined) {
      const file = pictureOf(name, args as Required<Arguments>)
      fs.writeFileSync(file, draw(history, violations, `${name}, seed ${args.seed}`))
      report.say(`picture: ${file}`)
    }
    list(violations)
    console.log(violations.length === 0 ? `  kept every promise on ${name}\n` : `${violations.length} violations; again by: ${again(args, name, round)}`)
    return violations.length === 0
  } finally {
    await world.stop()
  }
}

/** One for each world, of its last round. */
function pictureOf(name: WorldName, { picture, worlds }: Required<Arguments>): string {
  if (worlds.length === 1) return picture
  const { dir, name: base, ext } = path.parse(picture)
  return path.join(dir, `${base}-${name}${ext}`)
}

function list(violations: readonly Violation[]): void {
  const listed = violations.filter(({ rule }, i) => i < LISTED || violations.findIndex((other) => other.rule === rule) === i)
  for (const { rule, what } of listed) console.log(`VIOLATED (${rule}): ${what}`)
  if (listed.length < violations.length) console.log(`and ${violations.length - listed.length} more`)
}

try {
  process.exitCode = await nemesis(parse(process.argv.slice(2)))
} catch (error) {
  const isUsage = error instanceof RangeError || (error as { code?: string })?.code?.startsWith('ERR_PARSE_ARGS')
  console.error(isUsage ? `${(error as Error).message}\n${USAGE}` : error)
  process.exitCode = 2
}
