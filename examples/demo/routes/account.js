'use strict'

const { Router, urlencoded } = require('express')
const { html, sendPage } = require('../html')
const params = require('../params')
const login = require('./login')

/** `/account`: what belongs to one person. */
module.exports = function account(demo) {
  const { sessions } = demo
  return Router()
    .use('/account', forOneOnly, ownFormsOnly, sessions.middleware, urlencoded({ extended: false, limit: '2kb' }))
    .use(login(demo))
    .use('/account', (req, res, next) => (req.session.account ? next() : res.redirect(303, '/account/login')))
    .get('/account', (req, res) => show(demo, req, res))
    .post('/account/cities', (req, res) => keep(demo, req, res))
    .post('/account/logout-everywhere', (req, res) => leaveAll(demo, req, res))
}

/** No cache may keep it: neither the middleware before it, nor a proxy, nor the browser. */
function forOneOnly(req, res, next) {
  res.set('Cache-Control', 'private, no-store')
  next()
}

/** The cookie is `SameSite=Lax`, but another port of this host is the same site. Who sends no such header is no browser, and brings no cookie of somebody else. */
function ownFormsOnly(req, res, next) {
  const from = req.get('sec-fetch-site') ?? 'same-origin'
  if (req.method === 'POST' && from !== 'same-origin') throw new params.RequestError(403, 'ERR_FOREIGN_FORM', 'this form is not one of ours')
  next()
}

/** Keeps a city, in the session. */
async function keep({ cities, sessions }, req, res) {
  const id = params.number(req.body, 'id', { min: 1, max: 1e12, whole: true })
  const city = await cities.one(id)
  if (city === null) throw params.missing('there is no such city in the data set')
  const others = (req.session.cities ?? []).filter((kept) => kept.id !== id)
  req.session.cities = [...others, { id, name: city.name, country: city.country }].slice(-20)
  await sessions.save(req)
  res.redirect(303, '/account')
}

async function leaveAll({ sessions }, req, res) {
  await sessions.endAll(req.session.account.id)
  await sessions.end(req, res)
  res.redirect(303, '/account/login')
}

async function show({ sessions }, req, res) {
  const { account, cities = [] } = req.session
  sendPage(res, 'Your account', overview(account, cities, await sessions.list(req)), { isPrivate: true })
}

function overview(account, cities, list) {
  const none = html`<tr><td colspan="2">None yet: see the <a href="/guides/FR">guides</a>.</td></tr>`
  return html`<h1>Hello, ${account.name}</h1>
<h2>Your cities</h2>
<table id="cities">
${cities.length === 0 ? none : cities.map(({ name, country }) => html`<tr><td>${name}</td><td>${country}</td></tr>`)}
</table>
<h2>Your sessions</h2>
<table id="sessions">
<tr><th>browser</th><th>since</th><th></th></tr>
${list.map(({ meta, createdAt, isCurrent }) => html`<tr><td>${meta.browser}</td><td>${new Date(createdAt).toUTCString()}</td><td>${isCurrent ? 'this one' : ''}</td></tr>`)}
</table>
<div class="row">
<form method="post" action="/account/logout"><button>Log out</button></form>
<form method="post" action="/account/logout-everywhere"><button>Log out everywhere</button></form>
</div>`
}
