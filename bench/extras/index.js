'use strict'

// What a run shows besides its rows. An extra is an object with
//
//   name                       how `--rows` calls it
//   who()                      who can take part
//   seconds(quick)             about how long it takes
//   run({ contenders, url, quick })   with those of them that shall; gives `contenders`, each with figures or an `error`
//   lines(found)               as words
//   judge(found)               its verdicts, each with `held` and its words in `said`

const ALL = {
  coldKey: () => require('../cold-key'),
  nearHeap: () => require('../near-heap'),
  tags: () => require('../tags'),
  tagMemory: () => require('../tag-memory'),
  limitMemory: () => require('../limit-memory'),
  lockHandover: () => require('../lock-handover'),
  pages: () => require('../pages'),
}

const extraNames = Object.keys(ALL)

function extra(name) {
  return ALL[name]()
}

module.exports = { extra, extraNames }
