'use strict'

const { mkdirSync, writeFileSync } = require('node:fs')
const path = require('node:path')
const { picture } = require('./picture')

const FOLDER = path.join(__dirname, '..', 'results')

/** Writes everything that was measured, and its picture where its rows were among it. Gives the names of the files. */
function writeResults(run, name) {
  mkdirSync(FOLDER, { recursive: true })
  const files = [[`${name}.json`, toJson(run)]]
  const svg = picture(run)
  if (svg) files.push([`${name}.svg`, svg])
  return files.map(([file, content]) => {
    writeFileSync(path.join(FOLDER, file), content)
    return path.join('bench', 'results', file)
  })
}

/** Indented, with each innermost object on a line of its own, so that a round is a line. */
function toJson(run) {
  const indented = JSON.stringify(run, rounded, 1)
  return `${indented.replace(/\{[^{}]*\}/g, (inner) => inner.replace(/\n\s*/g, ' '))}\n`
}

/** Four decimals are more than any of this is worth. */
function rounded(_, value) {
  return typeof value === 'number' ? Math.round(value * 10_000) / 10_000 : value
}

module.exports = { writeResults }
