import type { Moment } from '../clock'
import type { Attempt } from '../history/attempt'
import type { History, Window } from '../history/history'
import type { Violation } from '../judge/violation'
import { fate, type Lane, lanes, placeOf } from './lanes'
import { tag, text, title } from './svg'

/** `RIGHT`: for what is written over the last band. */
const [LEFT, RIGHT, TOP, HEIGHT, GAP] = [120, 200, 190, 9, 8]
const WIDTH_PER_S = 60
const COLOURS = { accepted: '#2a9d4a', refused: '#d62828', none: '#5b8def' }
const LEGEND = { accepted: 'writes accepted', refused: 'a late write refused', none: 'nothing written (reader, permit, short)' }

/** More lines than these would hide what they mark. */
const MARKED = 50

/** Draws who believed to hold what and when: a lane for each process and resource, faults as bands over the lanes that they hit. */
export function draw(history: History, violations: readonly Violation[], name: string): string {
  const all = lanes(history.attempts)
  const from = Math.min(...history.attempts.map(({ asked }) => asked))
  const to = Math.max(from + 1000, history.stopped)
  const x = (at: Moment) => LEFT + ((at - from) / 1000) * WIDTH_PER_S
  const rows = placed(all)
  const [width, bottom] = [x(to) + RIGHT, (rows.at(-1)?.y ?? TOP) + HEIGHT]
  const guilty = new Set(violations.flatMap(({ ids = [] }) => ids))
  const parts = [
    tag('rect', { width, height: bottom + 40, fill: 'white' }),
    text({ x: 8, y: 18, 'font-size': 13, 'font-weight': 'bold' }, `${name}: ${violations.length === 0 ? 'every promise kept' : `${violations.length} violations`}`),
    legend(),
    ...history.faults.map((fault) => band(fault, rows, x, bottom)),
    ...rows.map(({ lane, y }) => tag('g', {}, row(lane, y, x, x(to), guilty))),
    ...violations.slice(0, MARKED).flatMap(({ at, what }) => (at === undefined ? [] : [mark(x(at), bottom, what)])),
    axis(from, to, x, bottom),
  ]
  return tag('svg', { xmlns: 'http://www.w3.org/2000/svg', width, height: bottom + 40, 'font-family': 'sans-serif', 'font-size': 8 }, `\n${parts.join('\n')}\n`)
}

type Row = { lane: Lane; y: number }

/** Those of a resource stand together. */
function placed(all: readonly Lane[]): Row[] {
  let y = TOP
  return all.map((lane, i) => {
    if (i > 0) y += HEIGHT + (lane.resource === all[i - 1]!.resource ? 1 : GAP)
    return { lane, y }
  })
}

function row({ resource, place, attempts }: Lane, y: number, x: (at: Moment) => number, end: number, guilty: ReadonlySet<string>): string {
  const label = text({ x: LEFT - 6, y: y + HEIGHT - 1.5, 'text-anchor': 'end', fill: '#333' }, `${resource} · ${place}`)
  const ground = tag('rect', { x: LEFT, y, width: end - LEFT, height: HEIGHT, fill: '#00000009' })
  return [label, ground, ...attempts.map((attempt) => interval(attempt, y, x, guilty.has(attempt.id)))].join('')
}

function interval(attempt: Attempt, y: number, x: (at: Moment) => number, isGuilty: boolean): string {
  const { id, job, token, believed } = attempt
  const { from, to } = believed!
  const told = `${id}: ${job.lock}, TTL ${job.ttlMs} ms${job.renew ? ', renewed' : ''}; held ${(to - from).toFixed(1)} ms, token ${token}`
  const shape = { x: x(from), y, width: Math.max(1, x(to) - x(from)), height: HEIGHT, fill: COLOURS[fate(attempt)] }
  return tag('rect', { ...shape, ...(isGuilty && { stroke: 'black', 'stroke-width': 1.5 }) }, title(told))
}

/** Over the lanes of those whom it hit, which may be all. */
function band({ name, detail, from, to, processes }: Window, rows: readonly Row[], x: (at: Moment) => number, bottom: number): string {
  const told = detail === undefined ? name : `${name} (${detail})`
  const [left, width] = [x(from), Math.max(1.5, x(to) - x(from))]
  const hit = processes?.map((process) => placeOf({ process }))
  const lanes = hit === undefined ? [] : rows.filter(({ lane }) => hit.includes(lane.place))
  const fills = hit === undefined ? [{ y: TOP - 4, height: bottom - TOP + 8 }] : lanes.map(({ y }) => ({ y, height: HEIGHT }))
  const colour = hit === undefined ? '#f4a26155' : '#e9c46a99'
  return tag('g', {}, [
    title(told),
    ...fills.map((fill) => tag('rect', { x: left, width, ...fill, fill: colour })),
    tag('line', { x1: left, x2: left, y1: TOP - 6, y2: bottom + 4, stroke: '#f4a261', 'stroke-width': 0.7 }),
    text({ transform: `translate(${(left + 3).toFixed(1)},${TOP - 10}) rotate(-35)`, fill: '#9c4a00' }, told),
  ].join(''))
}

const mark = (x: number, bottom: number, what: string) =>
  tag('line', { x1: x, x2: x, y1: TOP - 6, y2: bottom + 4, stroke: '#d62828', 'stroke-width': 1, 'stroke-dasharray': '3 2' }, title(what))

function legend(): string {
  return Object.entries(LEGEND)
    .map(([kind, words], i) => tag('rect', { x: 8 + i * 200, y: 26, width: 10, height: 8, fill: COLOURS[kind as keyof typeof COLOURS] }) + text({ x: 22 + i * 200, y: 33 }, words))
    .join('')
}

function axis(from: Moment, to: Moment, x: (at: Moment) => number, bottom: number): string {
  const seconds = Array.from({ length: Math.floor((to - from) / 1000) + 1 }, (_, i) => i)
  return seconds
    .map((second) => {
      const at = x(from + second * 1000)
      return tag('line', { x1: at, x2: at, y1: bottom + 4, y2: bottom + 8, stroke: '#333' }) + text({ x: at, y: bottom + 18, 'text-anchor': 'middle', fill: '#333' }, `${second} s`)
    })
    .join('')
}
