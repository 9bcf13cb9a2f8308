import type { MortalServer } from '../../__test__/support/client-server'
import { between, pick } from '../random'
import type { Fault } from '../world'
import { Admin } from './admin'
import { severalTimes } from './several-times'

/** What happens to one server. */
export function serverFaults(server: MortalServer): Fault[] {
  const loses = 'nothing'
  return [
    {
      name: 'SIGKILL, and started again',
      loses,
      lasts: [0, 1500],
      async apply() {
        await server.crash()
        return { heal: () => server.start() }
      },
    },
    {
      name: 'SIGSTOP',
      loses,
      lasts: [50, 2500],
      async apply() {
        server.kill('SIGSTOP')
        return { heal: async () => server.kill('SIGCONT') }
      },
    },
    {
      name: 'CLIENT KILL',
      loses,
      lasts: [0, 500],
      apply: (span) => severalTimes(span, 5, () => server.ask('CLIENT KILL TYPE normal')),
    },
    {
      name: 'CLIENT PAUSE',
      loses,
      lasts: [50, 1500],
      async apply({ random, lastsMs }) {
        const whom = pick(random, ['ALL', 'WRITE'])
        await server.ask(`CLIENT PAUSE ${lastsMs} ${whom}`)
        return {
          detail: whom,
          heal: async () => {
            await server.ask('DEL nothing')
          },
        }
      },
    },
    {
      name: 'SCRIPT FLUSH',
      loses,
      lasts: [0, 300],
      apply: (span) => severalTimes(span, 5, () => server.ask('SCRIPT FLUSH')),
    },
    {
      name: 'maxclients reached',
      loses,
      lasts: [100, 1500],
      async apply({ random }) {
        const admin = await Admin.open(server.path)
        const most = between(random, 1, 4)
        await admin.ask(`CONFIG SET maxclients ${most}`)
        await admin.ask('CLIENT KILL TYPE normal')
        return {
          detail: `${most - 1} let in`,
          heal: async () => {
            await admin.ask('CONFIG SET maxclients 10000')
            admin.close()
          },
        }
      },
    },
    {
      name: 'password changed',
      loses,
      lasts: [100, 1500],
      async apply() {
        const admin = await Admin.open(server.path)
        await admin.ask('CONFIG SET requirepass other')
        await admin.ask('CLIENT KILL TYPE normal')
        return {
          heal: async () => {
            await admin.ask('CONFIG SET requirepass ""')
            admin.close()
          },
        }
      },
    },
    {
      name: 'FLUSHALL',
      loses: 'all',
      lasts: [0, 100],
      async apply() {
        await server.ask('FLUSHALL')
        return {}
      },
    },
  ]
}
