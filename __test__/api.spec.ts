import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { describe, it } from 'node:test'
import { declared, describeModule, hasMember, runtimeMembers } from './support/api'
import { root } from './support/root'

const SNAPSHOT = path.join(root, '__test__/api.snapshot.txt')
const load = createRequire(path.join(root, 'package.json'))

interface Door {
  name: string
  exports: Record<string, any>
  types: string
}
const doors: Door[] = Object.entries<any>(load('./package.json').exports)
  .filter(([, door]) => typeof door === 'object')
  .map(([subpath, door]) => ({
    name: path.posix.join('redwright', subpath),
    exports: load(door.default),
    types: readFileSync(path.join(root, door.types), 'utf8'),
  }))

describe('the public API', () => {
  it('changes only on purpose (UPDATE_SNAPSHOT=1 npm test -- api)', () => {
    const now = `${doors.flatMap(({ name, exports }) => [...describeModule(name, exports), '']).join('\n').trimEnd()}\n`
    if (process.env.UPDATE_SNAPSHOT === '1') writeFileSync(SNAPSHOT, now)
    assert.ok(existsSync(SNAPSHOT), 'UPDATE_SNAPSHOT=1 writes the first snapshot')
    assert.equal(now, readFileSync(SNAPSHOT, 'utf8'))
  })

  for (const { name, exports, types } of doors) {
    const { values, classes } = declared(types)

    it(`${name} exports what its types declare, and nothing else`, () => {
      assert.deepEqual(Object.keys(exports).sort(), values)
    })

    for (const [className, members] of classes) {
      it(`${name}: ${className} has the members that its types declare, and no others`, () => {
        const value = exports[className]
        const real = runtimeMembers(value)
        assert.deepEqual(members.methods.filter((method) => !hasMember(value, method)), [], 'declared, and not there')
        // Those of a base class may be overridden silently. A property may be set by the constructor, but a getter must be declared.
        const base = Object.getPrototypeOf(value.prototype)
        const extra = [...real.methods, ...real.properties].filter((name) => !(name in base))
        const known = [...members.methods, ...members.properties]
        assert.deepEqual(extra.filter((name) => !known.includes(name)), [], 'there, and not declared')
        assert.deepEqual(real.statics, members.statics)
      })
    }
  }
})
