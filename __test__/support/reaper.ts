import { spawn } from 'node:child_process'
import fs from 'node:fs'
import type { Writable } from 'node:stream'
import os from 'node:os'
import path from 'node:path'

// The kernel closes the pipe however this process ends, SIGKILL included: then everything goes that it has started.
const SCRIPT = `
trap '' INT HUP TERM
pids=
while read -r verb pid; do
  rest=
  for other in $pids; do [ "$other" = "$pid" ] || rest="$rest $other"; done
  pids=$rest
  [ "$verb" = start ] && pids="$pids $pid"
done
[ -z "$pids" ] || kill -9 $pids
rm -rf "$0"
`

let reaper: { folder: string; pipe: Writable } | undefined

function started(): { folder: string; pipe: Writable } {
  if (reaper !== undefined) return reaper
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spec-'))
  const child = spawn('sh', ['-c', SCRIPT, folder], { stdio: ['pipe', 'ignore', 'ignore'], detached: true })
  child.unref()
  const pipe = child.stdin as Writable & { unref(): void }
  pipe.unref()
  pipe.on('error', () => {})
  return (reaper = { folder, pipe })
}

let folders = 0

/** A new folder that goes with this process. */
export function newFolder(): string {
  const folder = path.join(started().folder, String(++folders))
  fs.mkdirSync(folder, { mode: 0o700 })
  return folder
}

/** Has a process killed that still runs when this one has ended. */
export function outliveNever(pid: number): void {
  started().pipe.write(`start ${pid}\n`)
}

/** It has ended; its number may become another's. */
export function hasEnded(pid: number): void {
  started().pipe.write(`end ${pid}\n`)
}
