import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { test } from 'node:test'
import { FaultProxy } from './support/fault-proxy'
import { fakeServer, realServer } from './support/servers'
import { until } from './support/until'
import { ask, passwordOf } from './support/wire'

class Peer {
  static async connect({ host, port }: { host: string; port: number }): Promise<Peer> {
    const peer = new Peer(net.connect({ host, port }))
    await once(peer.socket, 'connect')
    return peer
  }

  received = ''
  closed = false
  error: NodeJS.ErrnoException | undefined
  readonly socket: net.Socket

  constructor(socket: net.Socket) {
    this.socket = socket
    socket.setEncoding('latin1')
    socket.on('data', (chunk) => (this.received += chunk))
    socket.on('error', (error) => (this.error = error))
    socket.on('close', () => (this.closed = true))
  }

  /** Sends inline commands and waits until all that was received since the start is `expected`. */
  async expect(commands: string, expected: string): Promise<void> {
    this.socket.write(commands)
    await until(`receiving ${JSON.stringify(expected)}`, () => this.received === expected)
  }
}

test('the fault proxy forwards, freezes, thaws, delays, cuts, refuses and resets', async () => {
  await using server = await realServer()
  await using proxy = await FaultProxy.start(server)
  const first = await Peer.connect(proxy)
  await first.expect('PING\r\n', '+PONG\r\n')
  assert.equal(proxy.connections, 1)

  proxy.freeze()
  first.socket.write('PING\r\n')
  const second = await Peer.connect(proxy)
  second.socket.write('PING\r\n')
  await until('accepted', () => proxy.accepted === 2)
  // Past the proxy the server answers, so an answer here would have come through it.
  await ask(server, 'PING\r\n', /PONG/)
  assert.equal(first.received + second.received, '+PONG\r\n')
  proxy.thaw()
  await first.expect('', '+PONG\r\n+PONG\r\n')
  await second.expect('', '+PONG\r\n')

  proxy.delayMs = 20
  await first.expect('ECHO a\r\nECHO b\r\n', '+PONG\r\n+PONG\r\n$1\r\na\r\n$1\r\nb\r\n')
  proxy.delayMs = 0

  proxy.cutAfter(3)
  second.socket.write('PING\r\n')
  await until('cut', () => second.closed)
  assert.equal(second.received, '+PONG\r\n+PO')
  assert.equal(first.closed, false)

  proxy.refuse()
  await assert.rejects(Peer.connect(proxy), { code: 'ECONNREFUSED' })
  await first.expect('PING\r\n', '+PONG\r\n+PONG\r\n$1\r\na\r\n$1\r\nb\r\n+PONG\r\n')
  await proxy.accept()
  const third = await Peer.connect(proxy)
  await third.expect('PING\r\n', '+PONG\r\n')

  proxy.reset()
  await until('reset', () => first.closed && third.closed)
  assert.equal(first.error?.code, 'ECONNRESET')
  await until('forgotten', () => proxy.connections === 0)
})

test('the fault proxy loses replies, and half-opens the present connections only', async () => {
  await using server = await realServer({ tcp: true })
  await using proxy = await FaultProxy.start(server)
  const auth = `AUTH ${passwordOf(proxy)}\r\n`
  const first = await Peer.connect(proxy)
  await first.expect(auth, '+OK\r\n')

  proxy.dropReplies = true
  first.socket.write('INCR n\r\n')
  await until('executed all the same', async () => (await ask(server, `${auth}EXISTS n\r\n`, /:\d/)).endsWith(':1\r\n'))
  // Asked after the reply was lost: the server answers in the order of arrival, and the proxy forwards in it.
  await until('lost', () => proxy.repliesDropped === 1)
  proxy.dropReplies = false
  await first.expect('INCR n\r\n', '+OK\r\n:2\r\n')

  proxy.halfOpen()
  first.socket.write('INCR n\r\n')
  const second = await Peer.connect(proxy)
  await second.expect(`${auth}GET n\r\n`, '+OK\r\n$1\r\n2\r\n')
  await server.stop()
  await until('the end of the server reaches the new one', () => second.closed)
  assert.equal(first.closed, false)
  assert.equal(first.received, '+OK\r\n:2\r\n')
})

test('a fake server says what it is told to, or nothing', async () => {
  await using fake = await fakeServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
  assert.match(await ask(fake, 'PING\r\n', /\r\n\r\n/), /^HTTP/)
  assert.equal(fake.accepted, 1)

  const silent = await fakeServer()
  const peer = await Peer.connect(silent)
  await silent.stop()
  await silent.stop()
  await until('closed', () => peer.closed)
  assert.equal(peer.received, '')
})
