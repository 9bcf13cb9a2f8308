import { setTimeout as pause } from 'node:timers/promises'
import type { Random } from '../../soak/random'
import { now } from '../clock'
import type { Held, Job } from '../locks/contract'
import type { Log } from './log'
import type { Registers } from './registers'

export interface Holding {
  readonly id: string
  readonly job: Job
  readonly held: Held
  readonly holdMs: number
  /** How long it blocks everything, once. */
  readonly blockMs?: number | undefined
}

/** The longest between two looks at a lock that is held. */
const STEP_MS = 12

/** Holds a lock for a time: asks whether it is valid again and again, writes when it is, and stops when it is not. */
export async function hold({ id, job, held, holdMs, blockMs }: Holding, registers: Registers, log: Log, random: Random): Promise<void> {
  const isWriter = job.lock === 'mutex' || job.lock === 'write'
  const until = now() + holdMs
  if (blockMs !== undefined) block(id, held, blockMs, log)
  for (let n = 1; ; n++) {
    const t = now()
    if (!held.isValid()) return log.write({ e: 'over', t, id, aborted: held.signal.aborted, why: String((held.signal.reason as { reason?: unknown })?.reason ?? '') })
    log.write({ e: 'valid', t, id })
    if (t >= until) return
    // As long as it takes to think about what to write. Whoever is stopped here writes late.
    await pause(random() * STEP_MS)
    if (!isWriter) continue
    log.write({ e: 'write', t: now(), id, n })
    const accepted = await registers.write(job.resources, held.token, id, n)
    log.write({ e: 'wrote', t: now(), id, n, accepted })
  }
}

/** Nothing else of this thread runs meanwhile, timers included. */
function block(id: string, held: Held, ms: number, log: Log): void {
  const from = now()
  log.write({ e: 'block', t: from, id, ms })
  while (now() - from < ms);
  const t = now()
  const [valid, aborted] = [held.isValid(), held.signal.aborted]
  log.write({ e: 'unblocked', t, id, valid, aborted })
}
