import { after, before, describe, test } from 'node:test'
import { Redis } from '../index.js'
import { MortalServer } from './support/client-server'
import { warm } from './support/cache-tools'
import { runCase, TROUBLED } from './support/step-case'
import { PRIVATE } from './support/step-faults'
import { PROTOCOLS } from './support/step-protocols'
import { StepProxy } from './support/step-proxy'

// Every protocol of the cache, with every fault at every step of it: the caller gets a value or a typed error in time, what was said is
// true, what was invalidated does not come back, and afterwards all is well by itself.

let server: MortalServer
let direct: Redis
before(async () => {
  server = await MortalServer.start()
  direct = await Redis.connect({ url: server.url, commandTimeout: '60s' })
  await warm(direct)
})
after(async () => {
  await direct.close()
  await server[Symbol.asyncDispose]()
})

for (const protocol of PROTOCOLS) {
  describe(protocol.name, { concurrency: 6 }, () => {
    for (const step of protocol.steps) {
      for (const trouble of PRIVATE) {
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
