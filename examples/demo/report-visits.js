'use strict'

const { bold, dim, green, percent, span, whole } = require('./print')

/** What people who log in and out were shown, as lines to print. */
function visitLines({ people, logins, seconds, guides, own }) {
  const answers = Object.values(guides).reduce((sum, count) => sum + count, 0)
  return [
    `  ${bold('Pages and logins')}  ${dim(`${people} people, each in two browsers, with ${logins} log-ins, who read public pages and their own at once, for ${span(seconds)}`)}`,
    `    public pages     ${bold(whole(answers))} answers, ${percent(guides.HIT / answers)} of them hits: ${green('the same for all')}, without a cookie`,
    `    own pages        ${bold(whole(own))} answers: ${green('each showed its owner and nobody else')}, though the same middleware stands before them`,
    `    log-outs         ${bold(whole(people))} while a slow request was under way that writes into the session: ${green('none was undone')}`,
    `    everywhere       ${bold(whole(people))} times from one browser: ${green('the other was out as well')}`,
    '',
  ]
}

module.exports = { visitLines }
