import { between, pick, type Random } from '../random'
import { Register, valueOf } from '../register'
import type { Context, Workload } from '../workload'
import { insist } from '../workload'

/** What a class offers that keeps values by key; one for each client. */
export interface Store {
  set(key: string, value: unknown): Promise<unknown>
  get(key: string): Promise<unknown>
  exists(key: string): Promise<boolean>
  getMany(keys: readonly string[]): Promise<readonly unknown[]>
  remove(key: string): Promise<unknown>
  setMany?(entries: (readonly [string, unknown])[]): Promise<unknown>
  removeMany?(keys: readonly string[]): Promise<unknown>
  /** Removes all whose key begins so. */
  removeAll?(prefix: string): Promise<unknown>
}

const OWNED = 8
/** A walk over all keys has a deadline for each of its steps only. */
const WALK_MS = 30_000

/** Single-writer registers: each worker writes its own, through whatever client, and reads everybody's. */
export class Registers implements Workload {
  readonly #all: Register[] = []

  constructor(
    readonly weight: number,
    readonly name: string,
    readonly stores: readonly Store[],
    readonly context: Context,
  ) {}

  worker(number: number): (random: Random) => Promise<unknown> {
    const { risk, calm, violations } = this.context
    const prefix = `w${number}:`
    const mine = Array.from({ length: OWNED }, (_, i) => new Register(`${prefix}${i}`, risk, calm, violations))
    this.#all.push(...mine)
    return (random) => {
      const store = pick(random, this.stores)
      const chance = random()
      if (chance < 0.3) return this.#set(store, pick(random, mine))
      if (chance < 0.6) return this.#get(store, pick(random, this.#all))
      if (chance < 0.7) return this.#getMany(store, Array.from({ length: between(random, 2, 30) }, () => pick(random, this.#all)))
      if (chance < 0.75) return this.#exists(store, pick(random, this.#all))
      if (chance < 0.8) return this.#remove(store, pick(random, mine))
      if (chance < 0.9) return this.#setMany(store, mine.slice(0, between(random, 2, OWNED)))
      if (chance < 0.99) return this.#removeMany(store, mine.slice(0, between(random, 2, OWNED)))
      return this.#removeAll(store, prefix, mine)
    }
  }

  async #set(store: Store, register: Register): Promise<void> {
    const n = register.write('value')
    register.wrote(n, await this.context.judge.run(`${this.name}.set`, () => store.set(register.key, valueOf(register.key, n))))
  }

  async #get(store: Store, register: Register): Promise<void> {
    const [what, reading] = [`${this.name}.get`, register.read()]
    const told = await this.context.judge.run(what, () => store.get(register.key))
    if (told.outcome === 'acknowledged') register.found(what, reading, told.reply ?? null)
  }

  async #exists(store: Store, register: Register): Promise<void> {
    const [what, reading] = [`${this.name}.exists`, register.read()]
    const told = await this.context.judge.run(what, () => store.exists(register.key))
    if (told.outcome === 'acknowledged') register.exists(what, reading, told.reply!)
  }

  async #getMany(store: Store, registers: readonly Register[]): Promise<void> {
    const what = `${this.name}.getMany`
    const readings = registers.map((register) => ({ register, reading: register.read() }))
    const told = await this.context.judge.run(what, () => store.getMany(registers.map(({ key }) => key)))
    if (told.outcome !== 'acknowledged') return
    readings.forEach(({ register, reading }, i) => register.found(what, reading, told.reply![i] ?? null))
  }

  async #remove(store: Store, register: Register): Promise<void> {
    const n = register.write('gone')
    register.wrote(n, await this.context.judge.run(`${this.name}.delete`, () => store.remove(register.key)))
  }

  async #setMany(store: Store, registers: readonly Register[]): Promise<void> {
    if (store.setMany === undefined) return
    const writes = registers.map((register) => ({ register, n: register.write('value') }))
    const entries = writes.map(({ register: { key }, n }) => [key, valueOf(key, n)] as const)
    const told = await this.context.judge.run(`${this.name}.setMany`, () => store.setMany!(entries))
    for (const { register, n } of writes) register.wrote(n, told)
  }

  async #removeMany(store: Store, registers: readonly Register[]): Promise<void> {
    if (store.removeMany === undefined) return
    const keys = registers.map(({ key }) => key)
    const writes = registers.map((register) => ({ register, n: register.write('gone') }))
    const told = await this.context.judge.run(`${this.name}.deleteMany`, () => store.removeMany!(keys))
    for (const { register, n } of writes) register.wrote(n, told)
  }

  async #removeAll(store: Store, prefix: string, registers: readonly Register[]): Promise<void> {
    if (store.removeAll === undefined) return
    const writes = registers.map((register) => ({ register, n: register.write('gone') }))
    const told = await this.context.judge.run(`${this.name}.deletePattern`, () => store.removeAll!(prefix), { deadlineMs: WALK_MS })
    for (const { register, n } of writes) register.wrote(n, told)
  }

  async sweep(): Promise<void> {
    const [what, store] = [`${this.name}.getMany`, this.stores[0]!]
    for (let at = 0; at < this.#all.length; at += 50) {
      const some = this.#all.slice(at, at + 50)
      const told = await insist(this.context.judge, what, async () => {
        const readings = some.map((register) => register.read())
        return { readings, values: await store.getMany(some.map(({ key }) => key)) }
      })
      const { readings, values } = told.reply!
      some.forEach((register, i) => register.found(what, readings[i]!, values[i] ?? null))
    }
  }
}
