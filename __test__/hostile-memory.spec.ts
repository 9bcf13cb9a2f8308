import assert from 'node:assert/strict'
import type net from 'node:net'
import { describe, test } from 'node:test'
import { runClient } from './support/bridge-child'
import { many } from './support/hostile-bytes'
import { HostileServer } from './support/hostile-server'

/** More than a client may take, so that one without a bound is found out, and not so much that the machine goes down with it. */
const MOST_SENT = 3 * 2 ** 30
/** What a reply may take, doubled while its buffer grows, and Node itself. */
const MOST_RESIDENT_MB = 2200

/** Whoever has no turn between two reads is answered once at the beginning and once at the end. */
const LEAST_ANSWERED = 5

/** Sends a beginning and then a unit for as long as somebody reads. */
function flood(beginning: string, unit: string) {
  const chunk = Buffer.from(many(unit).repeat(16), 'latin1')
  return (_: string[], socket: net.Socket) => {
    let sent = 0
    const more = () => {
      while (!socket.destroyed && sent < MOST_SENT && socket.write(chunk)) sent += chunk.length
    }
    socket.write(beginning, 'latin1')
    socket.on('drain', more)
    more()
    return ''
  }
}

/** Of lists and maps one look through takes seconds in the end, and there are few of them. */
const ENDLESS: Record<string, [beginning: string, unit: string, givesWay?: true]> = {
  'a string': ['$99999999999\r\n', 'x', true],
  'a list': ['*2147483647\r\n', ':1\r\n'],
  'a list of lists': ['*2147483647\r\n', '*1\r\n:1\r\n'],
  'a map': ['%1000000000\r\n', ':1\r\n'],
  'lists that say they are long': ['', '*2147483647\r\n'],
  'a streamed list': ['*?\r\n', ':1\r\n', true],
  'a streamed string of small parts': ['$?\r\n', ';1\r\nx\r\n'],
  'a streamed string of large parts': ['$?\r\n', `;8000\r\n${'x'.repeat(8000)}\r\n`],
}

describe('a reply without an end', () => {
  for (const [what, [beginning, unit, givesWay]] of Object.entries(ENDLESS)) {
    test(`${what} takes a bounded share of memory, and the client goes on`, async () => {
      await using server = await HostileServer.start()
      await using sound = await HostileServer.start()
      server.lieTo('INCR', flood(beginning, unit))
      // No deadline ends it here, and no watchdog.
      const { reports, stderr } = await runClient(
        server.url,
        `const patient = { commandTimeout: '1h', watchdogMs: '1h', reconnect: { minMs: 1, maxMs: 5 } }
         const redis = await Redis.connect({ url, ...patient })
         const other = await Redis.connect({ url: process.env.OTHER_URL, ...patient })
         const reasons = []
         redis.on('error', (error) => reasons.push(error.message))
         let going = true, pings = 0
         const others = (async () => {
           for (; going; pings++) await other.ping().then(() => new Promise((resolve) => setTimeout(resolve, 5)))
         })()
         while (pings < 1) await new Promise(setImmediate)
         const before = pings
         const end = await redis.command('INCR', 'n').then(String, (error) => [error.code, error.maybeExecuted])
         going = false
         await others
         const pong = await redis.ping()
         report([end, reasons, process.resourceUsage().maxRSS / 1024, pong, pings - before, redis.metrics().pending])
         process.exit()`,
        [],
        { OTHER_URL: sound.url },
      ).ended
      assert.equal(stderr, '')
      const [end, reasons, megabytes, pong, answered, pending] = reports[0]
      assert.deepEqual([end, pong, pending], [['ERR_UNAVAILABLE', true], 'PONG', 0])
      assert.match(reasons[0], /: a reply took more than 768 MiB of memory$/)
      assert.ok(megabytes < MOST_RESIDENT_MB, `${megabytes} MB`)
      if (givesWay) assert.ok(answered >= LEAST_ANSWERED, `another client was answered ${answered} times meanwhile`)
    })
  }
})

test('lists, maps and attributes in each other are read to the depth that is promised', async () => {
  await using server = await HostileServer.start()
  const units: Record<string, string> = { LRANGE: '*1\r\n', HGETALL: '%1\r\n+a\r\n', SMEMBERS: '~1\r\n+a\r\n*1\r\n', EVAL: '|1\r\n+a\r\n' }
  server.misbehave = ([name]) => units[name!] && `${units[name!]!.repeat(8000)}${':1\r\n'.repeat(name === 'EVAL' ? 8001 : 1)}`
  const { reports, code } = await runClient(
    server.url,
    `const redis = await Redis.connect({ url, watchdogMs: '1h', commandTimeout: 2000 })
     const ends = []
     for (const name of ['LRANGE', 'HGETALL', 'SMEMBERS', 'EVAL']) {
       ends.push(await redis.command(name, 'k').then(() => 'a reply', (error) => error.name))
     }
     report([ends, await redis.ping().catch((error) => error.name)])
     await redis.close({ timeoutMs: 1 })`,
  ).ended
  assert.equal(code, 0)
  for (const end of reports[0][0]) assert.ok(['a reply', 'RedwrightError'].includes(end), end)
})
