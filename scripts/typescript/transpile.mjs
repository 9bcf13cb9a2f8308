// TypeScript to JavaScript, one file at a time, unchecked (`npm run lint` checks). The compiler takes a quarter of a second to
// load, which every test file would pay: what it made is kept in target/, by the content of its source.

import { createHash, randomUUID } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const require = createRequire(import.meta.url)
const CACHE = fileURLToPath(new URL('../../target/redwright/typescript/', import.meta.url))

/** New enough for Node 20, which knows no `using` yet. */
const TARGET = 'ES2022'

/** @param {string} file */
export async function transpile(file) {
  const source = await readFile(file, 'utf8')
  const cached = path.join(CACHE, `${keyOf(file, source)}.mjs`)
  return (await readIfThere(cached)) ?? keep(cached, compile(file, source))
}

function keyOf(file, source) {
  const { version } = require('typescript/package.json')
  return createHash('sha256').update([version, TARGET, file, source].join('\0')).digest('hex').slice(0, 32)
}

async function readIfThere(file) {
  try {
    return await readFile(file, 'utf8')
  } catch {
    return undefined
  }
}

/** Renamed into place, because another test process may be about to read it. */
async function keep(file, code) {
  const temporary = `${file}.${randomUUID()}`
  await mkdir(CACHE, { recursive: true })
  await writeFile(temporary, code)
  await rename(temporary, file)
  return code
}

function compile(file, source) {
  const typescript = require('typescript')
  const { outputText } = typescript.transpileModule(source, {
    fileName: file,
    compilerOptions: {
      target: typescript.ScriptTarget[TARGET],
      module: typescript.ModuleKind.ESNext,
      inlineSourceMap: true,
      inlineSources: true,
      sourceRoot: path.dirname(file),
    },
  })
  return outputText
}
