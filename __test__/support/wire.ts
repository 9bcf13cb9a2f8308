import net from 'node:net'

export type Address = { path?: string; host?: string; port?: number }

/** Sends inline commands and resolves with what came until it was `enough`, or until the connection ended. */
export async function ask({ path, host, port }: Address, commands: string, enough: RegExp): Promise<string> {
  let received = ''
  const socket = path === undefined ? net.connect({ host, port: port! }) : net.connect({ path })
  socket.setEncoding('latin1')
  socket.setTimeout(30_000, () => socket.destroy(new Error(`no answer within 30 s after ${JSON.stringify(received)}`)))
  socket.write(commands)
  for await (const chunk of socket) {
    received += chunk
    if (enough.test(received)) break
  }
  return received
}

export function passwordOf({ url }: { url: string }): string {
  return decodeURIComponent(new URL(url).password)
}

/** The path of the socket that a `redis+unix://` URL names. */
export function socketOf(url: string): string {
  return decodeURIComponent(new URL(url).pathname)
}
