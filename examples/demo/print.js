'use strict'

// How the report is written: colours, units, tables.

const coloured = process.env.FORCE_COLOR ? true : Boolean(process.stdout.isTTY) && !process.env.NO_COLOR
const paint = (code) => (text) => (coloured ? `\u001b[${code}m${text}\u001b[0m` : String(text))
const bold = paint(1)
const dim = paint(2)
const green = paint(32)
const yellow = paint(33)
const cyan = paint(36)

const whole = (value) => Math.round(value).toLocaleString('en-US')
const percent = (share) => `${(share * 100).toFixed(1)} %`
const ms = (value) => `${value < 10 ? value.toFixed(2) : value < 100 ? value.toFixed(1) : whole(value)} ms`
const bytes = (value) => (value < 1024 ? `${value} B` : value < 1024 ** 2 ? `${(value / 1024).toFixed(1)} KB` : `${(value / 1024 ** 2).toFixed(1)} MB`)
const span = (seconds) => (seconds < 90 ? `${seconds.toFixed(1)} s` : minutes(Math.round(seconds)))
const minutes = (seconds) => `${Math.floor(seconds / 60)} min ${seconds % 60} s`
const times = (factor) => `${factor < 10 ? factor.toFixed(1) : whole(factor)}×`

/** Lines of columns, the first to the left and the others to the right; `style` paints a line once it is aligned. */
function table(rows) {
  const widths = rows[0].cells.map((_, column) => Math.max(...rows.map(({ cells }) => String(cells[column]).length)))
  return rows.map(({ cells, style = String }) => {
    const line = cells.map((cell, i) => (i ? String(cell).padStart(widths[i] + 2) : String(cell).padEnd(widths[i])))
    return `    ${style(line.join(''))}`
  })
}

module.exports = { bold, bytes, cyan, dim, green, ms, percent, span, table, times, whole, yellow }
