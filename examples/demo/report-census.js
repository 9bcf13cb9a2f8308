'use strict'

const { bold, dim, green, span, table, whole, ms } = require('./print')

const points = {
  read: 'after it had read, before it wrote',
  written: 'after it wrote, before anybody was told',
  told: 'after it told, before it gave the lock back',
}

/** What two processes that count kept, as lines to print. */
function censusLines({ country, ttlMs, seconds, record, told, untold, deaths, late }) {
  const died = Object.entries(points).map(([point, words]) => {
    const times = (how) => deaths.filter((death) => death.at === point && death.how === how).length
    return { cells: [words, times('exit'), times('SIGKILL')] }
  })
  return [
    `  ${bold('What the lock kept')}  ${dim(`two processes add up the people of ${country}, place by place, under one lock of ${ttlMs} ms, for ${span(seconds)}`)}`,
    ...table([{ cells: ['died with the lock in its hand', 'process.exit', 'SIGKILL'], style: dim }, ...died]),
    `    told of          ${bold(whole(told))} places, each once; of ${whole(untold)} more nobody was told, since their writer had died or lost the lock`,
    `    in the record    ${bold(whole(record.counted))} places with ${whole(record.people)} people, as in the data set: ${green('no update was lost')}`,
    `    a stale holder   stood still for ${ms(late.stoodMs)}, until another had counted; its lock said that it was lost, it wrote all the same:`,
    `                     ${green('refused')} ${dim(`by the fencing token: ${late.token} is older than ${late.newerToken}`)}`,
    '',
  ]
}

module.exports = { censusLines }
