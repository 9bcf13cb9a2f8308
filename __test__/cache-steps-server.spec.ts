import { after, before, describe, test } from 'node:test'
import { Redis } from '../index.js'
import { warm } from './support/cache-tools'
import { MortalServer } from './support/client-server'
import { runCase, TROUBLED } from './support/step-case'
import { SERVER_WIDE } from './support/step-faults'
import { PROTOCOLS } from './support/step-protocols'
import { StepProxy } from './support/step-proxy'

// As `cache-steps.spec.ts`, with what befalls the server itself: it forgets, is full, dies, hangs.

describe('a server that forgets, is full, dies or hangs', { concurrency: 3 }, () => {
  for (const protocol of PROTOCOLS) {
    describe(protocol.name, { concurrency: 1 }, () => {
      let server: MortalServer
      let direct: Redis
      before(async () => {
        server = await MortalServer.start()
        direct = await Redis.connect({ url: server.url, commandTimeout: '60s', breaker: false, reconnect: { minMs: 1, maxMs: 20 } })
        await warm(direct)
      })
      after(async () => {
        await direct.close()
        await server[Symbol.asyncDispose]()
      })

      for (const step of protocol.steps) {
        for (const trouble of SERVER_WIDE) {
          test(`${step}: ${trouble.name}`, async () => {
            await using proxy = await StepProxy.start(server)
            await using redis = await Redis.connect({ ...proxy.address, ...TROUBLED })
            const place = { proxies: [proxy], ask: (command: string) => server.ask(command), server }
            await runCase(protocol, trouble, step, place, redis, direct)
          })
        }
      }
    })
  }
})
