import { type Counted, KINDS, least, type ModelPolicy, notBelow0, search } from './limit-kinds'

export interface Named {
  name: string
  policy: ModelPolicy
}

/** A limiter in memory. Replies are those of the scripts: numbers as text, with a space between two. */
export class Model {
  now: bigint
  readonly #counts = new Map<string, Counted>()
  readonly #blocks = new Map<string, bigint>()
  readonly #reservations = new Map<string, { cost: bigint; notes: bigint[]; end: bigint; reply: string }>()

  constructor(now: bigint) {
    this.now = now
  }

  #of(key: string, { name, policy }: Named): Counted {
    const known = this.#counts.get(`${key} ${name}`)
    if (known !== undefined) return known
    const fresh = new KINDS[policy.kind]!()
    this.#counts.set(`${key} ${name}`, fresh)
    return fresh
  }

  #blocked(key: string): bigint {
    return notBelow0((this.#blocks.get(key) ?? 0n) - this.now)
  }

  block(key: string, ms: bigint): string {
    this.#blocks.set(key, this.now + ms)
    return ''
  }

  /** One caller: what it is told. A negative cost looks. */
  #one(key: string, policies: readonly Named[], cost: bigint): { told: bigint[]; took: boolean } {
    const blocked = this.#blocked(key)
    if (blocked > 0n) return { told: [-1n, ...policies.flatMap(() => [0n, blocked, blocked])], took: false }
    const units = cost < 0n ? -cost : cost
    const retries = policies.map((named) => {
      if (units > named.policy.limit) return -1n
      return search((ms) => this.#of(key, named).fits(named.policy, units, this.now + ms))
    })
    const isAllowed = retries.every((retry) => retry === 0n)
    const took = isAllowed && cost > 0n
    if (took) for (const named of policies) this.#of(key, named).take(named.policy, units, this.now)
    const each = policies.flatMap((named, i) => {
      const counted = this.#of(key, named)
      return [counted.room(named.policy, this.now), retries[i]!, search((ms) => counted.isFull(named.policy, this.now + ms))]
    })
    return { told: [isAllowed ? 1n : 0n, ...each], took }
  }

  decide(groups: readonly { key: string; policies: readonly Named[]; costs: readonly bigint[] }[]): { reply: string; took: boolean } {
    const each = groups.flatMap(({ key, policies, costs }) => costs.map((cost) => this.#one(key, policies, cost)))
    return { reply: [...each.flatMap(({ told }) => told), this.now].join(' '), took: each.some(({ took }) => took) }
  }

  apply(key: string, policies: readonly Named[], units: bigint): string {
    for (const named of policies) {
      if (units < 0n) this.#of(key, named).giveBack(named.policy, -units, this.now)
      else this.#of(key, named).take(named.policy, units, this.now)
    }
    return [this.now, ...this.#one(key, policies, -1n).told].join(' ')
  }

  reserve(key: string, id: string, policies: readonly Named[], cost: bigint, lease: bigint): string {
    const known = this.#reservations.get(id)
    if (known !== undefined && this.now < known.end) return known.reply
    const { told, took } = this.#one(key, policies, cost)
    const reply = [this.now, ...told].join(' ')
    if (took) {
      const notes = policies.map((named) => this.#of(key, named).note(named.policy, this.now))
      this.#reservations.set(id, { cost, notes, end: this.now + lease, reply })
    }
    return reply
  }

  settle(key: string, id: string, policies: readonly Named[], actual: bigint): string {
    const known = this.#reservations.get(id)
    if (known === undefined || this.now >= known.end) return '0'
    this.#reservations.delete(id)
    policies.forEach((named, i) => {
      const counted = this.#of(key, named)
      if (actual > known.cost) counted.take(named.policy, actual - known.cost, this.now)
      const back = least(known.cost - actual, counted.returnable(named.policy, known.notes[i]!, this.now))
      if (back > 0n) counted.giveBack(named.policy, back, this.now)
    })
    return '1'
  }
}
