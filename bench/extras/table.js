'use strict'

const { grid } = require('../report/grid')

/** A table of an extra: a line for each contender that could be measured, and below it who could not. */
function extraTable(title, head, contenders, figures) {
  const all = Object.entries(contenders)
  const fine = all.filter(([, { error }]) => !error).map(([name, one]) => [name, ...figures(one)])
  const broken = all.filter(([, { error }]) => error).map(([name, { error }]) => `  ${name} failed: ${error.split('\n')[0].slice(0, 160)}`)
  return [title, ...(fine.length > 0 ? [grid([['', ...head], ...fine])] : []), ...broken, ''].join('\n')
}

module.exports = { extraTable }
