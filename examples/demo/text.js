'use strict'

// Letters that Unicode does not decompose into a base letter and a mark.
const plain = { ß: 'ss', æ: 'ae', œ: 'oe', ø: 'o', ł: 'l', đ: 'd', ð: 'd', þ: 'th', ı: 'i', ħ: 'h' }
const undecomposed = new RegExp(`[${Object.keys(plain).join('')}]`, 'g')
const marks = /\p{M}/gu
const ascii = /^[\x20-\x7e]*$/

/** Lower case without accents: `'São Paulo'` becomes `'sao paulo'`. */
function fold(text) {
  const lower = text.toLowerCase()
  if (ascii.test(lower)) return lower
  return lower.normalize('NFD').replace(marks, '').replace(undecomposed, (letter) => plain[letter])
}

module.exports = { fold }
