'use strict'

// Bytes inside typed text: buffers, views and typed arrays, as base64 under the name of their class.

const TypedArray = Object.getPrototypeOf(Uint8Array)
const nameOf = /** @type {() => string} */ (/** @type {any} */ (Object.getOwnPropertyDescriptor(TypedArray.prototype, Symbol.toStringTag)).get)

/** By name, since a later Node knows more of them (`Float16Array`). */
const VIEWS = new Map(
  ['Int8Array', 'Uint8ClampedArray', 'Int16Array', 'Uint16Array', 'Int32Array', 'Uint32Array', 'Float16Array', 'Float32Array', 'Float64Array']
    .concat(['BigInt64Array', 'BigUint64Array', 'DataView'])
    .flatMap((name) => (name in globalThis ? [/** @type {[string, any]} */ ([name, /** @type {any} */ (globalThis)[name]])] : [])),
)

/**
 * The class of a view, whatever its subclass or realm.
 * @param {ArrayBufferView} view
 */
function classOf(view) {
  // The getter knows by the kind and gives undefined for a `DataView`.
  return Buffer.isBuffer(view) ? 'Buffer' : (nameOf.call(view) ?? 'DataView')
}

/**
 * The bytes of a view, not copied.
 * @param {ArrayBufferView} view
 */
function bytesOf(view) {
  return Buffer.from(view.buffer, view.byteOffset, view.byteLength)
}

/**
 * @param {string} name
 * @param {Buffer} bytes
 * @returns {unknown} undefined where there is no such class
 */
function make(name, bytes) {
  if (name === 'Buffer') return bytes
  const own = new Uint8Array(bytes)
  if (name === 'Uint8Array') return own
  if (name === 'ArrayBuffer') return own.buffer
  const View = VIEWS.get(name)
  // A length that is no multiple of the element's is a RangeError here.
  return View === undefined ? undefined : new View(own.buffer)
}

module.exports = { classOf, bytesOf, make, NAMES: ['Buffer', 'Uint8Array', 'ArrayBuffer', ...VIEWS.keys()] }
