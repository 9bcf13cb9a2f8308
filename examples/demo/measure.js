'use strict'

const { takeCensus } = require('./census')
const { takeInventory } = require('./inventory')
const { sendLoad } = require('./load')
const { makeRequests } = require('./traffic')
const { verify } = require('./verify')
const { takeVisits } = require('./visits')

const connections = 32
const seed = 20260101
/** Two without a key from an address each, and two who share a key. */
const visitors = [
  { 'X-Forwarded-For': '203.0.113.1' },
  { 'X-Forwarded-For': '203.0.113.2' },
  { 'X-Forwarded-For': '203.0.113.3', 'X-Api-Key': 'demo-free' },
  { 'X-Forwarded-For': '203.0.113.4', 'X-Api-Key': 'demo-free' },
]

/** Runs the whole measurement against a started demo and gives the figures for the report. */
async function measure(demo, { seconds, step }) {
  const requests = makeRequests(demo.cities, seed)
  const paths = requests.map(({ path }) => path)
  const load = async (what, options) => {
    step(what)
    const result = await sendLoad({ port: demo.port, paths, seed, ...options })
    if (result.failures.length) throw new Error(`a request failed: ${result.failures[0]}`)
    for (const [name, { tally }] of demo.stores) {
      if (tally.cacheErrors) throw new Error(`the cache could not be used ${tally.cacheErrors} times by ${name}`)
    }
    return result
  }

  const some = someOfEach(requests, Math.max(3, Math.min(15, Math.round(seconds * 3))))
  await load('warming up the compiler', { paths: some.slice(0, 12), connections: 1, direct: true })
  await demo.clear()
  const costs = loadCosts(demo.stores)
  const cold = await load(`${some.length} different requests, one at a time, with an empty cache`, { paths: some, connections: 1 })
  const costOf = costs()
  const warm = await load('the same again, from the cache', { paths: some, connections: 1 })

  await demo.clear()
  const crowd = await load(`${connections} visitors for ${seconds} s, with an empty cache to begin with`, { connections, seconds })
  const holds = await takeInventory(demo.redis, demo.prefix)
  const without = await load('the same visitors without the cache', { connections, seconds: Math.max(0.5, seconds * 0.4), direct: true })

  await demo.limits.restart(visitors)
  const before = demo.limits.report()
  const cheap = paths.filter((_, i) => requests[i].kind === 'city').slice(0, 4)
  const greedy = await load('visitors without patience, for the limits', { paths: cheap, connections: 2 * visitors.length, seconds: 1.5, visitors })
  const limits = since(before, demo.limits.report())

  step('two processes count under one lock, die with it, and come too late')
  const census = await takeCensus(demo, seed)

  step('people log in, read, and log out while a slow request is under way')
  const visits = await takeVisits(demo)

  step('comparing cached answers with the data set')
  const sample = requests.filter((_, i) => i % 4 === 0)
  const checked = { answers: sample.length, cached: await verify(demo.url, sample) }
  const more = { greedy, limits, census, visits, example: await example(demo, holds) }
  return { requests, cold, warm, crowd, without, holds, checked, costOf, connections, ...more }
}

/** The paths of the `count` most popular requests of each kind, the kinds in turn. */
function someOfEach(requests, count) {
  const kinds = new Map()
  for (const { kind, path } of requests) kinds.set(kind, [...(kinds.get(kind) ?? []), path])
  return Array.from({ length: count }, (_, i) => [...kinds.values()].map((paths) => paths[i])).flat()
}

/** From now on until the function it gives is called: the CPU time of one load of each route, in ms. */
function loadCosts(stores) {
  const before = new Map([...stores].map(([name, { tally }]) => [name, { ...tally }]))
  return () => {
    const costOf = {}
    for (const [name, { tally }] of stores) {
      const { loads, loadCpuMs } = before.get(name)
      costOf[name] = (tally.loadCpuMs - loadCpuMs) / Math.max(1, tally.loads - loads)
    }
    return costOf
  }
}

/** What the limiter counted between two reports; those of policies begin anew with `restart`. */
function since(before, { policies, ...after }) {
  return { policies, ...Object.fromEntries(Object.entries(after).map(([name, count]) => [name, count - before[name]])) }
}

/** One entry as it lies in Redis: plain JSON, readable by any other program. */
async function example({ redis, prefix }, { samples }) {
  const { key } = samples.find((sample) => sample.key.startsWith(`${prefix}:city:`)) ?? samples[0]
  return { key, value: String(await redis.command('GET', key)) }
}

module.exports = { measure }
