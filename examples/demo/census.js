'use strict'

const { fork } = require('node:child_process')
const path = require('node:path')
const { performance } = require('node:perf_hooks')
const { randomFrom } = require('./traffic')

// Two processes count the people of a country: a record in Redis, to which each adds one place after the other under a lock. They die with the lock in
// their hand and are started again, and one is stopped until another holds its lock. What came out is held against the data set.

const country = 'DK'
/** Of the lock: who dies with it keeps the other waiting no longer. */
const ttlMs = 250
const hows = ['exit', 'SIGKILL']
/** What a process that dies has done before: read the record, written it, or told of it too. */
const points = ['read', 'written', 'told']
/** After so many steps of its life a process does what it is ordered to. */
const steps = { least: 2, most: 9 }
const canStop = process.platform !== 'win32'

/** @returns {Promise<object>} the figures for the report; throws where an update was lost, or a late one was not refused */
async function takeCensus({ redis, cities, address, prefix }, seed) {
  const { cities: places, population } = cities.inCountry(country, Infinity)
  const key = `${prefix}:census:${country}`
  const census = new Census({ url: address, prefix: `${prefix}-lock`, key, ttlMs, places }, ordersOf(randomFrom(seed)))
  const remove = () => redis.command('UNLINK', key, `fence:{${key}}`)
  await remove()
  try {
    const begun = performance.now()
    await census.run()
    const seconds = (performance.now() - begun) / 1000
    const record = JSON.parse(await redis.command('GET', key))
    return { country, ttlMs, seconds, record, ...checked(census, record, { places: places.length, population }) }
  } finally {
    census.stop()
    await remove()
  }
}

/** One for each life of a process, until there are no more: the first stands still, the others die, at each point by each way. */
function ordersOf(random) {
  const deaths = points.flatMap((at) => hows.map((how) => ({ deed: 'die', at, how })))
  const shuffled = deaths.map((order) => ({ order, rank: random() })).sort((a, b) => a.rank - b.rank).map(({ order }) => order)
  const orders = [{ deed: 'stand still', at: 'read' }, ...shuffled]
  return orders.map((order) => ({ ...order, step: steps.least + Math.floor(random() * (steps.most - steps.least)) }))
}

class Census {
  #work
  #orders
  #running = new Set()
  /** Of the first two, who begin together; `null` once they have. */
  #ready = []
  /** The process that is stopped, and the token of its lock. */
  #stopped
  told = []
  untold = []
  deaths = []
  late

  constructor(work, orders) {
    this.#work = work
    this.#orders = orders
  }

  run() {
    return Promise.all([this.#live(), this.#live()])
  }

  /** One process, and whatever comes after its death. */
  async #live() {
    for (let isDone = false; !isDone; ) isDone = await this.#oneLife(this.#orders.shift() ?? {})
  }

  /** Whether all was counted when it ended. */
  #oneLife(order) {
    const child = fork(path.join(__dirname, 'counter.js'), { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
    this.#running.add(child)
    return new Promise((resolve, reject) => {
      let died = false
      child.on('message', (words) => {
        died ||= words.died !== undefined
        this.#hear(child, words, order)
      })
      child.once('error', reject)
      child.once('exit', (code, signal) => {
        this.#running.delete(child)
        if (died || code === 0) resolve(!died)
        else reject(new Error(`a process that counts ended by itself (${signal ?? code})`))
      })
      child.send({ ...this.#work, order })
    })
  }

  #hear(child, { ready, told, untold, token, died, standing, late }, { how }) {
    if (ready) this.#begin(child)
    if (told !== undefined) this.told.push(told)
    if (untold !== undefined) this.untold.push(untold)
    if (died !== undefined) this.deaths.push({ at: died, how })
    if (late !== undefined) Object.assign(this.late, late)
    if (standing !== undefined) {
      if (canStop) child.kill('SIGSTOP')
      this.#stopped = { child, token: standing, since: performance.now() }
    } else if (token > this.#stopped?.token) this.#goOn(token)
  }

  #begin(child) {
    if (this.#ready === null) return void child.send('begin')
    this.#ready.push(child)
    if (this.#ready.length < 2) return
    for (const one of this.#ready) one.send('begin')
    this.#ready = null
  }

  /** Another has written meanwhile, with a lock of its own. */
  #goOn(newerToken) {
    const { child, since } = this.#stopped
    this.#stopped = undefined
    this.late = { newerToken, stoodMs: performance.now() - since }
    child.send('go on')
    if (canStop) child.kill('SIGCONT')
  }

  stop() {
    for (const child of this.#running) child.kill('SIGKILL')
  }
}

function checked({ told, untold, deaths, late }, record, { places, population }) {
  const once = new Set(told)
  const nobodyKnew = Array.from({ length: places }, (_, i) => i + 1).filter((place) => !once.has(place))
  const isWhole = once.size === told.length && nobodyKnew.every((place) => untold.includes(place))
  if (!isWhole || record.counted !== places || record.people !== population) {
    throw new Error(`an update was lost: ${told.length} were told of, ${untold.length} were not, ${record.counted} of ${places} are in Redis`)
  }
  if (late === undefined || late.written !== false || late.valid !== false) throw new Error('a write that came too late was not refused')
  return { told: told.length, untold: nobodyKnew.length, deaths, late }
}

module.exports = { takeCensus }
