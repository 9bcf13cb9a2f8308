import assert from 'node:assert/strict'

export interface Answer {
  status: number
  /** What Next.js says of its cache: `HIT`, `STALE`, `MISS`; `-` where it says nothing. */
  cache: string
  control: string
  type: string
  /** What was made when, by the name of its stamp. */
  stamps: Map<string, string>
  body: string
  headers: Headers
}

export async function ask(url: string, init?: RequestInit): Promise<Answer> {
  const response = await fetch(url, { redirect: 'manual', ...init })
  const body = await response.text()
  const { status, headers } = response
  return { status, headers, body, cache: headers.get('x-nextjs-cache') ?? '-', control: headers.get('cache-control') ?? '-', type: headers.get('content-type') ?? '-', stamps: stampsOf(body) }
}

/** In HTML, in what the App Router navigates with, in JSON of the Pages Router and of a route handler. */
function stampsOf(body: string): Map<string, string> {
  const plain = body.replaceAll('\\"', '"')
  const stamps = new Map<string, string>()
  const add = (name: string, id: string) => stamps.has(name) || stamps.set(name, id)
  for (const [, name, id] of plain.matchAll(/data-stamp="([^"]+)" data-id="([^"]+)"/g)) add(name!, id!)
  for (const [, name, id] of plain.matchAll(/"data-stamp":"([^"]+)","data-id":"([^"]+)"/g)) add(name!, id!)
  for (const [, at, by, number] of plain.matchAll(/"made":\{"at":"([^"]+)","by":(\d+),"number":(\d+)\}/g)) add('made', `${at}/${by}/${number}`)
  return stamps
}

/** When it was made, by its stamp. */
export function timeOf(stamp: string): number {
  return Date.parse(stamp.split('/')[0]!)
}

/** What the App Router asks for when one navigates, or refreshes. */
export function askRsc(url: string): Promise<Answer> {
  // It sends a hash of its header fields along, without which it is told where to go.
  return ask(url, { headers: { RSC: '1' }, redirect: 'follow' })
}

/** What it asks for ahead, of a link that one sees. */
export function askPrefetch(url: string): Promise<Answer> {
  return ask(url, { headers: { RSC: '1', 'Next-Router-Prefetch': '1', 'Next-Router-Segment-Prefetch': '/_tree' }, redirect: 'follow' })
}

export async function revalidate(url: string, what: { tag: string; how: 'max' | 'now' } | { path: string }): Promise<void> {
  const { status, body } = await ask(`${url}/api/revalidate`, { method: 'POST', body: JSON.stringify(what) })
  assert.equal(status, 200, body)
}

/** Sends a form as a browser without JavaScript does; the page that comes back is what its action leaves. */
export async function submit(url: string, button: string, fields: Record<string, string> = {}): Promise<Answer> {
  const { body } = await ask(url)
  const form = [...body.matchAll(/<form.*?<\/form>/gs)].map(([form]) => form).find((form) => form.includes(button))
  assert.ok(form, `no form with ${button} in ${body}`)
  const data = new FormData()
  for (const [input] of form.matchAll(/<input[^>]*type="hidden"[^>]*>/g)) data.set(/name="([^"]*)"/.exec(input)![1]!, /value="([^"]*)"/.exec(input)?.[1] ?? '')
  for (const [name, value] of Object.entries(fields)) data.set(name, value)
  return ask(url, { method: 'POST', body: data })
}
