'use strict'

// Where a decorated method was defined, as the first part of its keys.

const { typeError } = require('./errors')

/** @typedef {{ name: string | symbol, static: boolean, private: boolean, addInitializer(initializer: (this: any) => void): void }} Context */

/**
 * @param {unknown} type a class, or what should be one
 * @param {string} method
 * @returns {string}
 */
function labelOf(type, method) {
  const name = /** @type {any} */ (type)?.name
  if (typeof name !== 'string' || name === '') throw typeError(`Cached finds no name of the class of ${method}: give options.name`)
  return `${name}.${method}`
}

/**
 * @param {string | symbol} property
 * @returns {string}
 */
function methodName(property) {
  // Two symbols may have the same description.
  if (typeof property === 'symbol') throw typeError('Cached of a method whose name is a symbol needs options.name')
  return property
}

/**
 * The label of a method under TC39 decorators, which do not say of which class it is. An instance does, so it is known from the first
 * one on, whatever its subclass.
 * @param {Context} context
 * @param {() => unknown} decorated what stands in the place of the method
 * @returns {(self: unknown) => string} gets the `this` of a call, and throws where the label is not known
 */
function labelLater(context, decorated) {
  const method = methodName(context.name)
  if (context.private && !context.static) {
    // It is on no prototype, so an instance of a subclass does not tell whose it is; and a class and its subclass may each have one.
    throw typeError('Cached of a private method of instances needs options.name: no decorator can tell its class')
  }
  /** @type {string | null} */
  let label = null
  /** @param {unknown} self */
  const find = (self) => {
    const type = context.static ? self : definer(self, method, decorated())
    if (type !== null) label = labelOf(type, method)
  }
  context.addInitializer(function () {
    if (label === null) find(this)
  })
  return (self) => {
    if (label === null && !context.static) find(self)
    if (label === null) throw typeError(`Cached cannot tell the class of ${method} without an instance of it: give options.name`)
    return label
  }
}

/**
 * The class of the chain of an instance that defines a method.
 * @param {unknown} self
 * @param {string} property
 * @param {unknown} decorated
 * @returns {unknown} `null` where it is not to be told
 */
function definer(self, property, decorated) {
  const holders = []
  for (let at = prototypeOf(self); at !== null; at = Object.getPrototypeOf(at)) {
    const own = Object.getOwnPropertyDescriptor(at, property)
    if (own !== undefined) holders.push(at)
    if (own?.value === decorated) return at.constructor
  }
  // Another decorator may have put its own in place of ours: then it is known where only one class has such a method.
  return holders.length === 1 ? holders[0].constructor : null
}

/** @param {any} self */
function prototypeOf(self) {
  // Not the instance itself: it may hold the method bound to it.
  return typeof self === 'object' && self !== null ? Object.getPrototypeOf(self) : null
}

module.exports = { labelOf, labelLater, methodName }
