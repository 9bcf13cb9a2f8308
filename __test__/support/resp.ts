import net from 'node:net'
import type { Address } from './wire'

/** An error that the server answered with. */
export class ReplyError extends Error {}

type Reply = string | number | null | ReplyError | Reply[]

export type Server = Address & { username?: string; password?: string }

/** The replies to commands on one connection of their own, over RESP2; an error reply rejects. */
export async function askAll(server: Server, commands: readonly (readonly (string | number | Buffer)[])[], timeoutMs = 30_000): Promise<any[]> {
  const { path, host, port, username, password } = server
  const auth = password === undefined ? [] : [['AUTH', ...(username === undefined ? [] : [username]), password]]
  const socket = path === undefined ? net.connect({ host, port: port! }) : net.connect({ path })
  const timer = setTimeout(() => socket.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs)
  try {
    socket.setEncoding('latin1')
    for (const command of [...auth, ...commands]) socket.write(framed(command))
    const replies: Reply[] = []
    let received = ''
    let at = 0
    for await (const chunk of socket) {
      received += chunk
      for (let next = parse(received, at); next !== undefined; next = parse(received, at)) {
        replies.push(next.reply)
        at = next.end
      }
      if (replies.length === auth.length + commands.length) break
    }
    const error = replies.find((reply) => reply instanceof ReplyError)
    if (error !== undefined) throw error
    if (replies.length < auth.length + commands.length) throw new Error('the connection ended before the reply')
    return replies.slice(auth.length)
  } finally {
    clearTimeout(timer)
    socket.destroy()
  }
}

function framed(words: readonly (string | number | Buffer)[]): Buffer {
  const parts = words.map((word) => (Buffer.isBuffer(word) ? word : Buffer.from(String(word))))
  return Buffer.concat([
    Buffer.from(`*${parts.length}\r\n`),
    ...parts.flatMap((part) => [Buffer.from(`$${part.length}\r\n`), part, Buffer.from('\r\n')]),
  ])
}

/** The reply that begins at `at`, once it is complete. */
function parse(text: string, at: number): { reply: Reply; end: number } | undefined {
  const eol = text.indexOf('\r\n', at)
  if (eol < 0) return undefined
  const [type, line, end] = [text[at], text.slice(at + 1, eol), eol + 2]
  switch (type) {
    case '+':
      return { reply: line, end }
    case '-':
      return { reply: new ReplyError(line), end }
    case ':':
      return { reply: Number(line), end }
    case '$':
      return parseBulk(text, Number(line), end)
    case '*':
      return parseList(text, Number(line), end)
    default:
      throw new Error(`not RESP2: ${JSON.stringify(type)}`)
  }
}

function parseBulk(text: string, size: number, at: number): { reply: Reply; end: number } | undefined {
  if (size < 0) return { reply: null, end: at }
  if (text.length < at + size + 2) return undefined
  return { reply: Buffer.from(text.slice(at, at + size), 'latin1').toString(), end: at + size + 2 }
}

function parseList(text: string, size: number, at: number): { reply: Reply; end: number } | undefined {
  if (size < 0) return { reply: null, end: at }
  const reply: Reply[] = []
  for (; reply.length < size; ) {
    const item = parse(text, at)
    if (item === undefined) return undefined
    reply.push(item.reply)
    at = item.end
  }
  return { reply, end: at }
}
