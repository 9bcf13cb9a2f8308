// One of the processes that want locks. It is started with a `Config`, and told what to do by lines on its standard input.

import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { Redis } from '../../index.js'
import { randomFor } from '../../soak/random'
import { now } from '../clock'
import { MAKES } from '../locks/all'
import type { Job } from '../locks/contract'
import { CLIENT } from '../settings'
import type { Config, Order } from './config'
import { Log } from './log'
import { Registers } from './registers'
import { Worker } from './worker'

const config: Config = JSON.parse(process.argv[2]!)
const log = new Log(config.log)
const clients = await Promise.all(config.servers.map((address) => Redis.connect({ ...address, ...CLIENT })))
// Whoever was stopped for a while must still hear what became of its writes.
const register = await Redis.connect({ url: config.registers, commandTimeout: 10_000, breaker: false })
const locks = MAKES[config.make].open(clients)
const registers = new Registers(register, locks)

const told: { stopping: boolean; contended: Job | null } = { stopping: false, contended: null }
const running = new Set<Promise<void>>()

function run(task: Promise<void>): void {
  running.add(task)
  void task.finally(() => running.delete(task))
}

function newWorker(name: string): Worker {
  return new Worker(`${config.name}/${name}`, locks, registers, log, randomFor(config.seed, `${config.name} ${name}`))
}

async function work(worker: Worker): Promise<void> {
  while (!told.stopping) await (told.contended === null ? worker.once(config.menu) : worker.contend(told.contended))
}

const obedient = newWorker('o')
createInterface({ input: process.stdin }).on('line', (line) => {
  const order: Order = JSON.parse(line)
  if (order.do === 'stop') void stop()
  else if (order.do === 'contend') told.contended = order.job
  else run(obedient.obey(order))
})
// Whoever has started it is gone.
process.stdin.on('close', () => told.stopping || process.exit(3))

async function stop(): Promise<void> {
  told.stopping = true
  while (running.size > 0) await Promise.all(running)
  await Promise.all([...clients, register].map((redis) => redis.close()))
  log.write({ e: 'down', t: now() })
  process.stdin.destroy()
}

log.write({ e: 'up', t: now() })
// Not all at the same moment.
for (let i = 0; i < config.workers; i++) {
  run(work(newWorker(String(i))))
  await pause(5)
}
