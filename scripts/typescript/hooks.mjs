// Node's module hooks for `.ts`: find a file as TypeScript does, and drop its types.

import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { transpile } from './transpile.mjs'

/** `./x` and `./x.js` mean `./x.ts` where that is what exists. */
export async function resolve(specifier, context, next) {
  const { parentURL } = context
  if (!/^\.{1,2}\//.test(specifier) || !parentURL?.startsWith('file:')) return next(specifier, context)
  const wanted = new URL(specifier, parentURL)
  if (existsSync(wanted) && /\.\w+$/.test(wanted.pathname)) return next(specifier, context)
  const typescript = new URL(`${wanted.href.replace(/\.js$/, '')}.ts`)
  return next(existsSync(typescript) ? typescript.href : specifier, context)
}

export async function load(url, context, next) {
  if (!url.startsWith('file:') || !new URL(url).pathname.endsWith('.ts')) return next(url, context)
  const file = fileURLToPath(new URL(url))
  return { format: 'module', source: await transpile(file), shortCircuit: true }
}
