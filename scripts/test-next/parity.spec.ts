import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { compare, type Row } from '../../__test__/support/next-journal'
import { walk } from '../../__test__/support/next-walk'
import { NextWorld } from '../../__test__/support/next-world'

/** Where ours differs from the cache of Next.js itself, and why. */
const DIFFERENT = new Map([
  // The one in memory forgets when an entry's `revalidate` is over; a shared one gives it once more and has it made anew behind that, as the documentation of Next.js has it.
  ['/remote: brief after its time', "'200 - made for this request' became '200 - made before'"],
])

describe('the cache of Next.js itself, and ours', () => {
  let world: NextWorld

  before(async () => {
    world = await NextWorld.create()
  })
  after(() => world?.close())

  /** @param env what tells them apart */
  async function walked(env: Record<string, string | undefined>): Promise<Row[]> {
    const app = world.app.with(env)
    await app.clean()
    await app.build()
    const instance = await world.start(app)
    try {
      return await walk(instance.url)
    } finally {
      await instance.stop()
    }
  }

  it('give the same answers, step by step', async () => {
    const builtin = await walked({ HANDLER: 'builtin' })
    const ours = await walked({})
    const { table, differences } = compare(builtin, ours)
    console.log(`\nbeside it, where it differs, ours\n\n${table}\n`)
    const unknown = differences.filter(({ step, answer }) => DIFFERENT.get(step) !== answer)
    assert.deepEqual(unknown, [])
  })
})
