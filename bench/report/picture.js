'use strict'

const { contenderNames, OURS } = require('../contenders')
const { bars } = require('./bars')
const { sizeName } = require('./format')
const { escape, text } = require('./svg')

const SIZE = 400
const INFLIGHT = 64
const SECTIONS = [
  { row: 'get', title: 'Plain string' },
  { row: 'getJson', title: 'JSON, parsed' },
]
const COLUMNS = [
  { metric: 'mainUs', title: 'Main thread, µs an operation', hint: 'shorter is better', digits: 1 },
  { metric: 'throughput', title: 'Throughput, thousand operations a second', hint: 'longer is better', scale: 1 / 1_000, digits: 0 },
]

const WIDTH = 880
const MARGIN = 32
const NAMES = 124
const GAP = 28
const HEADER = 118
const SECTION_HEAD = 30
const SECTION_GAP = 22
const FOOTER = 40

const STYLE = `
  .card { fill: #ffffff; stroke: #d8dee4 }
  text { fill: #24292f; font: 13px -apple-system, 'Segoe UI', Ubuntu, Cantarell, 'Noto Sans', Arial, sans-serif }
  .title { font-size: 19px; font-weight: 600 }
  .quiet { fill: #656d76; font-size: 12px }
  .column { font-weight: 600 }
  .section { font-size: 14px; font-weight: 600 }
  .value { font-variant-numeric: tabular-nums }
  .bar { fill: #c3ccd5 }
  .line { stroke: #d8dee4 }
  .ours.bar { fill: #b5402a }
  .ours { font-weight: 600 }
  @media (prefers-color-scheme: dark) {
    .card { fill: #161b22; stroke: #30363d }
    text { fill: #e6edf3 }
    .quiet { fill: #9198a1 }
    .bar { fill: #48515c }
    .line { stroke: #30363d }
    .ours.bar { fill: #ef7358 }
  }`

/** The picture of a run: main-thread time and throughput of everyone, as one SVG file. `null` where its cells were not measured. */
function picture(run) {
  const sections = SECTIONS.map(({ row, title }) => ({ title, entries: entriesOf(run.cells, row) })).filter(({ entries }) => entries.length > 0)
  if (sections.length === 0) return null

  const columnWidth = (WIDTH - 2 * MARGIN - NAMES - GAP) / COLUMNS.length
  const columnX = (n) => MARGIN + NAMES + n * (columnWidth + GAP)
  const parts = [...heading(run, columnX)]
  let y = HEADER
  for (const { title, entries } of sections) {
    parts.push(text(MARGIN, y + 18, title, 'section'))
    parts.push(`<line class="line" x1="${MARGIN}" x2="${WIDTH - MARGIN}" y1="${y - 2}" y2="${y - 2}"/>`)
    y += SECTION_HEAD
    const drawn = bars(entries, COLUMNS, { y, namesX: MARGIN, columnX, columnWidth })
    parts.push(...drawn.parts)
    y += drawn.height + SECTION_GAP
  }
  parts.push(text(MARGIN, y + 4, `× is the ratio to ioredis in the same round, the median of ${run.settings.rounds} rounds. Every figure: npm run bench`, 'quiet'))
  return file(y + FOOTER - SECTION_GAP, parts, sections)
}

function entriesOf(cells, row) {
  const cell = cells.find((one) => one.row === row && one.size === SIZE && one.inflight === INFLIGHT)
  if (!cell) return []
  return contenderNames
    .filter((name) => cell.contenders[name] && !cell.contenders[name].error)
    .map((name) => ({ name, ours: name === OURS, baseline: name === cell.baseline, ...cell.contenders[name] }))
}

function heading({ node, server, machine, date }, columnX) {
  const where = [`Node ${node.slice(1)}`, server, `${machine.cpu}, ${machine.cores} cores`, date.slice(0, 10)]
  return [
    text(MARGIN, 42, `GET of ${sizeName(SIZE)}, ${INFLIGHT} in flight`, 'title'),
    text(MARGIN, 64, where.join(' · '), 'quiet'),
    ...COLUMNS.flatMap(({ title, hint }, n) => [text(columnX(n), 92, title, 'column'), text(columnX(n), 107, hint, 'quiet')]),
  ]
}

function file(height, parts, sections) {
  const spoken = sections.map(({ title, entries }) => `${title}: ${entries.map(({ name, median }) => `${name} ${median.mainUs.toFixed(1)} µs`).join(', ')}`)
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img">
<title>Main-thread time and throughput of Redis clients for Node.js</title>
<desc>${escape(spoken.join('. '))}</desc>
<style>${STYLE}
</style>
<rect class="card" x="0.5" y="0.5" width="${WIDTH - 1}" height="${height - 1}" rx="10"/>
${parts.join('\n')}
</svg>
`
}

module.exports = { picture }
