import { createRequire } from 'node:module'
import path from 'node:path'
import vm from 'node:vm'
import typescript from 'typescript'
import { root } from './root'

const require = createRequire(path.join(root, 'package.json'))

/** The two ways in which TypeScript compiles decorators. */
export const STANDARDS = ['TC39', 'experimentalDecorators'] as const
export type Standard = (typeof STANDARDS)[number]

/** What a module in TypeScript exports, compiled under one of the standards; `given` are its globals. */
export function compiled(source: string, standard: Standard, given: Record<string, unknown>): any {
  const { outputText } = typescript.transpileModule(source, {
    compilerOptions: {
      target: typescript.ScriptTarget.ES2022,
      module: typescript.ModuleKind.CommonJS,
      experimentalDecorators: standard === 'experimentalDecorators',
    },
  })
  const module = { exports: {} }
  const globals = Object.entries({ module, exports: module.exports, require, ...given })
  const run = vm.runInThisContext(`(function (${globals.map(([name]) => name).join()}) {${outputText}\n})`)
  run(...globals.map(([, value]) => value))
  return module.exports
}
