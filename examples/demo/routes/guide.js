'use strict'

const { Router } = require('express')
const { html, sendPage } = require('../html')
const params = require('../params')

const countries = ['FR', 'JP', 'BR', 'NG', 'IN', 'US', 'DE', 'MX', 'EG', 'NZ']
const names = new Intl.DisplayNames('en', { type: 'region' })
const count = (value) => value.toLocaleString('en-US')

/** `GET /guides/:code`: a page about a country. It says that it is for everybody, since who is logged in brings a cookie, and what is answered to a cookie may be for one person. */
module.exports = function guide({ cities }) {
  return Router().get('/guides/:code', (req, res) => {
    const { code } = req.params
    if (!/^[A-Z]{2}$/.test(code)) throw params.invalid('the country must be a code of two letters, such as FR')
    const found = cities.inCountry(code, 20)
    if (found === null) throw params.missing('there is no such country in the data set')
    res.set('Cache-Control', 'public')
    sendPage(res, `The biggest cities of ${names.of(code)}`, guideTo(found))
  })
}

function guideTo({ country, total, population, cities }) {
  return html`<h1>${names.of(country)}</h1>
<p>${count(total)} cities with ${count(population)} inhabitants. The biggest:</p>
<table>
<tr><th>city</th><th class="n">inhabitants</th><th></th></tr>
${cities.map(
  ({ id, name, population }) => html`<tr><td>${name}</td><td class="n">${count(population)}</td>
<td class="n"><form method="post" action="/account/cities"><button name="id" value="${id}">Keep</button></form></td></tr>
`,
)}</table>
<p>Other guides: ${countries.map((code) => html`<a href="/guides/${code}">${names.of(code)}</a> `)}</p>`
}
