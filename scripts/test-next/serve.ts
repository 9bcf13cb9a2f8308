// The example on two instances over one Redis, until Ctrl-C.

import { NextWorld } from '../../__test__/support/next-world'

process.stderr.write('installing and building the example …\n')
const world = await NextWorld.create()
await world.app.build()
const instances = await Promise.all([world.start(), world.start()])
process.stdout.write(`Two instances: ${instances.map(({ url }) => url).join(' and ')}\nCtrl-C ends them.\n`)
await new Promise<void>((resolve) => {
  process.once('SIGINT', () => resolve())
  process.once('SIGTERM', () => resolve())
})
await world.close()
