'use strict'

const { bold, bytes, cyan, dim, green, ms, percent, span, table, times, whole, yellow } = require('./print')
const { censusLines } = require('./report-census')
const { visitLines } = require('./report-visits')

/** The value below which a share of the sorted values lies (nearest rank). */
function quantile(sorted, share) {
  return sorted.length ? sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] : NaN
}

function latency({ answers }) {
  const sorted = answers.map((answer) => answer.ms).sort((a, b) => a - b)
  return { p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99) }
}

/** Counts of each outcome, for all and for each route. */
function outcomes({ requests, crowd }) {
  const zero = () => ({ requests: 0, HIT: 0, MISS: 0, SHARED: 0 })
  const all = zero()
  const routes = {}
  for (const { path, outcome } of crowd.answers) {
    const route = (routes[requests[path].kind] ??= zero())
    for (const counts of [all, route]) {
      counts.requests++
      counts[outcome]++
    }
  }
  return { all, routes }
}

/** The measured figures as a text to print. */
function report(demo, figures) {
  const { cold, warm, crowd, without, holds, checked, costOf, connections, example, greedy, limits, census, visits } = figures
  const { all, routes } = outcomes(figures)
  const single = { cold: latency(cold), warm: latency(warm) }
  const many = { crowd: latency(crowd), without: latency(without) }
  const rate = crowd.answers.length / crowd.seconds
  const rateWithout = without.answers.length / without.seconds
  const savedSeconds = Object.entries(routes).reduce((sum, [name, { HIT, SHARED }]) => sum + ((HIT + SHARED) * costOf[name]) / 1000, 0)
  const bar = Math.round((all.HIT / all.requests) * 50)
  const { product, version } = demo.redis.server

  return [
    '',
    `  ${bold('Redwright demo')}  ${dim(`${whole(demo.cities.size)} cities · ${demo.where} · ${product} ${version}`)}`,
    '',
    `  ${bold('One at a time')}  ${dim(`${cold.answers.length} different requests over HTTP`)}`,
    ...table([
      { cells: ['', 'p50', 'p99'], style: dim },
      { cells: ['cold: searched in the data set', ms(single.cold.p50), ms(single.cold.p99)], style: yellow },
      { cells: ['warm: found in the cache', ms(single.warm.p50), ms(single.warm.p99)], style: green },
    ]),
    `    ${bold(times(single.cold.p50 / single.warm.p50))} faster at the median`,
    '',
    `  ${bold('A crowd')}  ${dim(`${connections} visitors at once who ask after Zipf's law, from an empty cache on`)}`,
    ...table([
      { cells: ['', 'requests', 'requests/s', 'p50', 'p99'], style: dim },
      { cells: ['with the cache', whole(all.requests), whole(rate), ms(many.crowd.p50), ms(many.crowd.p99)], style: green },
      { cells: ['without it', whole(without.answers.length), whole(rateWithout), ms(many.without.p50), ms(many.without.p99)], style: yellow },
    ]),
    `    ${bold(times(rate / rateWithout))} the requests per second`,
    '',
    `  ${bold('Where the answers came from')}`,
    ...table([
      { cells: ['', 'requests', 'hits', 'shared', 'loads', 'hit ratio', 'CPU a load'], style: dim },
      ...Object.entries(routes).map(([name, counts]) => ({ cells: [name, ...row(counts), ms(costOf[name])] })),
      { cells: ['all', ...row(all), ''], style: bold },
    ]),
    `    ${green('█'.repeat(bar))}${yellow('░'.repeat(50 - bar))} ${percent(all.HIT / all.requests)} hits`,
    `    loads saved      ${bold(whole(all.HIT + all.SHARED))}: ${whole(all.HIT)} by the cache, ${whole(all.SHARED)} by single flight`,
    `    searching saved  about ${bold(span(savedSeconds))} of CPU time in ${span(crowd.seconds)} ${dim('(loads saved × the CPU time of one)')}`,
    '',
    `  ${bold('What was limited')}  ${dim(`four visitors who ask as fast as they can for ${span(greedy.seconds)}: two by their IP, two by one API key`)}`,
    ...table([
      { cells: ['policy', 'limit', 'allowed', 'limited by it'], style: dim },
      ...Object.entries(limits.policies).map(([name, { limit, period, allowed, limited }]) => ({
        cells: [name, `${whole(limit)} in ${period}`, whole(allowed), whole(limited)],
      })),
      { cells: ['all requests', '', whole(limits.allowed), whole(limits.limited)], style: bold },
    ]),
    `    ${percent(limits.remembered / Math.max(1, limits.limited))} of what was limited was answered from memory, without asking Redis`,
    '',
    ...censusLines(census),
    ...visitLines(visits),
    `  ${bold('What the cache holds')}  ${dim(`${whole(holds.keys)} keys, ${bytes(holds.bytes)}${holds.complete ? '' : ' (of the part that was looked at)'}`)}`,
    ...table([
      { cells: ['key', 'size', 'expires in'], style: dim },
      ...holds.samples.map(({ key, bytes: size, ttlMs }) => ({ cells: [shorten(key, 52), bytes(size), span(ttlMs / 1000)] })),
    ]),
    `    ${dim('plain JSON, so any other program can read it:')}`,
    `    ${cyan(example.key)}`,
    `    ${shorten(example.value, 100)}`,
    '',
    `  ${green('✓')} ${checked.answers} answers, ${checked.cached} of them from the cache, equal the ones computed directly from the data set`,
    '',
  ].join('\n')
}

function row(counts) {
  return [whole(counts.requests), whole(counts.HIT), whole(counts.SHARED), whole(counts.MISS), percent(counts.HIT / counts.requests)]
}

function shorten(text, length) {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`
}

module.exports = { report, quantile }
