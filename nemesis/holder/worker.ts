import { setTimeout as pause } from 'node:timers/promises'
import { between, pick, type Random } from '../../soak/random'
import { now } from '../clock'
import type { Job, Locks } from '../locks/contract'
import type { Order } from './config'
import { hold } from './hold'
import type { Log } from './log'
import type { Registers } from './registers'

/** How long it holds where many wait. */
const CONTENDED_MS = 5

/** Wants one lock after another, holds each for a while, and writes down what happens. */
export class Worker {
  #attempts = 0

  constructor(
    /** Of the process and of its own. */
    readonly name: string,
    readonly locks: Locks,
    readonly registers: Registers,
    readonly log: Log,
    readonly random: Random,
  ) {}

  async once(menu: readonly Job[]): Promise<void> {
    const job = pick(this.random, menu)
    await this.#take(job, holdMs(this.random, job))
    await pause(between(this.random, 1, 30))
  }

  async contend(job: Job): Promise<void> {
    await this.#take(job, CONTENDED_MS)
  }

  async obey({ tag, job, holdMs, blockMs }: Order & { do: 'hold' }): Promise<void> {
    await this.#take(job, holdMs, tag, blockMs)
  }

  async #take(job: Job, holdMs: number, tag?: string, blockMs?: number): Promise<void> {
    const { log } = this
    const id = `${this.name}/${++this.#attempts}`
    log.write({ e: 'ask', t: now(), id, job, ...(tag !== undefined && { tag }) })
    try {
      const held = await this.locks.acquire(job)
      const t = now()
      if (held === null) return log.write({ e: 'busy', t, id })
      log.write({ e: 'held', t, id, token: held.token, valid: held.isValid() })
      await hold({ id, job, held, holdMs, blockMs }, this.registers, log, this.random)
      log.write({ e: 'release', t: now(), id })
      const outcome = await held.release()
      log.write({ e: 'released', t: now(), id, outcome })
    } catch (error) {
      log.write({ e: 'failed', t: now(), id, error: describe(error) })
    }
  }
}

/** Mostly short; now and then longer than the TTL, which whoever renews survives and whoever does not must notice. */
function holdMs(random: Random, { ttlMs }: Job): number {
  const luck = random()
  if (luck < 0.8) return random() * 60
  return luck < 0.93 ? random() * 300 : ttlMs * (1 + random() / 2)
}

function describe(error: unknown): string {
  const { code, message } = error as { code?: string; message?: string }
  return `${code ?? 'no code'}: ${message ?? error}`
}
