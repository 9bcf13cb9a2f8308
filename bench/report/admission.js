'use strict'

// The picture of what a rate limit allowed: a column for each twentieth of a second, of what was allowed and what was refused, and a line of
// how many were allowed within the second before.

const { escape, text } = require('./svg')

const WIDTH = 760
const HEIGHT = 282
const LEFT = 44
const RIGHT = 24
const TOP = 76
const BOTTOM = 58
const MOST = 20
const COLUMN_MS = 50
const SECOND_MS = 1_000

const STYLE = `
  .card { fill: #ffffff; stroke: #d8dee4 }
  text { fill: #24292f; font: 12px -apple-system, 'Segoe UI', Ubuntu, Cantarell, 'Noto Sans', Arial, sans-serif }
  .title { font-size: 16px; font-weight: 600 }
  .quiet { fill: #656d76 }
  .end { text-anchor: end; fill: #656d76 }
  .middle { text-anchor: middle; fill: #656d76 }
  .allowed { fill: #2f6f9f }
  .refused { fill: #d3d9df }
  .within { fill: none; stroke: #b5402a; stroke-width: 2; stroke-linejoin: round }
  .limit { stroke: #24292f; stroke-width: 1; stroke-dasharray: 5 4 }
  .axis { stroke: #d8dee4 }
  @media (prefers-color-scheme: dark) {
    .card { fill: #161b22; stroke: #30363d }
    text { fill: #e6edf3 }
    .quiet, .end, .middle { fill: #9198a1 }
    .allowed { fill: #58a6d6 }
    .refused { fill: #3d4650 }
    .within { stroke: #ef7358 }
    .limit { stroke: #e6edf3 }
    .axis { stroke: #30363d }
  }`

/**
 * @param {{ title: string, said: string, asked: { atMs: number, allowed: boolean }[], limit: number, spanMs: number, server: string }} run
 */
function admission({ title, said, asked, limit, spanMs, server }) {
  const x = (ms) => round(LEFT + (ms / spanMs) * (WIDTH - LEFT - RIGHT))
  const y = (units) => round(HEIGHT - BOTTOM - (units / MOST) * (HEIGHT - TOP - BOTTOM))
  const steps = withinASecond(asked, spanMs)
  const most = Math.max(...steps.map(({ count }) => count))
  const allowed = asked.filter((one) => one.allowed).length
  const words = `${title}, ${said}: ${allowed} of ${asked.length} requests allowed, at most ${most} within one second`
  const parts = [
    text(LEFT - 24, 30, title, 'title'),
    text(LEFT - 24, 50, `${said} · ${allowed} of ${asked.length} allowed · at most ${most} within one second`, 'quiet'),
    ...legend(),
    ...axes(x, y, spanMs),
    ...columns(asked, x, y),
    `<line class="limit" x1="${x(0)}" x2="${x(spanMs)}" y1="${y(limit)}" y2="${y(limit)}"/>`,
    `<path class="within" d="M${x(0)} ${y(0)}${steps.map(({ atMs, count }) => `H${x(atMs)}V${y(count)}`).join('')}H${x(spanMs)}"/>`,
  ]
  return { words, svg: file(words, server, parts) }
}

/** How many were allowed within the second before, whenever that changes. */
function withinASecond(asked, spanMs) {
  const changes = asked.filter(({ allowed }) => allowed).flatMap(({ atMs }) => [{ atMs, by: 1 }, { atMs: atMs + SECOND_MS, by: -1 }])
  let count = 0
  const steps = changes.sort((a, b) => a.atMs - b.atMs).map(({ atMs, by }) => ({ atMs, count: (count += by) }))
  return steps.filter(({ atMs }) => atMs < spanMs)
}

/** What was refused stands on what was allowed. */
function columns(asked, x, y) {
  const found = new Map()
  for (const { atMs, allowed } of asked) {
    const column = Math.floor(atMs / COLUMN_MS)
    const counts = found.get(column) ?? { allowed: 0, refused: 0 }
    counts[allowed ? 'allowed' : 'refused']++
    found.set(column, counts)
  }
  const block = (kind, column, from, to) => {
    const left = x(column * COLUMN_MS) + 0.5
    return `<rect class="${kind}" x="${round(left)}" width="${round(x((column + 1) * COLUMN_MS) - left - 0.5)}" y="${y(to)}" height="${round(y(from) - y(to))}"/>`
  }
  return [...found].flatMap(([column, { allowed, refused }]) => [
    ...(allowed > 0 ? [block('allowed', column, 0, allowed)] : []),
    ...(refused > 0 ? [block('refused', column, allowed, allowed + refused)] : []),
  ])
}

function axes(x, y, spanMs) {
  const parts = [`<line class="axis" x1="${x(0)}" x2="${x(spanMs)}" y1="${y(0)}" y2="${y(0)}"/>`]
  for (let ms = 0; ms <= spanMs; ms += SECOND_MS) {
    parts.push(`<line class="axis" x1="${x(ms)}" x2="${x(ms)}" y1="${y(0)}" y2="${y(0) + 5}"/>`, text(x(ms), y(0) + 20, `${ms / SECOND_MS} s`, 'middle'))
  }
  for (const units of [0, MOST / 2, MOST]) parts.push(text(LEFT - 8, y(units) + 4, String(units), 'end'))
  return parts
}

function legend() {
  const kinds = [
    ['allowed', 'allowed'],
    ['refused', 'refused'],
    ['within', 'allowed within the second before'],
    ['limit', 'the limit'],
  ]
  const widths = [92, 92, 252, 0]
  let at = LEFT
  return kinds.flatMap(([kind, words], i) => {
    const isLine = kind === 'within' || kind === 'limit'
    const [left, top] = [at, HEIGHT - 17]
    at += widths[i]
    const mark = isLine
      ? `<path class="${kind}" d="M${left} ${top}h20"/>`
      : `<rect class="${kind}" x="${left + 6}" y="${top - 6}" width="12" height="12"/>`
    return [mark, text(left + 26, top + 4, words, 'quiet')]
  })
}

function file(words, server, parts) {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img">
<title>${escape(words)}</title>
<desc>Drawn from a run over ${escape(server)} by bench/limit-pictures.js.</desc>
<style>${STYLE}
</style>
<rect class="card" x="0.5" y="0.5" width="${WIDTH - 1}" height="${HEIGHT - 1}" rx="10"/>
${parts.join('\n')}
</svg>
`
}

function round(number) {
  return Math.round(number * 10) / 10
}

module.exports = { admission }
