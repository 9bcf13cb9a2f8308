import { Redis, type RedisOptions } from '../../index.js'
import { MortalServer } from './client-server'
import { PRIVATE, type Trouble } from './step-faults'
import { StepProxy, Trap } from './step-proxy'
import { passed } from './lock-tools'
import { until } from './until'

/** For clients in trouble: the fault is over before a command gives up, or behind that. */
const TROUBLED: RedisOptions = { commandTimeout: 1500, connectTimeout: 1000, watchdogMs: 200, reconnect: { minMs: 1, maxMs: 20 }, breaker: false }

/** Faults in which a reply is not to be had, whether the command was executed or not. */
export const LOST = PRIVATE.filter(({ name }) => !name.includes('refused'))

/** The command whose reply is lost: the only one where the server knows the script, otherwise the first or the second. */
export const STEPS = [
  { title: '', step: 'evalsha', isCold: false },
  { title: ', the first of two', step: 'evalsha', isCold: true },
  { title: ', the second of two', step: 'eval', isCold: true },
] as const

/** Where something is asked, and a reply of it is lost. */
export interface Scene<T> {
  /** The client in trouble, another that is not, and what was prepared. */
  redis: Redis
  direct: Redis
  given: T
  /** What came of it, or the error. */
  end: any
}

/** Prepares, lets a fault happen at a script of `work`, ends it a moment later, and has a look. */
export async function amid<T>(
  { step, isCold }: (typeof STEPS)[number],
  fault: Trouble,
  prepare: (redis: Redis) => Promise<T>,
  work: (given: T, direct: Redis) => Promise<unknown>,
  look: (scene: Scene<T>) => Promise<void>,
): Promise<void> {
  await using server = await MortalServer.start()
  await using direct = await Redis.connect({ url: server.url, commandTimeout: '60s' })
  await using proxy = await StepProxy.start(server)
  await using redis = await Redis.connect({ ...proxy.address, ...TROUBLED })
  const given = await prepare(redis)
  if (isCold) await direct.command('SCRIPT', 'FLUSH')
  const place = { proxies: [proxy], ask: (command: string) => server.ask(command), server }
  proxy.trap = new Trap(step, fault.at(place))
  const end = work(given, direct).catch((error) => error)
  await until('the fault happens', () => proxy.trap!.hit)
  await passed(300)
  await fault.heal(place)
  await look({ redis, direct, given, end: await end })
}
