'use strict'

const { bar, text } = require('./svg')

const ROW = 24
const BAR = 14
const LABEL = 96 // kept free at the right of the longest bar

/** A line for each entry: its name, and in each column a bar with its figure. */
function bars(entries, columns, { y, namesX, columnX, columnWidth }) {
  const parts = []
  const longest = columns.map(({ metric }) => Math.max(...entries.map(({ median }) => median[metric])))
  entries.forEach((entry, n) => {
    const top = y + n * ROW
    const kind = entry.ours ? ' ours' : ''
    parts.push(text(namesX, top + BAR - 2, entry.name, `name${kind}`))
    columns.forEach(({ metric, scale = 1, digits }, c) => {
      const length = (entry.median[metric] / longest[c]) * (columnWidth - LABEL)
      parts.push(bar(columnX(c), top, length, BAR, `bar${kind}`))
      parts.push(text(columnX(c) + length + 7, top + BAR - 2, figure(entry, metric, scale, digits), `value${kind}`))
    })
  })
  return { parts, height: entries.length * ROW }
}

function figure({ baseline, median, ratio }, metric, scale, digits) {
  const value = (median[metric] * scale).toFixed(digits)
  return baseline || !ratio[metric] ? value : `${value}  (${ratio[metric].median.toFixed(2)}×)`
}

module.exports = { bars }
