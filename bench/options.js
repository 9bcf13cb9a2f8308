'use strict'

const { parseArgs } = require('node:util')
const { contenderNames, isOurs } = require('./contenders')
const { extraNames } = require('./extras')
const { ROWS, rowNames } = require('./rows')

const everything = [...rowNames, ...extraNames]

const HELP = `npm run bench -- [options]

  --quick               a few rows with short windows, for a first look (about two minutes)
  --rows get,set        of: ${rowNames.filter((name) => !ROWS[name].near).join(', ')},
                        in memory: ${rowNames.filter((name) => ROWS[name].near).join(', ')},
                        and by themselves: ${extraNames.join(', ')}
  --peers ioredis       of: ${contenderNames.filter((name) => !isOurs(name)).join(', ')}
                        (the baseline of each row is always there)
  --sizes 400,10240     bytes of a value
  --inflight 1,64,512   operations in flight, where a row has them (without it, each row's own)
  --rounds 5            how often each contender is measured, in turn
  --text ascii          what the values hold: ascii or unicode
  --url redis://…       an existing server instead of a private one; what is stored there ends within an hour
  --peers-only          without Redwright

One contender for a profiler, in this process (node --cpu-prof bench/run.js …):

  --contender redwright --row get [--inflight 64] [--sizes 400] [--seconds 10]
`

const FULL = { rows: everything, sizes: [400, 10_240], rounds: 5 }
const QUICK = { rows: ['get', 'getJson', 'getOrSet', 'peek'], sizes: [400], rounds: 3 }

/** What the command line asks for. Throws a `TypeError` that says which argument is wrong. */
function readOptions(argv) {
  const { values } = parseArgs({
    args: argv,
    options: {
      quick: { type: 'boolean', default: false },
      rows: { type: 'string' },
      row: { type: 'string' },
      peers: { type: 'string' },
      'peers-only': { type: 'boolean', default: false },
      sizes: { type: 'string' },
      inflight: { type: 'string' },
      rounds: { type: 'string' },
      text: { type: 'string', default: 'ascii' },
      url: { type: 'string' },
      contender: { type: 'string' },
      seconds: { type: 'string', default: '10' },
      help: { type: 'boolean', default: false },
    },
  })
  const base = values.quick ? QUICK : FULL
  const wanted = names('rows', values.rows ?? values.row, everything) ?? base.rows
  const options = {
    help: values.help,
    quick: values.quick,
    text: one('text', values.text, ['ascii', 'unicode']),
    url: values.url,
    rows: rowNames.filter((name) => wanted.includes(name)),
    extras: extraNames.filter((name) => wanted.includes(name)),
    sizes: numbers('sizes', values.sizes, 400, 1_048_576) ?? base.sizes,
    inflight: numbers('inflight', values.inflight, 1, 10_000),
    rounds: numbers('rounds', values.rounds, 1, 100)?.[0] ?? base.rounds,
    contenders: chosen(names('peers', values.peers, contenderNames), values['peers-only']),
    single: values.contender && { name: one('contender', values.contender, contenderNames), seconds: numbers('seconds', values.seconds, 1, 3_600)[0] },
  }
  if (options.single && options.rows.length === 0) throw new TypeError('--contender needs a --row that is no extra')
  const whole = [values.rows, values.row, values.peers, values.sizes, values.inflight, values.url].every((value) => value === undefined)
  return { ...options, whole: whole && !options.quick && !values['peers-only'] && options.text === 'ascii' && options.rounds >= FULL.rounds }
}

function chosen(peers, peersOnly) {
  const wanted = peers ?? contenderNames
  return contenderNames.filter((name) => (isOurs(name) ? !peersOnly : wanted.includes(name)))
}

function names(option, value, known) {
  return value?.split(',').map((word) => one(option, word, known))
}

function one(option, word, known) {
  const found = known.find((name) => name.toLowerCase() === word.trim().toLowerCase())
  if (found === undefined) throw new TypeError(`--${option}: '${word}' is none of ${known.join(', ')}`)
  return found
}

function numbers(option, value, min, max) {
  return value?.split(',').map((word) => {
    const number = Number(word)
    if (!Number.isInteger(number) || number < min || number > max) {
      throw new TypeError(`--${option}: '${word}' is no whole number from ${min} to ${max}`)
    }
    return number
  })
}

module.exports = { HELP, readOptions }
