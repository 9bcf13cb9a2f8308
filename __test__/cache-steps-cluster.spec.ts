import { after, before, describe, test } from 'node:test'
import { Redis } from '../index.js'
import { warm } from './support/cache-tools'
import { TestCluster } from './support/cluster'
import { runCase, TROUBLED } from './support/step-case'
import { FORGETTING, placeOf, PRIVATE, type Trouble } from './support/step-faults'
import { PROTOCOLS } from './support/step-protocols'
import { StepProxy } from './support/step-proxy'

// As `cache-steps.spec.ts`, in a cluster, where an entry and its tags live on different servers.

let cluster: TestCluster
let direct: Redis
before(async () => {
  cluster = await TestCluster.start({ replicasEach: 0 })
  direct = await Redis.connect({ ...cluster.options, commandTimeout: '60s' })
  await warm(direct)
})
after(async () => {
  await direct.close()
  await cluster.stop()
})

async function run(protocol: (typeof PROTOCOLS)[number], trouble: Trouble, step: string): Promise<void> {
  const proxies = await Promise.all(cluster.nodes.map(({ address }) => StepProxy.start(address)))
  const nodes = proxies.map(({ address }) => address)
  const natMap = Object.fromEntries(cluster.nodes.map(({ host, port }, i) => [`${host}:${port}`, nodes[i]!]))
  try {
    await using redis = await Redis.connect({ cluster: { nodes, natMap }, ...TROUBLED })
    await runCase(protocol, trouble, step, placeOf(cluster.nodes, proxies), redis, direct)
  } finally {
    await Promise.all(proxies.map((proxy) => proxy[Symbol.asyncDispose]()))
  }
}

for (const [what, troubles, concurrency] of [['on the way to a node', PRIVATE, 6], ['of the nodes', FORGETTING, 1]] as const) {
  for (const protocol of PROTOCOLS) {
    describe(`${protocol.name}, with a fault ${what}`, { concurrency }, () => {
      for (const step of protocol.clusterSteps ?? protocol.steps) {
        for (const trouble of troubles) test(`${step}: ${trouble.name}`, () => run(protocol, trouble, step))
      }
    })
  }
}
