'use strict'

const { randomUUID } = require('node:crypto')
const http = require('node:http')
const { performance } = require('node:perf_hooks')
const { outcomeOf } = require('./pages')
const { Visitor } = require('./visitor')

// People log in, each in two browsers, read public pages and their own at once, and log out in the ways that go wrong elsewhere. Whatever they are shown is
// held against who they are.

const people = 6
const rounds = 3
const guides = ['FR', 'JP', 'BR', 'NG', 'IN', 'US', 'DE', 'MX', 'EG', 'NZ'].map((code) => `/guides/${code}`)

/** @returns {Promise<object>} the figures for the report; throws where somebody was shown what is not for them, or a log-out did not hold */
async function takeVisits({ port, cities }) {
  const agent = new http.Agent({ keepAlive: true })
  const begun = performance.now()
  try {
    const kept = cities.biggest(people)
    const all = await Promise.all(kept.map((city) => arrive(() => new Visitor(port, agent), city)))
    const seen = { guides: { HIT: 0, SHARED: 0, MISS: 0, BYPASS: 0 }, own: 0, texts: new Map() }
    for (let round = 0; round < rounds; round++) await Promise.all(all.flatMap((person) => person.browsers.map((browser) => read(browser, person, all, seen))))
    await Promise.all(all.map(leave))
    const seconds = (performance.now() - begun) / 1000
    return { people, logins: 3 * people, seconds, guides: seen.guides, own: seen.own }
  } finally {
    agent.destroy()
  }
}

/** Signs up in one browser, logs in in another, and keeps a city in both. */
async function arrive(newBrowser, city) {
  const person = { name: randomUUID(), password: randomUUID(), city, browsers: [newBrowser(), newBrowser()] }
  for (const [i, browser] of person.browsers.entries()) await enter(browser, person, i === 0 ? 'signup' : 'login')
  return person
}

async function enter(browser, { name, password, city }, how) {
  for (const { status, headers } of [await browser.post(`/account/${how}`, { name, password }), await browser.post('/account/cities', { id: city.id })]) {
    if (status !== 303 || headers.location !== '/account') throw new Error(`somebody could not get in (${how}): status ${status}`)
  }
}

/** All guides and the own page, at once. */
async function read(browser, me, all, seen) {
  const [own, ...pages] = await Promise.all(['/account', ...guides].map((path) => browser.get(path)))
  const others = all.filter((person) => person !== me)
  if (!shows(own, me) || others.some((other) => shows(own, other))) throw new Error('somebody was not shown their own page')
  seen.own++
  for (const [i, page] of pages.entries()) {
    const text = seen.texts.get(guides[i]) ?? page.text
    seen.texts.set(guides[i], text)
    if (page.status !== 200 || page.text !== text || page.headers['set-cookie'] || all.some(({ name }) => text.includes(name))) throw new Error(`${guides[i]} was not the same for all`)
    seen.guides[outcomeOf(page.headers['cache-status'])]++
  }
}

function shows({ status, text }, { name, city }) {
  return status === 200 && text.includes(name) && text.includes(`<td>${city.name}</td>`)
}

/** Logs out of one browser while a slow request of it is under way, comes back, and logs out everywhere from the other. */
async function leave(me) {
  const [one, other] = me.browsers
  const before = one.cookie
  const slow = await one.postSlowly('/account/cities', { id: me.city.id }, () => one.post('/account/logout'))
  if (slow.headers.location !== '/account') throw new Error('the slow request was not under way when its user logged out')
  for (const cookie of [before, one.cookie]) {
    one.cookie = cookie
    if (await isIn(one)) throw new Error('a slow request undid a log-out')
  }
  if (!(await isIn(other))) throw new Error('a log-out ended the session of another browser')
  await enter(one, me, 'login')
  await other.post('/account/logout-everywhere')
  for (const browser of me.browsers) if (await isIn(browser)) throw new Error('a session outlived "log out everywhere"')
}

async function isIn(browser) {
  return (await browser.get('/account')).status === 200
}

module.exports = { takeVisits }
