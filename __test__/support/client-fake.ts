import type net from 'node:net'
import { fakeServer, type FakeServer } from './servers'

/** Answers a command, given as its words; what is not told, `undefined`, is answered by a plain server's habit. */
export type Answer = (words: string[], socket: net.Socket) => string | undefined

/** A fake server that takes commands apart: RESP arrays of bulk strings, in whatever chunks they come. */
export async function fakeRedis(answer: Answer = () => undefined): Promise<FakeServer> {
  return fakeServer((socket) => {
    let received = ''
    socket.setEncoding('latin1')
    socket.on('data', (chunk) => {
      received += chunk
      for (let [words, rest] = command(received); words !== undefined; [words, rest] = command(received)) {
        received = rest
        socket.write(answer(words, socket) ?? habit(words), 'latin1')
      }
    })
  })
}

export const bulk = (text: string) => `$${Buffer.byteLength(text)}\r\n${text}\r\n`

function habit([name, ...args]: string[]): string {
  switch (name.toUpperCase()) {
    case 'HELLO':
      return `%1\r\n${bulk('proto')}:3\r\n`
    case 'PING':
      return args.length > 0 ? bulk(args[0]) : '+PONG\r\n'
    case 'INFO':
      return bulk('redis_version:9.8.7\r\n')
    case 'CLIENT':
      return args[0].toUpperCase() === 'ID' ? ':1\r\n' : '+OK\r\n'
    default:
      return '+OK\r\n'
  }
}

function command(text: string): [words: string[] | undefined, rest: string] {
  const line = /^(?![*])([^\r]*)\r\n/.exec(text)
  if (line !== null) return [line[1].split(' '), text.slice(line[0].length)]
  const head = /^\*(\d+)\r\n/.exec(text)
  if (head === null) return [undefined, text]
  let at = head[0].length
  const words: string[] = []
  for (let left = Number(head[1]); left > 0; left--) {
    const size = /^\$(\d+)\r\n/.exec(text.slice(at, at + 16))
    if (size === null) return [undefined, text]
    at += size[0].length
    const end = at + Number(size[1])
    if (text.length < end + 2) return [undefined, text]
    words.push(text.slice(at, end))
    at = end + 2
  }
  return [words, text.slice(at)]
}
