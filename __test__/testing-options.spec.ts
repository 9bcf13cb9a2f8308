import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { startServer } from '../testing.js'

describe('options that are wrong', () => {
  const cases: [name: string, options: unknown, kind: 'TypeError' | 'RangeError', message: RegExp][] = [
    ['null', null, 'TypeError', /options must be an object/],
    ['a string', 'redis-server', 'TypeError', /options must be an object/],
    ['an unknown key', { tpc: true }, 'TypeError', /options\.tpc .* 'tcp'/],
    ['another unknown key', { prot: 1 }, 'TypeError', /options\.prot .* 'port'/],
    ['an inherited key', { constructor: 1 }, 'TypeError', /options\.constructor /],
    ['an empty binary', { binary: '' }, 'TypeError', /options\.binary must not be empty/],
    ['a binary that is no string', { binary: 7 }, 'TypeError', /options\.binary must be a string/],
    ['tcp that is no boolean', { tcp: 'yes' }, 'TypeError', /options\.tcp must be a boolean/],
    ['port 0', { port: 0 }, 'RangeError', /options\.port must be an integer from 1 to 65535/],
    ['a port that is too high', { port: 65_536 }, 'RangeError', /options\.port /],
    ['a fractional port', { port: 6379.5 }, 'RangeError', /options\.port /],
    ['a port as text', { port: '6379' }, 'TypeError', /options\.port /],
    ['a port beside tcp: false', { port: 6379, tcp: false }, 'TypeError', /options\.port implies tcp/],
    ['args that are no array', { args: '--maxmemory 1mb' }, 'TypeError', /options\.args must be an array of strings/],
    ['args that are no strings', { args: [1] }, 'TypeError', /options\.args\[0\] must be a string/],
    ['NUL in args', { args: ['--maxmemory\0'] }, 'TypeError', /options\.args\[0\] must not contain a NUL/],
    ['what would open the server to the network', { args: ['--bind', '0.0.0.0'] }, 'TypeError', /args\[0\] must not be --bind/],
    ['the same in other letters', { args: ['--Protected-Mode no'] }, 'TypeError', /args\[0\] must not be --Protected-Mode/],
  ]
  for (const [what, options, name, message] of cases) {
    test(what, async () => {
      await assert.rejects(startServer(options as object), { name, code: 'ERR_INVALID_ARG', message })
    })
  }

  test('undefined is the same as absent', async () => {
    const server = await startServer({ binary: undefined, tcp: undefined, port: undefined, args: undefined })
    await server.stop()
  })
})
