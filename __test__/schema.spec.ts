import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import path from 'node:path'
import { describe, test } from 'node:test'
import * as valibot from 'valibot'
import * as zod from 'zod'
import type { StandardSchema } from '../index.js'
import { root } from './support/root'

const load = createRequire(import.meta.url)
const { schemaOf, fit } = load(path.join(root, 'lib/schema.js'))

/** A schema of numbers by hand; `wrap` puts its results into what it will. */
function numbers(wrap = (result: any) => result): StandardSchema<number> {
  const validate = (value: unknown) => wrap(typeof value === 'number' ? { value } : { issues: [{ message: 'no number' }] })
  return { '~standard': { version: 1, vendor: 'test', validate } }
}
const sync = schemaOf(numbers())
const async = schemaOf(numbers(async (result) => result))
const throwing = schemaOf(numbers(() => { throw new Error('secret') }))
const rejecting = schemaOf(numbers(async () => { throw new Error('secret') }))
const misfit = { fits: false, threw: false }
const threw = { fits: false, threw: true }

describe('the option schema', () => {
  test('is anything with the standard interface, a function too', () => {
    assert.equal(schemaOf(undefined), null)
    assert.equal(typeof schemaOf(numbers()).validate, 'function')
    assert.equal(typeof schemaOf(Object.assign(() => 1, numbers())).validate, 'function')
  })

  test('is refused where it is anything else', () => {
    const wrong = [null, 1, 'zod', {}, () => 1, { '~standard': null }, { '~standard': {} }, { '~standard': { version: 2, validate() {} } }, { '~standard': { version: 1 } }]
    for (const schema of wrong) assert.throws(() => schemaOf(schema), { name: 'TypeError', message: /^options\.schema must be a Standard Schema/, code: 'ERR_INVALID_ARG' })
  })
})

describe('a value', () => {
  test('that fits is what the schema made of it, at once where the schema answers at once', async () => {
    assert.deepEqual(fit(sync, 1), { fits: true, value: 1, threw: false, migrated: false })
    assert.ok(fit(async, 1) instanceof Promise)
    assert.deepEqual(await fit(async, 1), { fits: true, value: 1, threw: false, migrated: false })
    const doubling = schemaOf(numbers((result) => ({ value: result.value * 2 })))
    assert.equal(fit(doubling, 4).value, 8)
  })

  test('that does not fit does not', async () => {
    for (const schema of [sync, async]) assert.deepEqual(await fit(schema, '1'), misfit)
  })

  test('whose schema throws, rejects or gives no result does not fit, and is told apart', async () => {
    for (const schema of [throwing, rejecting]) assert.deepEqual(await fit(schema, 1), threw)
    for (const result of [null, undefined, true, {}, Promise.resolve(null)]) assert.deepEqual(await fit(schemaOf(numbers(() => result)), 1), threw)
    assert.deepEqual(fit(schemaOf({ '~standard': { version: 1, get validate() { return () => ({ issues: [] }) } } }), 1), misfit)
  })
})

describe('migrate', () => {
  test('makes fit what did not, and its result is held against the schema', async () => {
    for (const schema of [sync, async]) {
      assert.deepEqual(await fit(schema, '41', Number), { fits: true, value: 41, threw: false, migrated: true })
      assert.deepEqual(await fit(schema, '41', async (value: unknown) => Number(value)), { fits: true, value: 41, threw: false, migrated: true })
      assert.deepEqual(await fit(schema, '41', (value: unknown) => [value]), misfit)
    }
  })

  test('says by undefined that nothing is to be made of a value, whatever the schema takes', () => {
    const anything = schemaOf({ '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => (value === 'old' ? { issues: [] } : { value }) } })
    assert.deepEqual(fit(anything, 'old', () => undefined), misfit)
    assert.equal(fit(anything, 'old', () => null).value, null)
  })

  test('is not asked about what fits, and once about what does not', async () => {
    for (const schema of [sync, async]) {
      const asked: unknown[] = []
      const migrate = (value: unknown) => void asked.push(value)
      await fit(schema, 1, migrate)
      assert.deepEqual(await fit(schema, '1', migrate), misfit)
      assert.deepEqual(asked, ['1'])
    }
  })

  test('that throws or rejects makes nothing fit', async () => {
    for (const schema of [sync, async]) {
      assert.deepEqual(await fit(schema, '1', () => { throw new Error('secret') }), threw)
      assert.deepEqual(await fit(schema, '1', async () => { throw new Error('secret') }), threw)
    }
  })

  test('may save what the schema threw over; that it threw is still said', async () => {
    const validate = (value: any) => ({ value: value.id.length })
    const fragile = schemaOf({ '~standard': { version: 1, vendor: 'test', validate } })
    assert.deepEqual(fit(fragile, null, () => ({ id: 'ab' })), { fits: true, value: 2, threw: true, migrated: true })
    for (const schema of [throwing, rejecting]) assert.deepEqual(await fit(schema, 1, () => undefined), threw)
  })
})

describe('schemas of others', () => {
  const schemas: Record<string, StandardSchema<{ name: string }>> = { zod: zod.object({ name: zod.string() }), valibot: valibot.object({ name: valibot.string() }) }
  for (const [name, schema] of Object.entries(schemas)) {
    test(`of ${name}`, async () => {
      const standard = schemaOf(schema)
      const found = await fit(standard, { name: 'Ada', more: 1 })
      assert.deepEqual(found.value, { name: 'Ada' })
      assert.deepEqual(await fit(standard, { nom: 'Ada' }), misfit)
      assert.deepEqual((await fit(standard, { nom: 'Ada' }, (old: any) => ({ name: old.nom }))).value, { name: 'Ada' })
    })
  }

  test('that are asynchronous', async () => {
    const standard = schemaOf(zod.string().refine(async (text) => text !== 'no'))
    assert.equal((await fit(standard, 'yes')).value, 'yes')
    assert.equal((await fit(standard, 'no')).fits, false)
  })
})
