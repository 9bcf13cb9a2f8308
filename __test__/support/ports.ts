import { once } from 'node:events'
import net from 'node:net'

export const LOOPBACK = '127.0.0.1'

// Systems take the ports of outgoing connections from above. So nobody takes the port of a server while it is down, and who knocks
// there meanwhile does not end up connected to himself.
const FIRST = 10_240
const BLOCK = 256
const BLOCKS = 85

let claimed: Promise<number> | undefined
let given = 0

/**
 * The first of the ports that this process has to itself for as long as it lives: files are tested at the same time, and none may take a
 * port where another's server comes back soon, or where nobody is to answer. Who listens on the first one has them all.
 */
function ownPorts(): Promise<number> {
  return (claimed ??= claim())
}

async function claim(): Promise<number> {
  const start = Math.floor(Math.random() * BLOCKS)
  for (let i = 0; i < BLOCKS; i++) {
    const first = FIRST + ((start + i) % BLOCKS) * BLOCK
    const guard = net.createServer()
    if (await listens(guard, first)) {
      guard.unref()
      return first
    }
  }
  throw new Error('every block of ports is taken')
}

/** Loopback ports that nothing listens on, all different, in turn: one that was given out does not come again soon. */
export async function freePorts(count: number): Promise<number[]> {
  const first = await ownPorts()
  const held: net.Server[] = []
  try {
    for (let tries = 0; held.length < count; tries++) {
      if (tries === BLOCK) throw new Error('no port is free')
      const listener = net.createServer()
      const port = first + 1 + (given++ % (BLOCK - 1))
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
