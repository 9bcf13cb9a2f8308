import { MortalServer } from './client-server'
import { freePorts, onFreePorts } from './ports'
import { until } from './until'

/** A master with replicas that are linked to it and complete. */
export async function startReplicated(count: number): Promise<{ master: MortalServer; replicas: MortalServer[] } & AsyncDisposable> {
  const started: MortalServer[] = []
  const start = async (...args: string[]) => {
    const server = await MortalServer.start('--repl-diskless-sync', 'no', ...args)
    started.push(server)
    return server
  }
  async function dispose() {
    await Promise.all(started.map((server) => server[Symbol.asyncDispose]()))
  }
  try {
    const [master, port] = await onFreePorts(async () => {
      const [port] = await freePorts(1)
      return [await start('--port', String(port)), String(port)] as const
    })
    const replicas = await Promise.all(Array.from({ length: count }, () => start('--replicaof', '127.0.0.1', port)))
    await until('all are linked', async () => (await master.ask('INFO replication')).split('state=online').length === 1 + count)
    return { master, replicas, [Symbol.asyncDispose]: dispose }
  } catch (error) {
    await dispose()
    throw error
  }
}
