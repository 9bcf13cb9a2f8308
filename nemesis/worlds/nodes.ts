import { freePorts, LOOPBACK, onFreePorts } from '../../__test__/support/ports'
import { newFolder } from '../../__test__/support/reaper'
import { RedisNode } from '../../__test__/support/redis-node'
import { ServerProcess, serverProgram } from '../../__test__/support/server-process'

/** What is acknowledged is on the disk: a server that is killed and started again knows all of it. */
export const JOURNALLED = ['--appendonly', 'yes', '--appendfsync', 'always']

/** Servers that know nothing of each other. */
export async function startNodes(count: number, ...args: string[]): Promise<RedisNode[]> {
  return onFreePorts(async () => {
    const nodes = (await freePorts(count)).map((port) => prepare(port, args))
    const starts = await Promise.allSettled(nodes.map((node) => node.start()))
    const failed = starts.find((start) => start.status === 'rejected')
    if (failed === undefined) return nodes
    await stopAll(nodes)
    throw failed.reason
  })
}

function prepare(port: number, args: readonly string[]): RedisNode {
  const folder = newFolder()
  const settings = ['--bind', LOOPBACK, '--port', String(port), '--dir', folder, '--save', '', ...args]
  return new RedisNode(port, new ServerProcess(folder, [serverProgram(), ...settings]))
}

export async function stopAll(nodes: readonly RedisNode[]): Promise<void> {
  await Promise.all(nodes.map((node) => node.process.dispose()))
}
