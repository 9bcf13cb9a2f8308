import { Journal, type Row } from './next-journal'
import { ask, askPrefetch, askRsc, revalidate, submit, timeOf, type Answer } from './next-page'
import { until } from './until'

const IMAGE = '/_next/image?url=%2Fpicture.png&w=640&q=75'

/** What is invalidated by tag: the tag, a page that shows it, the stamp on it. */
const TAGGED = [
  ['stock', '/stock', 'stock'],
  ['board', '/board', 'board'],
  ['feed', '/api/feed', 'made'],
  ['item-1', '/items/1', 'item'],
  ['item-7', '/items/7', 'item'],
  ['remote', '/remote', 'remote'],
  ['origin', '/data', 'tagged'],
  ['kept', '/data', 'kept'],
] as const

const BY_PATH = [
  ['/stock', 'stock'],
  ['/board', 'board'],
  ['/api/feed', 'made'],
  ['/items/7', 'item'],
  ['/isr/1', 'isr'],
  ['/remote', 'remote'],
  ['/data', 'kept'],
] as const

const TIMED = [
  ['/clock', 'clock', 3],
  ['/isr', 'isr', 3],
  ['/remote', 'brief', 3],
  ['/data', 'timed', 3],
] as const

/** Everything that Next.js caches, once through: the same steps whatever its cache is. */
export async function walk(url: string, journal = new Journal(url)): Promise<Row[]> {
  await firstRequests(journal)
  await onDemand(journal)
  await navigation(journal)
  await byTagLater(journal)
  await byTagNow(journal)
  await byPath(journal)
  await byAction(journal)
  await byApi(journal)
  await byTime(journal)
  await routeHandler(journal)
  return journal.rows
}

async function firstRequests(journal: Journal): Promise<void> {
  const pages = [['/'], ['/stock', 'stock'], ['/board', 'board', 'own'], ['/api/feed', 'made'], ['/items/1', 'item'], ['/notes', 'note'], ['/isr/1', 'isr'], ['/picture'], ['/nowhere']] as const
  for (const [path, ...names] of pages) {
    const { control, type } = await journal.once('first request', path, names)
    journal.note(`${path}: header fields`, `${type}; ${control}`)
    await journal.once('second request', path, names)
  }
  for (const [path, ...names] of [['/remote', 'remote', 'brief', 'own'], ['/data', 'tagged', 'timed', 'kept', 'own']] as const) {
    await journal.once('first request', path, names)
    // Of what lives for seconds a slow machine knows nothing here.
    await journal.once('second request', path, names.filter((name) => name !== 'brief' && name !== 'timed'))
  }
  const image = await journal.once('first request', IMAGE)
  const again = await journal.once('second request', IMAGE)
  journal.note('the image', `${image.type}, ${again.body === image.body ? 'the same again' : 'another'}, ${again.control}`)
}

/** Pages that the build has not made. */
async function onDemand(journal: Journal): Promise<void> {
  await journal.once('first request', '/isr/8', ['isr'])
  await journal.once('second request', '/isr/8', ['isr'])
  for (const path of ['/isr/none', '/items/none', '/items/7'])
    for (const step of ['first request', 'later']) {
      const names = path === '/items/7' ? ['item'] : []
      // Of the App Router, the first one gets a page whose end is made while it is sent; that it is stored is seen by its header.
      if (step === 'later') await until(`${path} is stored`, async () => (await ask(journal.url + path)).cache === 'HIT')
      const answer = await journal.once(step, path, names)
      if (step === 'later') journal.note(`${path}: header fields`, answer.control)
    }
}

async function navigation(journal: Journal): Promise<void> {
  for (const [path, name] of [['/stock', 'stock'], ['/items/7', 'item'], ['/board', 'board'], ['/notes', 'note']] as const) {
    await journal.once('as navigation', path, [name], askRsc)
    const { type, headers, body } = await journal.once('ahead', path, [], askPrefetch)
    journal.note(`${path}: what came ahead`, `${type}, postponed ${headers.get('x-nextjs-postponed')}, ${body.length > 0 ? 'a body' : 'no body'}`)
  }
}

async function byTagLater(journal: Journal): Promise<void> {
  for (const [tag, path, name] of TAGGED) {
    await revalidate(journal.url, { tag, how: 'max' })
    await journal.once(`after revalidateTag('${tag}', 'max')`, path, [name])
    await journal.settles(path, name)
    if (path === '/stock') await journal.once('as navigation, after that', path, [name], askRsc)
  }
}

