import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'

const require = createRequire(import.meta.url)
const { addressIn, addressOf, keyOf, ownKey, targetOf } = require('../lib/http/key.js')

describe('the key of a request', () => {
  const same = (...targets: string[]) => new Set(targets.map((target) => keyOf(targetOf(target, true), 'http://a'))).size === 1

  test('does not depend on the order of parameters, but on that of those with one name', () => {
    assert.ok(same('/p?a=1&b=2', '/p?b=2&a=1', '/p?b=2&&a=1'))
    assert.ok(!same('/p?a=1&a=2', '/p?a=2&a=1'))
    assert.ok(!same('/p', '/P'))
    assert.ok(!same('/p?a=1', '/p?a=2'))
    assert.ok(same('/p', '/p?'))
  })

  test('has of the query what the route says', () => {
    assert.equal(targetOf('/p?utm=1&page=2', new Set(['page'])), '/p?page=2')
    assert.equal(targetOf('/p?utm=1', new Set(['page'])), '/p')
    assert.equal(targetOf('/p?utm=1', false), '/p')
  })

  test('is one for one target and origin, whatever clients send', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '/', '?', '&', '=', '#', '%23', ' ', '~', '@', 'http://', ':'), maxLength: 12 })
    fc.assert(
      fc.property(text, text, text, text, (one, host, other, otherHost) => {
        const target = (path: string) => targetOf(`/${path}`, true)
        const origin = (name: string) => addressOf({ url: '/', headers: { host: name }, socket: {} })[1]
        const escaped = (part: string) => part.replaceAll(' ', '%20').replace(/:80$/, '')
        const isSame = target(one) === target(other) && escaped(host) === escaped(otherHost)
        assert.equal(keyOf(target(one), origin(host)) === keyOf(target(other), origin(otherHost)), isSame)
        assert.notEqual(keyOf(target(one), origin(host)), ownKey(other))
      }), { seed: 1 },
    )
  })

  test('is that of the site, in whichever form it is named', () => {
    const of = (url: string, host: string | undefined, more = {}) => addressOf({ url, headers: { host }, socket: {}, ...more }).join(' ')
    const site = '/p?a http://site.example'
    assert.equal(of('/p?a', 'Site.example:80'), site)
    assert.equal(of('HTTP://site.example:80/p?a', 'site.example'), site)
    assert.notEqual(of('http://site.example/p?a', 'other.example'), site)
    assert.notEqual(of('https://site.example/p?a', 'site.example'), site.replace('http:', 'https:'))
    assert.equal(of('/p?a', 'internal:3000', { hostname: 'site.example' }), `${site} internal:3000`)
    assert.notEqual(of('/p?a', 'site.example', { hostname: 'site.exampl' }), site)
    assert.equal(of('/p?a', 'site.example:443', { socket: { encrypted: true } }), '/p?a https://site.example')
    assert.equal(of('/p?a', 'site.example:443'), '/p?a http://site.example:443')
    assert.equal(of('/x', 'site.example', { originalUrl: '/p?a' }), site)
    assert.equal(addressIn('http://Site.example:80/p?a#part').join(' '), site)
    assert.deepEqual(addressIn('/café au lait'), ['/caf%C3%A9%20au%20lait', ''])
    assert.deepEqual(addressIn('users/1'), ['/users/1', ''])
  })

  test('is bounded, and begins as its target does', () => {
    const long = `/path?${'x'.repeat(20_000)}`
    const key = keyOf(targetOf(long, true), `http://${'h'.repeat(9_000)}`)
    assert.ok(key.length < 400 && key.startsWith('/path?xxx'))
    assert.notEqual(key, keyOf(targetOf(`${long}y`, true), 'http://h'))
  })
})
