import { once } from 'node:events'
import net from 'node:net'

export const LOOPBACK = '127.0.0.1'

// Systems take the ports of outgoing connections from above. So nobody takes the port of a server while it is down, and who knocks
// there meanwhile does not end up connected to himself.
const FIRST = 10_240
const LAST = 32_000

/** Loopback ports that nothing listens on, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const held: net.Server[] = []
  try {
    while (held.length < count) {
      const listener = net.createServer()
      const port = FIRST + Math.floor(Math.random() * (LAST - FIRST))
      if (await listens(listener, port)) held.push(listener)
    }
    return held.map((listener) => (listener.address() as net.AddressInfo).port)
  } finally {
    await Promise.all(held.map((listener) => once(listener.close(), 'close')))
  }
}

async function listens(listener: net.Server, port: number): Promise<boolean> {
  listener.listen({ host: LOOPBACK, port })
  return once(listener, 'listening').then(() => true, () => false)
}

/** A loopback port that nothing listens on. */
export async function freePort(): Promise<number> {
  const [port] = await freePorts(1)
  return port!
}

/** How often a start is tried anew when somebody took a port that had just been free. */
const ATTEMPTS = 5

/** Starts what takes ports of `freePorts`, on others if one of them is taken before its server has it. */
export async function onFreePorts<T>(start: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start()
    } catch (error) {
      if (attempt === ATTEMPTS || !/already in use|Failed listening/i.test(String(error))) throw error
    }
  }
}
