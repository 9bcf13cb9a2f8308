'use strict'

const { sizeName } = require('./format')

/** Who could not be measured where, so that a gap in the tables is not overlooked. Empty where all went well. */
function failureLines(cells, extras) {
  const ofCells = cells.flatMap(({ row, size, inflight, contenders }) =>
    Object.entries(contenders)
      .filter(([, { error }]) => error)
      .map(([name, { error }]) => `  ${name}, ${row} ${sizeName(size)}, ${inflight} in flight: ${error.split('\n')[0].slice(0, 160)}`),
  )
  const ofExtras = extras.flatMap(({ name, contenders }) =>
    Object.entries(contenders)
      .filter(([, { error }]) => error)
      .map(([who, { error }]) => `  ${who}, ${name}: ${error.split('\n')[0].slice(0, 160)}`),
  )
  const lines = [...ofCells, ...ofExtras]
  return lines.length === 0 ? '' : ['not measured', ...lines, ''].join('\n')
}

module.exports = { failureLines }
