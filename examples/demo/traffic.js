'use strict'

const { fold } = require('./text')

// What people ask, as a list of different requests. Each knows its path and how to compute its answer directly,
// so that answers from the cache can be checked against the data set.

/** A small seeded generator (xorshift32), so that each run asks the same: numbers from 0 up to 1. */
function randomFrom(seed) {
  let state = seed >>> 0 || 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}

/** How likely a kind of request is to be among the popular ones. */
const popularity = { search: 4, city: 3, near: 2, country: 1 }

/** Different requests in random order; the first will be the most popular. */
function makeRequests(cities, seed) {
  const random = randomFrom(seed)
  const biggest = cities.biggest(400)
  const requests = [
    ...typed(biggest.slice(0, 30)).map((query) => search(cities, query)),
    ...cities.countries().slice(0, 25).map((code) => country(cities, code)),
    ...biggest.slice(0, 40).map(({ lat, lon }) => near(cities, lat, lon)),
    ...biggest.filter((_, i) => i % 10 === 0).map(({ id }) => city(cities, id)),
  ]
  const ranked = requests.map((request) => ({ request, rank: random() / popularity[request.kind] }))
  return ranked.sort((a, b) => a.rank - b.rank).map(({ request }) => request)
}

/** What a search box sends while a name is typed: its first three letters, then all of it. */
function typed(cities) {
  return [...new Set(cities.flatMap(({ name }) => [fold(name).slice(0, 3), name]))]
}

function search(cities, query) {
  return {
    kind: 'search',
    path: `/cities/search?q=${encodeURIComponent(query)}&limit=10`,
    direct: () => cities.search(query, 10),
  }
}

function country(cities, code) {
  return { kind: 'country', path: `/countries/${code}/cities?limit=20`, direct: () => cities.inCountry(code, 20) }
}

function near(cities, exactLat, exactLon) {
  const [lat, lon] = [exactLat, exactLon].map((degrees) => Number(degrees.toFixed(2)))
  return {
    kind: 'near',
    path: `/cities/near?lat=${lat}&lon=${lon}&km=100`,
    direct: () => cities.near(lat, lon, 100, 10),
  }
}

function city(cities, id) {
  return { kind: 'city', path: `/cities/${id}`, direct: () => cities.profile(id) }
}

/**
 * A generator of ranks from 0 to `count` - 1 after Zipf's law: rank r comes up in proportion to 1 / (r + 1).
 * Page views, search terms and names follow it closely.
 */
function zipf(count, random) {
  const sums = []
  let sum = 0
  for (let rank = 1; rank <= count; rank++) sums.push((sum += 1 / rank))
  return () => {
    const target = random() * sum
    let [low, high] = [0, count - 1]
    while (low < high) {
      const middle = (low + high) >> 1
      if (sums[middle] > target) high = middle
      else low = middle + 1
    }
    return low
  }
}

module.exports = { randomFrom, makeRequests, zipf }
