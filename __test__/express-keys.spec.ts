import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { afterEach, beforeEach, describe, test } from 'node:test'
import * as fc from 'fast-check'
import { clientKey } from '../express.js'

const from = (ip: unknown, remoteAddress?: unknown): any => ({ ip, headers: {}, socket: { remoteAddress } })

describe('the key of a client', () => {
  test('is the IPv4 address, without a port', () => {
    assert.equal(clientKey('203.0.113.7'), '203.0.113.7')
    assert.equal(clientKey('203.0.113.7:51234'), '203.0.113.7')
    assert.equal(clientKey(' 203.0.113.7 '), '203.0.113.7')
  })

  test('is the /56 of an IPv6 address, however it is written', () => {
    for (const text of [
      '2001:db8:0:1ff::1', '2001:db8:0:100::', '2001:0DB8:0000:01AB:ffff:ffff:ffff:ffff', '[2001:db8:0:1ff::1]', '[2001:db8:0:1ff::1]:443',
      '2001:db8::1ff:0:0:0:1%eth0',
    ]) {
      assert.equal(clientKey(text), '2001:db8:0:100::/56', text)
    }
    assert.notEqual(clientKey('2001:db8:0:200::1'), clientKey('2001:db8:0:100::1'))
  })

  test('is of another size where that is asked for', () => {
    const key = (ipv6Subnet: number) => clientKey('2001:db8:1234:5678:9abc:def0:1234:5678', { ipv6Subnet })
    assert.equal(key(32), '2001:db8::/32')
    assert.equal(key(48), '2001:db8:1234::/48')
    assert.equal(key(60), '2001:db8:1234:5670::/60')
    assert.equal(key(64), '2001:db8:1234:5678::/64')
    assert.equal(key(128), '2001:db8:1234:5678:9abc:def0:1234:5678/128')
  })

  test('of an IPv6 address that only carries an IPv4 address is that one (CVE-2026-30827)', () => {
    for (const text of [
      '::ffff:203.0.113.7', '::FFFF:cb00:7107', '0:0:0:0:0:ffff:203.0.113.7', '[::ffff:203.0.113.7]:80', '::ffff:0:203.0.113.7', '64:ff9b::203.0.113.7',
      '64:ff9b::cb00:7107', '::203.0.113.7',
    ]) {
      assert.equal(clientKey(text), '203.0.113.7', text)
    }
    assert.equal(clientKey('::1'), '0:0:0:0::/56')
    assert.equal(clientKey('::'), '0:0:0:0::/56')
  })

  test('is never one for two IPv4 clients', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.ipV4(), { minLength: 2, maxLength: 2 }), fc.constantFrom('::ffff:', '64:ff9b::', ''), fc.integer({ min: 32, max: 128 }), (pair, before, ipv6Subnet) => {
        const [one, other] = pair.map((ip) => clientKey(before + ip, { ipv6Subnet }))
        assert.deepEqual([one, other], pair)
      }), { seed: 1 },
    )
  })

  test('is the same for all of a network, and another for the next', () => {
    fc.assert(
      fc.property(fc.tuple(...Array.from({ length: 8 }, () => fc.integer({ min: 0, max: 0xffff }))), fc.integer({ min: 32, max: 128 }), fc.nat(127), (groups, ipv6Subnet, bit) => {
        const text = (groups: number[]) => groups.map((group) => group.toString(16)).join(':')
        // A global address, which carries no IPv4 address.
        const one = [0x2001, ...groups.slice(1)]
        const other = one.map((group, i) => (i === bit >> 4 && i > 0 ? group ^ (0x8000 >> (bit & 15)) : group))
        const isSame = bit < 16 || bit >= ipv6Subnet
        assert.equal(clientKey(text(one), { ipv6Subnet }) === clientKey(text(other), { ipv6Subnet }), isSame)
      }), { seed: 1 },
    )
  })

  test('comes from req.ip, and from the socket where that is no address', () => {
    assert.equal(clientKey(from('203.0.113.7', '10.0.0.1')), '203.0.113.7')
    for (const garbage of [undefined, null, '', 'unknown', '_hidden', '1.2.3', '1.2.3.4.5', '::ffff:1.2.3', 'x'.repeat(1e6), 42, '[1.2.3.4]', '%', 'undefined']) {
      assert.equal(clientKey(from(garbage, '10.0.0.1')), '10.0.0.1', String(garbage).slice(0, 20))
    }
  })

  test('is never made of garbage', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[\d.:a-f[\]%]{0,30}$/), fc.anything()), (garbage) => {
        assert.match(clientKey(from(garbage, '10.0.0.1')), /^(\d+\.\d+\.\d+\.\d+|[0-9a-f:]+\/56)$/)
      }), { seed: 1 },
    )
  })

  test('refuses wrong options', () => {
    const call = clientKey as any
    for (const ipv6Subnet of [31, 129, 56.5, NaN]) assert.throws(() => call('::1', { ipv6Subnet }), { name: 'RangeError', message: /^options\.ipv6Subnet/ })
    assert.throws(() => call('::1', { ipv6Subnet: '56' }), { name: 'TypeError', message: /^options\.ipv6Subnet must be a number, got a string/ })
    assert.throws(() => call('::1', { ipv6subnet: 56 }), { name: 'TypeError', message: /did you mean 'ipv6Subnet'/ })
  })
})

describe('a request without an address', () => {
  const before = process.env.NODE_ENV
  let events = 0
  const count = () => void events++
  beforeEach(() => {
    events = 0
    subscribe('redwright:limit:no-key', count)
  })
  afterEach(() => {
    unsubscribe('redwright:limit:no-key', count)
    if (before === undefined) delete process.env.NODE_ENV
    else process.env.NODE_ENV = before
  })

  test('throws in development', () => {
    delete process.env.NODE_ENV
    for (const request of [from(undefined), from('unknown', undefined), {}, undefined, 'garbage']) {
      assert.throws(() => clientKey(request as any), { name: 'TypeError', code: 'ERR_INVALID_ARG', message: /has no IP address/ })
    }
    assert.equal(events, 0)
  })

  test('shares one key in production, with a warning once and an event each time', async () => {
    process.env.NODE_ENV = 'production'
    const warnings: any[] = []
    const listen = (warning: any) => void warnings.push(warning)
    process.on('warning', listen)
    const keys = [from(undefined), from('unknown'), {}].map((request) => clientKey(request as any))
    await new Promise(setImmediate)
    process.off('warning', listen)
    assert.deepEqual(keys, ['no-key', 'no-key', 'no-key'])
    assert.equal(events, 3)
    assert.deepEqual(warnings.map(({ name, code }) => [name, code]), [['RedwrightWarning', 'REDWRIGHT_LIMIT_NO_KEY']])
  })
})
