import assert from 'node:assert/strict'
import type { Instance } from './next-app'
import { ask, revalidate, submit } from './next-page'
import type { NextWorld } from './next-world'
import { until } from './until'

/** Nothing is learnt from it but that an answer never comes. */
const CAP_MS = 30_000
const TEXT = 'Two lemons'

export type Say = (message: string) => void

async function stampOf(instance: Instance, path: string, name: string): Promise<string> {
  const { stamps, status, body } = await ask(instance.url + path)
  assert.equal(status, 200, `${path}: ${body}`)
  const stamp = stamps.get(name)
  assert.ok(stamp, `${path} has no ${name}: ${body}`)
  return stamp
}

/** What has been shown stays for a while. */
async function settled(instance: Instance, path: string, name: string): Promise<string> {
  let last = await stampOf(instance, path, name)
  await until(`${path} stays`, async () => {
    const stamp = await stampOf(instance, path, name)
    const stays = stamp === last
    last = stamp
    return stays
  })
  return last
}

/** Asks both until they show the same, which is not what was there before. How long that took. */
async function agree(a: Instance, b: Instance, path: string, name: string, old: string): Promise<number> {
  const began = performance.now()
  await until(`both show the same new ${name} on ${path}`, async () => {
    const [left, right] = await Promise.all([stampOf(a, path, name), stampOf(b, path, name)])
    return left === right && left !== old
  })
  return performance.now() - began
}

const SHARED = [
  ['stock', '/stock', 'stock'],
  ['board', '/board', 'board'],
  ['feed', '/api/feed', 'made'],
  ['item-7', '/items/7', 'item'],
  ['remote', '/remote', 'remote'],
  ['origin', '/data', 'tagged'],
  ['kept', '/data', 'kept'],
] as const

/** Whoever comes first has a page made, and it is given to all others, on both. */
export async function sharesFirstRequest(a: Instance, b: Instance, { isBuilt = true } = {}): Promise<void> {
  for (const [path, name] of [['/stock', 'stock'], ['/items/6', 'item'], ['/isr/6', 'isr'], ['/remote', 'remote'], ['/data', 'tagged'], ['/data', 'kept'], ['/api/products/6', 'made']] as const) {
    const first = await settled(a, path, name)
    // It may be stored a moment behind the answer.
    await until(`the other shows the same ${name} on ${path}`, async () => (await stampOf(b, path, name)) === (await settled(a, path, name)))
    assert.equal(await stampOf(a, path, name), await stampOf(b, path, name))
    if (path === '/stock' && isBuilt) assert.equal(await stampOf(b, path, name), first, 'what the build has made')
  }
  for (const instance of [a, b]) {
    for (const path of ['/stock', '/isr/6', '/items/6']) await until(`${path} is stored`, async () => (await ask(instance.url + path)).cache === 'HIT')
    assert.equal((await ask(`${instance.url}/items/nobody`)).body.includes('There is no such page'), true)
    assert.equal((await ask(`${instance.url}/isr/nobody`)).status, 404)
    assert.equal((await ask(`${instance.url}/nowhere`)).status, 404)
  }
}

/** Many ask while a page is made anew; when it has been, it is fresh for all of them, and is not made again and again. */
export async function crowdSees(instance: Instance): Promise<void> {
  for (let id = 201; id < 221; id++) {
    const path = `/items/${id}`
    await until(`${path} is stored`, async () => (await ask(instance.url + path)).cache === 'HIT')
    const old = await stampOf(instance, path, 'item')
    await revalidate(instance.url, { tag: `item-${id}`, how: 'max' })
    await until(`${path} is made anew, and fresh`, async () => {
      const answers = await Promise.all(Array.from({ length: 4 }, () => ask(instance.url + path)))
      return answers.every(({ cache, stamps }) => cache === 'HIT' && stamps.get('item') !== old)
    })
  }
}

/** What is invalidated on one instance is so on the other. */
export async function revalidatesAcross(a: Instance, b: Instance, say: Say): Promise<void> {
  for (const how of ['now', 'max'] as const) {
    for (const [tag, path, name] of SHARED) {
      const old = await settled(a, path, name)
      await until(`both show the same ${name} on ${path}`, async () => (await stampOf(b, path, name)) === (await stampOf(a, path, name)))
      await revalidate(a.url, { tag, how })
      say(`revalidateTag('${tag}', ${how === 'now' ? '{ expire: 0 }' : "'max'"}), ${path}: both agree after ${(await agree(a, b, path, name, old)).toFixed(0)} ms`)
    }
  }
}

/** Whoever sees that a tag has expired has it made anew once, and not once on each instance and again. */
export async function updatesAcross(a: Instance, b: Instance, say: Say): Promise<void> {
  const path = '/notes'
  const old = await settled(a, path, 'note')
  const { body } = await submit(a.url + path, 'Save', { text: TEXT })
  assert.ok(body.includes(TEXT), 'whoever saves sees it at once')
  const began = performance.now()
  await until('the other shows what was saved', async () => (await ask(b.url + path)).body.includes(TEXT))
  say(`updateTag('notes'): the other shows it after ${(performance.now() - began).toFixed(0)} ms`)
  await agree(a, b, path, 'note', old)
}

