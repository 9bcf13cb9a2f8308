import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { describe, it } from 'node:test'
import { root } from './support/root'

const { bindingError, PREBUILT } = createRequire(import.meta.url)('../lib/native-error.js')

/** What the generated loader throws: a headline, and behind it the failures of the places where it looked. */
function chain(...messages: string[]): Error {
  return messages.reduceRight<Error | undefined>((cause, message) => new Error(message, { cause }), undefined)!
}
const HEADLINE = 'Cannot find native binding. npm has a bug …'
const MISSING = "Cannot find module 'redwright-linux-x64-gnu'\nRequire stack:\n- /somewhere"

describe('the error of a missing binary', () => {
  it('says which package is not installed and what helps', () => {
    const error = bindingError(chain(HEADLINE, MISSING), 'linux-x64-gnu')
    assert.equal(error.code, 'ERR_NATIVE_BINDING')
    assert.equal(error.triple, 'linux-x64-gnu')
    assert.match(error.message, /redwright-linux-x64-gnu is not installed[^]*--omit=optional[^]*npm\/cli#4828/)
    assert.equal(error.cause.message, HEADLINE)
  })

  it('says that a platform has none, and which have', () => {
    const { message } = bindingError(chain(HEADLINE, 'Unsupported architecture on Linux: mips'), 'linux-mips-gnu')
    assert.match(message, /linux-mips-gnu[^]*linux-x64-gnu[^]*build it from source/)
    assert.doesNotMatch(message, /is not installed/)
  })

  it('says why a binary that is there was refused', () => {
    const refusal = "/lib/libc.so.6: version `GLIBC_2.38' not found (required by redwright.linux-x64-gnu.node)"
    const { message } = bindingError(chain(HEADLINE, "Cannot find module './redwright.wasi.cjs'", refusal), 'linux-x64-gnu')
    assert.ok(message.includes(refusal))
    assert.match(message, /does not fit this system/)
  })

  it('takes whatever was thrown', () => {
    for (const cause of [undefined, null, 'text', new Error('no cause')]) {
      assert.equal(bindingError(cause, 'linux-x64-gnu').code, 'ERR_NATIVE_BINDING')
    }
  })

  it('knows the platforms that have a package', () => {
    assert.deepEqual(PREBUILT, readdirSync(path.join(root, 'npm')).sort())
  })
})
