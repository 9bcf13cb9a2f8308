'use strict'

// The options of TLS: PEM that is read, and compared, before anything is sent.

const { createPrivateKey, X509Certificate } = require('node:crypto')
const net = require('node:net')
const { isUint8Array } = require('node:util/types')
const check = require('../check')
const { typeError, kindOf } = require('../errors')

const KNOWN = ['ca', 'cert', 'key', 'servername']

/** What a client's key may be: what the TLS of the native core signs with. */
const CURVES = ['prime256v1', 'secp384r1']
const RSA_BITS = { least: 2048, most: 4096 }

/**
 * What the native core takes; `undefined` for no TLS. An option says more than a URL, which can only ask for TLS, and a socket has none.
 * @param {unknown} given
 * @param {boolean} byUrl
 * @param {boolean} isSocket
 * @returns {import('../../binding').NativeTls | undefined}
 */
function toNativeTls(given, byUrl, isSocket) {
  if (given === false && byUrl) throw typeError('options.tls is false, and options.url asks for TLS')
  if (isSocket && given) throw typeError('options.tls needs a host: a unix socket has no TLS')
  if (isSocket || given === false || (given === undefined && !byUrl)) return undefined
  return build(given === true || given === undefined ? {} : given)
}

/** @param {unknown} given */
function build(given) {
  if (typeof given === 'object' && given !== null && 'rejectUnauthorized' in given) {
    throw typeError('options.tls.rejectUnauthorized is not offered: give the certificate of the authority that issued the server\'s as options.tls.ca')
  }
  if (typeof given !== 'object') throw typeError(`options.tls must be a boolean or an object, got ${kindOf(given)}`)
  const { ca, cert, key, servername } = check.options(given, 'options.tls', KNOWN)
  return {
    ...(ca !== undefined && { ca: certificates(ca, 'options.tls.ca') }),
    ...identity(cert, key),
    ...(servername !== undefined && { servername: serverName(servername) }),
  }
}

/**
 * The certificates of a PEM text, or of several, in DER.
 * @param {unknown} value
 * @param {string} name
 * @returns {Uint8Array[]}
 */
function certificates(value, name) {
  if (Array.isArray(value)) {
    if (value.length === 0) throw typeError(`${name} must not be empty`)
    return value.flatMap((one, i) => certificates(one, `${name}[${i}]`))
  }
  return read(value, name).map((certificate) => certificate.raw)
}

const BEGIN = /-----BEGIN CERTIFICATE-----/g
const BLOCK = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g

/**
 * @param {unknown} value
 * @param {string} name
 */
function read(value, name) {
  const text = pem(value, name)
  const begun = text.match(BEGIN) ?? []
  const blocks = text.match(BLOCK) ?? []
  if (begun.length === 0) throw typeError(`${name} holds no certificate in PEM`)
  try {
    if (blocks.length < begun.length) throw new Error('cut off')
    return blocks.map((block) => new X509Certificate(block))
  } catch {
    throw typeError(`${name} holds a certificate that cannot be read`)
  }
}

/**
 * @param {unknown} cert
 * @param {unknown} key
 */
function identity(cert, key) {
  if (cert === undefined && key === undefined) return { cert: [], key: new Uint8Array() }
  if (key === undefined) throw typeError('options.tls.cert needs its options.tls.key')
  if (cert === undefined) throw typeError('options.tls.key needs its options.tls.cert')
  const chain = read(cert, 'options.tls.cert')
  const secret = privateKey(key)
  if (!chain[0].checkPrivateKey(secret)) throw typeError('options.tls.key is not the key of options.tls.cert, whose first certificate must be the client\'s')
  return { cert: chain.map((certificate) => certificate.raw), key: secret.export({ format: 'der', type: 'pkcs8' }) }
}

/** @param {unknown} value */
function privateKey(value) {
  const text = pem(value, 'options.tls.key')
  let key
  try {
    key = createPrivateKey(text)
  } catch {
    throw typeError(`options.tls.key ${text.includes('ENCRYPTED') ? 'is encrypted: decrypt it first' : 'holds no private key in PEM'}`)
  }
  const { asymmetricKeyType: type, asymmetricKeyDetails: { namedCurve = '', modulusLength = 0 } = {} } = key
  const fits =
    type === 'ed25519' ||
    (type === 'ec' && CURVES.includes(namedCurve)) ||
    (type === 'rsa' && modulusLength >= RSA_BITS.least && modulusLength <= RSA_BITS.most)
  if (!fits) throw typeError(`options.tls.key must be an RSA key of ${RSA_BITS.least} to ${RSA_BITS.most} bits, an EC key over P-256 or P-384, or an Ed25519 key`)
  return key
}

/**
 * @param {unknown} value
 * @param {string} name
 */
function pem(value, name) {
  if (typeof value === 'string') return value
  if (!isUint8Array(value)) throw typeError(`${name} must be a string or a Uint8Array in PEM, got ${kindOf(value)}`)
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('latin1')
}

/** @param {unknown} value */
function serverName(value) {
  check.string(value, 'options.tls.servername')
  const labels = value.split('.')
  const isName = value.length <= 253 && labels.every((label) => /^[\w-]{1,63}$/.test(label))
  if (!isName && net.isIP(value) === 0) throw typeError('options.tls.servername must be the name of a host or an IP address')
  return value
}

module.exports = { toNativeTls }
