import type net from 'node:net'
import { bulk, fakeRedis } from './client-fake'
import type { FakeServer } from './servers'

/** Bytes to answer a command with, as latin1; `undefined` where it is answered as it should be. */
export type Misbehaviour = (words: string[], socket: net.Socket) => string | undefined

/** A server that can lie: it keeps strings as it should until it is told to misbehave, and again when it is told to stop. */
export class HostileServer {
  /** Asked before anything is answered properly; an empty string says nothing at all. */
  misbehave: Misbehaviour | undefined
  readonly #strings = new Map<string, string>()
  #null = '$-1\r\n'
  readonly #server: FakeServer

  private constructor(serve: (answer: Misbehaviour) => FakeServer) {
    this.#server = serve((words, socket) => this.misbehave?.(words, socket) ?? this.#answer(words))
  }

  static async start(misbehave?: Misbehaviour): Promise<HostileServer> {
    let answer: Misbehaviour = () => undefined
    const fake = await fakeRedis((words, socket) => answer(words, socket))
    const server = new HostileServer((ours) => {
      answer = ours
      return fake
    })
    server.misbehave = misbehave
    return server
  }

  get url(): string {
    return this.#server.url
  }

  get port(): number {
    return this.#server.port
  }

  /** How many connections were ever accepted. */
  get accepted(): number {
    return this.#server.accepted
  }

  /** Misbehaves towards commands of this name only. */
  lieTo(name: string, reply: string | Misbehaviour): void {
    const lie: Misbehaviour = typeof reply === 'string' ? () => reply : reply
    this.misbehave = (words, socket) => (words[0]!.toUpperCase() === name ? lie(words, socket) : undefined)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.stop()
  }

  /** As a server does; what is not here is answered by a plain server's habit. */
  #answer([name, ...args]: string[]): string | undefined {
    const valueOf = (key: string) => (this.#strings.has(key) ? bulkOf(this.#strings.get(key)!) : this.#null)
    switch (name!.toUpperCase()) {
      case 'HELLO':
        this.#null = '_\r\n'
        return undefined
      case 'GET':
        return valueOf(args[0]!)
      case 'MGET':
        return `*${args.length}\r\n${args.map(valueOf).join('')}`
      case 'SET':
        this.#strings.set(args[0]!, args[1]!)
        return '+OK\r\n'
      case 'EXISTS':
        return `:${args.filter((key) => this.#strings.has(key)).length}\r\n`
      case 'UNLINK':
        return `:${args.filter((key) => this.#strings.delete(key)).length}\r\n`
      case 'PTTL':
        return this.#strings.has(args[0]!) ? ':-1\r\n' : ':-2\r\n'
      case 'ECHO':
        return bulkOf(args[0]!)
      case 'SCAN':
        const keys = [...this.#strings.keys()].filter((key) => key.startsWith('cache:'))
        return `*2\r\n${bulk('0')}*${keys.length}\r\n${keys.map(bulkOf).join('')}`
    }
  }
}

/** Of a text that came as latin1, and goes as that. */
const bulkOf = (text: string) => `$${text.length}\r\n${text}\r\n`

/** One reply of every kind that the protocol has, well formed, by name. */
export const REPLIES: Record<string, string> = {
  'a simple string': '+hello\r\n',
  'an empty simple string': '+\r\n',
  OK: '+OK\r\n',
  QUEUED: '+QUEUED\r\n',
  'an error': '-ERR nonsense\r\n',
  'an error without a code': '-nonsense\r\n',
  'an empty error': '-\r\n',
  'a type error': '-WRONGTYPE Operation against a key holding the wrong kind of value\r\n',
  'a redirection': '-MOVED 3999 127.0.0.1:1\r\n',
  'another redirection': '-ASK 3999 127.0.0.1:1\r\n',
  'a wish for a password': '-NOAUTH Authentication required.\r\n',
  'a cluster that is down': '-CLUSTERDOWN The cluster is down\r\n',
  'an integer': ':5\r\n',
  'a negative integer': ':-5\r\n',
  'the largest integer': ':9223372036854775807\r\n',
  'a string': '$5\r\nhello\r\n',
  'an empty string': '$0\r\n\r\n',
  bytes: '$3\r\n\xff\x00\xfe\r\n',
  'an empty list': '*0\r\n',
  'a list of one string': '*1\r\n$1\r\na\r\n',
  'a list of integers': '*2\r\n:1\r\n:2\r\n',
  'a list of a list': '*1\r\n*1\r\n:1\r\n',
  'a list with an error': '*2\r\n-ERR inside\r\n:1\r\n',
  'a deep list': `${'*1\r\n'.repeat(2000)}:1\r\n`,
  'a step of SCAN': '*2\r\n$1\r\n0\r\n*1\r\n$1\r\na\r\n',
  'an endless step of SCAN': '*2\r\n$1\r\n0\r\n*1\r\n:1\r\n',
  'a cursor of letters': '*2\r\n$3\r\nabc\r\n*0\r\n',
}

/** Those that only RESP2 has. */
export const REPLIES_OF_RESP2: Record<string, string> = {
  'nothing, as a string': '$-1\r\n',
  'nothing, as a list': '*-1\r\n',
  'a list of nothing': '*2\r\n$-1\r\n$-1\r\n',
}

/** Those that only RESP3 has, and what it has no longer. */
export const REPLIES_OF_RESP3: Record<string, string> = {
  null: '_\r\n',
  'a list of null': '*2\r\n_\r\n_\r\n',
  // It looks like the beginning of a stream.
  'the null of RESP2': '$-1\r\n',
  true: '#t\r\n',
  false: '#f\r\n',
  'a double': ',3.25\r\n',
  infinity: ',inf\r\n',
  'not a number': ',nan\r\n',
  'a big number': '(3492890328409238509324850943850943825024385\r\n',
  'a blob error': '!11\r\nERR in\nside\r\n',
  'a verbatim string': '=9\r\ntxt:hello\r\n',
  'a map': '%1\r\n+a\r\n:1\r\n',
  'an empty map': '%0\r\n',
  'a map with a key that is no string': '%1\r\n#t\r\n:1\r\n',
  'a map with a list for a key': '%1\r\n*1\r\n:1\r\n:1\r\n',
  'a set': '~2\r\n+a\r\n+b\r\n',
  'a set of lists': '~1\r\n*0\r\n',
  'a deep map': `${'%1\r\n+a\r\n'.repeat(2000)}:1\r\n`,
  'an attribute before a string': '|1\r\n+ttl\r\n:3600\r\n$5\r\nhello\r\n',
  'an attribute before nothing': '|1\r\n+ttl\r\n:3600\r\n_\r\n',
  'a greeting': 'HELLO 3\r\n',
  'a chunk outside of a stream': ';5\r\nhello\r\n',
  'the end of no stream': '.\r\n',
}