const KEPT = [
  ['/stock', 'stock'],
  ['/items/7', 'item'],
  ['/isr/8', 'isr'],
  ['/remote', 'remote'],
  ['/data', 'tagged'],
  ['/data', 'kept'],
] as const

/** An instance that is started anew shows what the one before it has made, and not what the build had left. */
export async function survivesRestart(world: NextWorld): Promise<void> {
  const before = await world.start()
  await revalidate(before.url, { tag: 'stock', how: 'now' })
  const made = new Map<string, string>()
  for (const [path, name] of KEPT) made.set(name, await settled(before, path, name))
  await until('the page of the Pages Router is stored', async () => (await ask(`${before.url}/isr/8`)).cache === 'HIT')
  await before.stop()
  const after = await world.start()
  for (const [path, name] of KEPT) assert.equal(await stampOf(after, path, name), made.get(name), `${name} on ${path}`)
  assert.equal((await ask(`${after.url}/isr/8`)).cache, 'HIT')
  await after.stop()
}

const ALL = ['/', '/stock', '/board', '/clock', '/remote', '/items/1', '/items/7', '/data', '/picture', '/notes', '/isr', '/isr/1', '/api/feed', '/api/products/3', '/api/metrics', '/_next/image?url=%2Fpicture.png&w=640&q=75']

/** Everything answers, also what was never asked for before. How long the slowest took. */
export async function everythingAnswers(instance: Instance, fresh: string): Promise<number> {
  let slowest = 0
  for (const path of [...ALL, `/items/${fresh}`, `/isr/${fresh}`]) {
    const began = performance.now()
    const { status, body } = await ask(instance.url + path, { signal: AbortSignal.timeout(CAP_MS) })
    assert.equal(status, 200, `${path}: ${body}`)
    slowest = Math.max(slowest, performance.now() - began)
  }
  return slowest
}

/** Without Redis pages are rendered, and with it they are kept again, without anybody's help. */
export async function outlivesRedis(world: NextWorld, a: Instance, b: Instance, say: Say): Promise<void> {
  const { proxy } = world
  await settled(a, '/remote', 'remote')
  world.cutOff()
  say(`Redis refuses: the slowest answer took ${(await everythingAnswers(a, '101')).toFixed(0)} ms`)
  await proxy.accept()
  say(`Redis is back: both keep and share again after ${(await keepAgain(a, b)).toFixed(0)} ms`)
  proxy.freeze()
  say(`Redis hangs: the slowest answer took ${(await everythingAnswers(a, '102')).toFixed(0)} ms`)
  proxy.thaw()
  say(`Redis goes on: both keep and share again after ${(await keepAgain(a, b)).toFixed(0)} ms`)
}

/** What is made is stored, and given by both. */
async function keepAgain(a: Instance, b: Instance): Promise<number> {
  const began = performance.now()
  const path = `/isr/${Math.floor(Math.random() * 1e9)}`
  await until('a new page is kept', async () => (await ask(a.url + path)).cache === 'HIT')
  await agree(a, b, path, 'isr', '')
  await agree(a, b, '/remote', 'remote', '')
  return performance.now() - began
}

/** Whoever invalidates while Redis is away is heard by the others when it is back. */
export async function invalidatesWhileAway(world: NextWorld, a: Instance, b: Instance, say: Say): Promise<void> {
  const old = await settled(a, '/remote', 'remote')
  await until('both show the same', async () => (await stampOf(b, '/remote', 'remote')) === (await stampOf(a, '/remote', 'remote')))
  world.cutOff()
  await revalidate(a.url, { tag: 'remote', how: 'now' })
  assert.notEqual(await stampOf(a, '/remote', 'remote'), old, 'here it counts at once')
  await world.proxy.accept()
  say(`invalidated while Redis was away: both agree ${(await agree(a, b, '/remote', 'remote', old)).toFixed(0)} ms after it is back`)
}

/** What the build of before has left in Redis is not shown by the next one. `build` makes the next one. */
export async function buildsApart(world: NextWorld, build: () => Promise<unknown>): Promise<void> {
  const before = await world.start()
  for (const tag of ['stock', 'board', 'item-7']) await revalidate(before.url, { tag, how: 'now' })
  const olds: string[] = []
  const shown = [['/stock', 'stock'], ['/board', 'board'], ['/items/7', 'item'], ['/isr/1', 'isr'], ['/isr/8', 'isr'], ['/remote', 'remote']] as const
  for (const [path, name] of shown) olds.push(await settled(before, path, name))
  await before.stop()
  const began = Date.now()
  await build()
  const after = await world.start()
  for (const [i, [path, name]] of shown.entries()) {
    const stamp = await stampOf(after, path, name)
    assert.notEqual(stamp, olds[i], `${path} is of the build of before`)
    assert.ok(Date.parse(stamp.split('/')[0]!) >= began, `${path} shows ${stamp}, which is older than the build`)
  }
  await after.stop()
}
