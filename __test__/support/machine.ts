import assert from 'node:assert/strict'
import { once } from 'node:events'
import fs from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { until } from './until'

export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    // One that was killed and not yet reaped by whoever inherited it is not running.
    return process.platform !== 'linux' || !/^State:\s+Z/m.test(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

/** Stops a process, and waits until it stands still: a signal is on its way for a while, in which it may do something still. */
export async function halt(process_: { pid?: number; kill(signal: NodeJS.Signals): boolean }): Promise<void> {
  process_.kill('SIGSTOP')
  if (process.platform !== 'linux') return
  const tasks = `/proc/${process_.pid}/task`
  const isStopped = (task: string) => /^State:\s+T/m.test(fs.readFileSync(`${tasks}/${task}/status`, 'utf8'))
  await until('it is stopped', () => fs.readdirSync(tasks).every(isStopped))
}

/** Waits until a server's process and its folder are no more. */
export async function gone(server: { pid: number; path?: string }): Promise<void> {
  await until('the server process has ended', () => !isRunning(server.pid))
  const { path: socket } = server
  if (socket !== undefined) await until('its folder is removed', () => !fs.existsSync(path.dirname(socket)))
}

/** Reads the kernel's table of listeners, where there is one, and knocks at every other address of this machine. */
export async function assertLoopbackOnly(port: number): Promise<void> {
  if (process.platform === 'linux') assert.deepEqual(listenersOf(port), ['0100007F'])
  const others = Object.values(os.networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, address }) => !internal && !address.startsWith('fe80'))
  for (const { address: host } of others) {
    await assert.rejects(once(net.connect({ host, port }), 'connect'), /ECONNREFUSED/, `reachable at ${host}`)
  }
}

/** The addresses, in the kernel's own notation, at which anything listens on a port. */
function listenersOf(port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return ['/proc/net/tcp', '/proc/net/tcp6']
    .filter((table) => fs.existsSync(table))
    .flatMap((table) => fs.readFileSync(table, 'utf8').trim().split('\n').slice(1))
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, , state]) => state === '0A' && local.endsWith(suffix))
    .map(([, local]) => local.slice(0, -suffix.length))
}

/** Whether a text stands on the command line of any process. */
export function isOnACommandLine(text: string): boolean {
  return fs
    .readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .some((pid) => {
      try {
        return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(text)
      } catch {
        return false
      }
    })
}
