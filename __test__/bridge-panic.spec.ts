import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { TestServer } from '../testing.js'
import { INSIDE, runClient } from './support/bridge-child'
import { realServer } from './support/servers'

let server: TestServer
before(async () => void (server = await realServer()))
after(() => server.stop())

describe('a panic of the native core', () => {
  for (const [where, onIoThread] of [['on the event loop', false], ['on the I/O thread', true]] as const) {
    test(`${where} rejects its own call, and everything else goes on`, async () => {
      const child = runClient(
        server.url,
        `${INSIDE}
        const native = nativeRedis()
        const ping = () => calls.call(native, (native, ticket) => native.ping(ticket))
        const panic = () => calls.call(native, (native, ticket) => native.panicForTest(ticket, ${onIoThread}))
        await ping()
        const mixed = Array.from({ length: 90 }, (_, i) => (i % 3 === 0 ? panic() : ping()))
        const settled = await Promise.allSettled(mixed)
        const wrong = settled.filter(({ value, reason }, i) => (i % 3 === 0 ? reason?.code !== 'ERR_INTERNAL' : value !== 'PONG'))
        const other = await Redis.connect(url)
        report({ wrong: wrong.length, later: await ping(), other: await other.ping() })
        const [pending, , , failed] = native.metrics().slice(3)
        report({ pending, failed })
        await other.close()`,
      )
      const { code, reports } = await child.ended
      const failed = onIoThread ? 30 : 0
      assert.deepEqual(reports, [{ wrong: 0, later: 'PONG', other: 'PONG' }, { pending: 0, failed }])
      assert.equal(code, 0)
    })
  }
})
