import assert from 'node:assert/strict'
import { cp, readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { evaluate, install, pack, type Packed, packPlatform, remove, tempFolder, tool } from './support/packed'
import { root } from './support/root'

/** What a user gets: the package and its platform package, packed and installed into an empty project. */
describe('the package', () => {
  let temp: string
  let main: Packed
  let platform: Packed & { triple: string }
  let project: string

  before(async () => {
    temp = await tempFolder()
    main = await pack(root, temp)
    platform = await packPlatform(temp)
    project = await install(path.join(temp, 'project'), [main.tarball, platform.tarball])
  })
  after(() => remove(temp))

  it('holds the JavaScript half and its types, and nothing else', async () => {
    const { exports } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8'))
    const doors = Object.values<any>(exports).flatMap((door) => (typeof door === 'string' ? [] : [door.types, door.default]))
    for (const door of doors) assert.ok(main.files.includes(path.posix.normalize(door)), `${door} is missing`)
    const expected = /^(LICENSE|README\.md|CHANGELOG\.md|package\.json|binding\.js|[a-z-]+\.(js|d\.ts)|lib\/[a-z/-]+\.(js|lua))$/
    assert.deepEqual(main.files.filter((file) => !expected.test(file)), [])
  })

  it('has a platform package that holds the binary', () => {
    assert.deepEqual(platform.files, ['README.md', 'package.json', `redwright.${platform.triple}.node`])
  })

  it('passes publint', () => tool('publint', 'src/cli.js', ['run', main.tarball, '--strict']))

  it('passes attw from node10, CommonJS, ESM and bundlers', () =>
    tool('@arethetypeswrong/cli', 'dist/index.js', [main.tarball, '--profile', 'strict', '--no-color', '--no-emoji']))

  it('works from require', async () => {
    const names = await evaluate(project, `const result = Object.keys(require('redwright')).sort()`)
    assert.ok(names.includes('Redis') && names.includes('TypeSafeCache'), String(names))
  })

  it('gives import by name all that require gives, as the same classes', async () => {
    const { missing, different } = await evaluate(
      project,
      `import * as imported from 'redwright'
       import { createRequire } from 'node:module'
       const required = createRequire(process.cwd() + '/x.js')('redwright')
       const names = Object.keys(required)
       const result = {
         missing: names.filter((name) => !(name in imported)),
         different: names.filter((name) => imported[name] !== required[name]),
       }`,
      'module',
    )
    assert.deepEqual({ missing, different }, { missing: [], different: [] })
  })

  it('has every subpath for require and import', async () => {
    const { exports } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8'))
    const subpaths = Object.keys(exports).filter((subpath) => subpath !== './package.json')
    for (const subpath of subpaths) {
      const name = path.posix.join('redwright', subpath)
      const required = await evaluate(project, `const result = Object.keys(require('${name}')).sort()`)
      const imported = await evaluate(project, `import * as all from '${name}'\nconst result = Object.keys(all)`, 'module')
      assert.ok(required.length > 0, name)
      assert.deepEqual(required.filter((key: string) => !imported.includes(key)), [], name)
    }
  })

  for (const [resolution, module, extensions] of [
    ['node16', 'node16', ['cts', 'mts']],
    ['bundler', 'esnext', ['ts']],
  ] as const) {
    it(`works from TypeScript with moduleResolution ${resolution}`, async () => {
      const files = extensions.map((extension) => `use-${resolution}.${extension}`)
      for (const file of files) await cp(path.join(root, '__test__/types/consumer.ts'), path.join(project, file))
      const config = path.join(project, `tsconfig.${resolution}.json`)
      const compilerOptions = { strict: true, noEmit: true, target: 'es2022', module, moduleResolution: resolution }
      await writeFile(config, JSON.stringify({ compilerOptions, files }))
      await tool('typescript', 'bin/tsc', ['-p', config], project)
    })
  }

  it('names the platform and tells what to do when its binary is not installed', async () => {
    const bare = await install(path.join(temp, 'bare'), [main.tarball])
    const { code, message } = await failure(bare)
    assert.equal(code, 'ERR_NATIVE_BINDING')
    assert.match(message, new RegExp(`\\b${platform.triple}\\b`))
    assert.match(message, /install again/)
    assert.match(message, /npm run build/)
    assert.ok(!message.includes(bare), 'a path of this machine helps nobody')
  })

  it('tells why when its binary does not fit', async () => {
    const broken = await install(path.join(temp, 'broken'), [main.tarball, platform.tarball])
    const folder = path.join(broken, 'node_modules', `redwright-${platform.triple}`)
    const [binary] = (await readdir(folder)).filter((name) => name.endsWith('.node'))
    await writeFile(path.join(folder, binary), 'not a library')
    const { code, message } = await failure(broken)
    assert.equal(code, 'ERR_NATIVE_BINDING')
    assert.match(message, /does not fit this system/)
    assert.ok(message.includes(binary), message)
  })
})

function failure(project: string): Promise<{ code: string; message: string }> {
  return evaluate(project, `let result; try { require('redwright') } catch ({ code, message }) { result = { code, message } }`)
}
