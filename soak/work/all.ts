import type { Context, Workload } from '../workload'
import { Counters } from './counters'
import { Echo } from './echo'
import { HealthProbes } from './health'
import { Leases } from './leases'
import { Limits } from './limits'
import { Locks } from './locks'
import { NearCopies } from './near'
import { Once } from './once'
import { ReadThroughs } from './read-through'
import { Registers } from './registers'
import { Resilient } from './resilient'
import { cacheStore, repositoryStore } from './stores'
import { Tags } from './tags'

/** All that is done at once. A new class of the product gets a line here. */
export function workloads(context: Context): Workload[] {
  const { clients, run } = context
  return [
    new Registers(3, 'TypeSafeCache', clients.map((client) => cacheStore(client, run)), context),
    new Registers(2, 'RedisRepository', clients.map((client) => repositoryStore(client, run)), context),
    new ReadThroughs(context),
    new Leases(context),
    new Tags(context),
    new NearCopies(context),
    new Limits(context),
    new Locks(context),
    new Counters(context),
    new Once(context),
    new Echo(context),
    new HealthProbes(context),
    new Resilient(context),
  ]
}
