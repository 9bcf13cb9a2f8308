'use strict'

function escape(words) {
  return String(words).replace(/[&<>"]/g, (character) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[character])
}

function text(x, y, words, kind) {
  return `<text class="${kind}" x="${round(x)}" y="${round(y)}">${escape(words)}</text>`
}

/** A bar that is round at its far end only. */
function bar(x, y, length, height, kind) {
  const radius = Math.min(3, length / 2)
  const straight = round(length - radius)
  return `<path class="${kind}" d="M${round(x)} ${y}h${straight}a${radius} ${radius} 0 0 1 ${radius} ${radius}v${height - 2 * radius}a${radius} ${radius} 0 0 1 -${radius} ${radius}h-${straight}z"/>`
}

function round(number) {
  return Math.round(number * 10) / 10
}

module.exports = { bar, escape, text }
