'use strict'

const fs = require('node:fs')
const path = require('node:path')
const { Failure } = require('./setup/failure.js')
const { ROOT } = require('./setup/paths.js')

const FOLDER = '__test__'

/**
 * The test files that the names mean, as paths from the root: a file, a folder, or any part of a file's name; all of them without a name.
 * Listed here because Node 20 knows no patterns after `--test`.
 * @param {string[]} names
 */
function selectTests(names) {
  const all = testFiles(FOLDER)
  if (names.length === 0) return all
  return [...new Set(names.flatMap((name) => matching(all, name)))]
}

/**
 * Whether a test file needs a browser, by its name.
 * @param {string} file
 */
function drivesBrowser(file) {
  return file.endsWith('-browser.spec.ts')
}

function matching(all, name) {
  const exact = path.relative(ROOT, path.resolve(name)).split(path.sep).join('/')
  const inside = all.filter((file) => file === exact || file.startsWith(`${exact}/`))
  if (inside.length > 0) return inside
  const found = all.filter((file) => file.slice(FOLDER.length).includes(name))
  if (found.length === 0) throw new Failure(`No test file matches '${name}'.`, { advice: `choose from:\n  ${all.join('\n  ')}` })
  return found
}

function testFiles(folder) {
  return fs
    .readdirSync(path.join(ROOT, folder), { withFileTypes: true })
    .flatMap((entry) => {
      const file = `${folder}/${entry.name}`
      if (entry.isDirectory()) return testFiles(file)
      return entry.name.endsWith('.spec.ts') ? [file] : []
    })
    .sort()
}

module.exports = { drivesBrowser, selectTests }
