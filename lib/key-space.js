'use strict'

// How keys are laid out, `prefix:namespace:id`, as in `src/common/keys.rs`.

/**
 * What stands before every id of one namespace. Only the id may hold a raw `:`, so no namespace is the beginning of another's keys.
 * @param {string} prefix
 * @param {string} namespace
 */
function space(prefix, namespace) {
  return `${escape(prefix)}:${escape(namespace)}:`
}

/** @param {string} part */
function escape(part) {
  return part.replaceAll('%', '%25').replaceAll(':', '%3A')
}

/**
 * Text that a glob matches literally.
 * @param {string} text
 */
function escapeGlob(text) {
  return text.replace(/[*?[\]\\^]/g, '\\$&')
}

module.exports = { space, escapeGlob }
