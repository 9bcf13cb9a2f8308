'use strict'

const { createHash } = require('node:crypto')

// Pages that are written on the server. What stands in a template is text and is escaped, unless `html` made it.

class Markup {
  constructor(text) {
    this.text = text
  }

  toString() {
    return this.text
  }
}

const entities = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

function written(value) {
  if (value instanceof Markup) return value.text
  if (Array.isArray(value)) return value.map(written).join('')
  return String(value ?? '').replace(/[&<>"']/g, (character) => entities[character])
}

function html(parts, ...values) {
  return new Markup(String.raw({ raw: parts }, ...values.map(written)))
}

const style = new Markup(`
  :root { color-scheme: light dark; --soft: #6b665e; --line: #ddd8cf; --brand: #b3312a; }
  @media (prefers-color-scheme: dark) { :root { --soft: #a39c91; --line: #3a3733; --brand: #ef7a6f; } }
  body { max-width: 760px; margin: 0 auto; padding: 22px 20px 40px; font: 15px/1.45 system-ui, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', sans-serif; }
  nav { display: flex; gap: 16px; margin-bottom: 22px; }
  a { color: var(--brand); }
  h1 { font-size: 21px; overflow-wrap: anywhere; }
  h2 { font-size: 16px; margin-top: 28px; }
  table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
  th, td { text-align: left; padding: 6px 8px 6px 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
  th { font-weight: 500; color: var(--soft); }
  .n { text-align: right; }
  form { margin: 0; }
  form.stack, label { display: grid; gap: 10px; max-width: 320px; }
  label { gap: 2px; }
  button, input { font: inherit; padding: 6px 12px; }
  .row { display: flex; gap: 10px; margin-top: 14px; }
  .problem { color: var(--brand); font-weight: 600; }
`)

/** Browsers keep a page that one leaves, even with `no-store`, and show it as it was to whoever goes back. With this it is empty then, and asked for anew. */
const leaveNothing = new Markup(`
  addEventListener('pagehide', () => document.body.remove())
  addEventListener('pageshow', (event) => event.persisted && location.reload())
`)

/** Nothing is fetched from elsewhere, no other script runs, and no other site may put the page into a frame of its own. */
const policy = [
  "default-src 'none'",
  'img-src data:',
  "style-src 'unsafe-inline'",
  `script-src 'sha256-${createHash('sha256').update(leaveNothing.text).digest('base64')}'`,
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** @param {{ isPrivate?: boolean }} [options] `isPrivate`: nobody may see it after a log-out */
function sendPage(res, title, body, { isPrivate = false } = {}) {
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${style}</style>${isPrivate ? html`
<script>${leaveNothing}</script>` : ''}
</head>
<body>
<nav><a href="/">Redwright demo</a><a href="/guides/FR">Guides</a><a href="/account">Your account</a></nav>
${body}
</body>
</html>
`
  res.set('Content-Security-Policy', policy).type('html').send(String(page))
}

module.exports = { html, sendPage }