async function byTagNow(journal: Journal): Promise<void> {
  for (const [tag, path, name] of TAGGED) {
    await revalidate(journal.url, { tag, how: 'now' })
    await journal.once(`after revalidateTag('${tag}', { expire: 0 })`, path, [name])
    await steady(journal, path, name)
    if (path === '/stock') await journal.once('as navigation, after that', path, [name], askRsc)
  }
}

async function byPath(journal: Journal): Promise<void> {
  for (const [path, name] of BY_PATH) {
    await revalidate(journal.url, { path })
    await journal.once('after revalidatePath', path, [name])
    await steady(journal, path, name)
  }
}

async function byAction(journal: Journal): Promise<void> {
  const path = '/notes'
  const { url } = journal
  const text = 'Salt and pepper'
  const act = async (button: string, step: string, fields?: Record<string, string>): Promise<Answer> => {
    const answer = await submit(url + path, button, fields)
    journal.write(step, path, answer, ['note'])
    return answer
  }
  const saved = await act('Save', 'what updateTag answers', { text })
  const shown = await journal.once('after updateTag', path, ['note'])
  journal.note('the text after updateTag', [saved, shown].map(({ body }) => (body.includes(text) ? 'new' : 'old')).join(', '))
  await act('later', "what revalidateTag 'max' answers")
  await journal.settles(path, 'note')
  await act('revalidatePath', 'what revalidatePath answers')
  await journal.once('after revalidatePath', path, ['note'])
}

async function byApi(journal: Journal): Promise<void> {
  const { status } = await ask(`${journal.url}/api/isr?path=/isr/1`, { method: 'POST' })
  journal.note('res.revalidate', String(status))
  await journal.once('after res.revalidate', '/isr/1', ['isr'])
}

async function byTime(journal: Journal): Promise<void> {
  for (const [path, name, seconds] of TIMED) {
    let stamp: string | undefined
    await until(`${path} has been made by this instance`, async () => {
      stamp = (await ask(journal.url + path)).stamps.get(name)
      return stamp !== undefined && Date.now() - timeOf(stamp) < seconds * 1000
    })
    // A second longer, since two requests may each have had it made anew, one a moment after the other.
    await until('its time is over', () => Date.now() - timeOf(stamp!) > seconds * 1000 + 1000)
    const asked = Date.now()
    const { stamps, status, cache } = await ask(journal.url + path)
    const given = stamps.get(name)!
    journal.note(`${path}: ${name} after its time`, `${status} ${cache} ${timeOf(given) < asked ? 'made before' : 'made for this request'}`)
    await until(`${path} is made anew behind that`, async () => timeOf((await ask(journal.url + path)).stamps.get(name)!) >= asked)
    journal.note(`${path}: ${name} behind that`, 'new')
  }
}

async function routeHandler(journal: Journal): Promise<void> {
  const path = '/api/products/5'
  // Of whoever was there before, over the same Redis.
  await ask(journal.url + path, { method: 'DELETE' })
  const { headers } = await journal.once('first request', path, ['made'])
  const again = await journal.once('second request', path, ['made'])
  journal.note(`${path}: X-Cache`, `${headers.get('x-cache')}, ${again.headers.get('x-cache')}`)
  await ask(journal.url + path, { method: 'DELETE' })
  await journal.once('after invalidateByTag', path, ['made'])
  let refused: Answer | undefined
  for (let i = 0; i < 60 && refused?.status !== 429; i++) refused = await ask(journal.url + path, { headers: { 'X-Api-Key': 'eager' } })
  journal.note(`${path}: above the limit`, `${refused!.status} ${refused!.type}`)
}

/**
 * Until it stays as it is. What is shown first is told to the cache behind the answer, so that whoever comes in between may have it made once more: that tells
 * nothing of a cache.
 */
async function steady(journal: Journal, path: string, name: string): Promise<void> {
  let last: string | undefined
  await until(`${path} stays`, async () => {
    const { stamps, cache } = await ask(journal.url + path)
    const stamp = stamps.get(name)
    const stays = stamp === last && (cache === 'HIT' || cache === '-')
    last = stamp
    return stays
  })
  journal.remember(path, name, last!)
  await journal.once('then', path, [name])
}
