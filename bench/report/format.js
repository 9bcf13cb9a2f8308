'use strict'

/** Three significant figures at most: `0.014`, `1.42`, `14.2`, `142`. */
function decimals(number) {
  if (number === null || number === undefined || Number.isNaN(number)) return '–'
  return number.toFixed(number >= 100 ? 0 : number >= 10 ? 1 : number >= 0.1 || number === 0 ? 2 : 3)
}

function thousands(number) {
  return Math.round(number).toLocaleString('en-US')
}

function sizeName(bytes) {
  return bytes % 1_024 === 0 ? `${bytes / 1_024} KB` : `${bytes} B`
}

function minutes(seconds) {
  const whole = Math.round(seconds)
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`
}

/** `1.42 (1.35–1.51)`, and without a range where there was one round. */
function ratioWithRange(ratio) {
  if (!ratio) return '–'
  const { median, min, max } = ratio
  return min === max ? median.toFixed(2) : `${median.toFixed(2)} (${min.toFixed(2)}–${max.toFixed(2)})`
}

module.exports = { decimals, minutes, ratioWithRange, sizeName, thousands }
