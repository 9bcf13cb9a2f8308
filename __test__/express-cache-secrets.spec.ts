import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { test } from 'node:test'
import type { CacheExplanation } from '../express.js'
import { onEveryBackend } from './support/backends'
import { type Page, pages, Site } from './support/pages'
import { askAllBehind } from './support/servers-behind'

const SECRET = 'hunter2'

/** Where a client says who it is, and how a route keys by that. */
const CREDENTIALS: Record<string, { headers: (who: string) => Record<string, string>; options?: object; page?: Page }> = {
  'Authorization, by options.vary': { headers: (who) => ({ Authorization: `Bearer ${who}-${SECRET}` }), options: { vary: ['Authorization'] } },
  'Cookie, by options.vary': { headers: (who) => ({ Cookie: `sid=${who}-${SECRET}` }), options: { vary: ['Cookie'] } },
  'a field of its own, by Vary': { headers: (who) => ({ 'X-Api-Key': `${who}-${SECRET}` }), page: (_req, res) => res.vary('X-Api-Key') },
  'several': { headers: (who) => ({ 'X-Api-Key': `${who}-${SECRET}`, Cookie: SECRET }), options: { vary: ['Cookie', 'X-Api-Key'] } },
}

onEveryBackend('credentials that choose a page', (backend) => {
  /** Names and values of all that is stored, in one text. */
  async function atRest(namespace: string) {
    const texts: string[] = []
    for (const keys of await askAllBehind(backend.redis, 'KEYS', `*${namespace}*`)) {
      for (const key of keys as unknown as string[]) texts.push(key, String(await backend.redis.command('GET', key)))
    }
    return texts
  }

  for (const [what, { headers, options, page }] of Object.entries(CREDENTIALS)) {
    for (const near of [false, true]) {
      test(`tell people apart, and are nowhere at rest: ${what}${near ? ', with copies in memory' : ''}`, async () => {
        const namespace = randomUUID()
        const cache = pages(backend.redis, { namespace, near, ...options })
        const told: unknown[] = []
        const listener = (message: unknown) => void told.push(message)
        const channels = ['redwright:http:refused', 'redwright:http:error']
        for (const name of channels) subscribe(name, listener)
        const explained: Promise<CacheExplanation>[] = []
        const asked: typeof cache = Object.assign((req: any, res: any, next: any) => {
          res.once('finish', () => explained.push(cache.explain(req)))
          cache(req, res, next)
        }, cache)
        await using site = await Site.start(asked, (req, res, next) => {
          page?.(req, res, next)
          res.set('Cache-Control', 'public').send(`for ${Object.values(headers('')).length} of ${/(ann|bob)/.exec(JSON.stringify(req.headers))?.[0]}`)
        })
        const answers: object[] = []
        for (let round = 0; round < 3; round++) {
          for (const who of ['ann', 'bob']) {
            const answer = await site.get('/', headers(who))
            assert.match(answer.body.toString(), new RegExp(`of ${who}$`))
            answers.push(answer.headers)
          }
        }
        for (const name of channels) unsubscribe(name, listener)
        assert.equal(site.asked, 2)
        const stored = await atRest(namespace)
        assert.ok(stored.length >= 4, `${stored.length / 2} entries`)
        assert.doesNotMatch(JSON.stringify([stored, answers, told, await Promise.all(explained), cache.metrics()]), new RegExp(SECRET))
      })
    }
  }
})
