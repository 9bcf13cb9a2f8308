'use strict'

const { Router } = require('express')
const { html, sendPage } = require('../html')
const params = require('../params')

/** `/account/login`, `/account/signup`, `/account/logout`: how one gets in and out. */
module.exports = function login({ accounts, sessions, limits }) {
  const enter = (find, status, problem) => async (req, res) => {
    const name = params.text(req.body, 'name', 40)
    const password = params.text(req.body, 'password', 200)
    const account = await find(name, password)
    if (account === null) return void sendForm(res.status(status), name, problem)
    await sessions.begin(req, account)
    res.redirect(303, '/account')
  }
  return Router()
    .get('/account/login', (req, res) => {
      if (req.session.account) return res.redirect(303, '/account')
      sendForm(res)
    })
    .post('/account/login', limits.logins, enter((name, password) => accounts.check(name, password), 401, 'Name or password is wrong.'))
    .post('/account/signup', limits.logins, enter((name, password) => accounts.open(name, password), 409, 'This name is taken.'))
    .post('/account/logout', (req, res) => sessions.end(req, res).then(() => res.redirect(303, '/account/login')))
}

function sendForm(res, name = '', problem = '') {
  const form = html`<h1>Log in</h1>
<p class="problem" role="alert">${problem}</p>
<form class="stack" method="post" action="/account/login">
<label>Name <input name="name" value="${name}" required maxlength="40" autocomplete="username"></label>
<label>Password <input name="password" type="password" required maxlength="200" autocomplete="current-password"></label>
<div class="row"><button>Log in</button><button formaction="/account/signup">Sign up</button></div>
</form>
<p>An account of this demo lives for a day, in Redis.</p>`
  sendPage(res, 'Log in', form)
}
