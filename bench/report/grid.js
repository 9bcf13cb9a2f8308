'use strict'

/** Rows of words as aligned lines: the first column to the left, the others to the right. */
function grid(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)))
  const line = (row) => row.map((word, column) => (column === 0 ? word.padEnd(widths[0]) : word.padStart(widths[column]))).join('  ')
  return rows.map((row) => `  ${line(row)}`.trimEnd()).join('\n')
}

module.exports = { grid }
