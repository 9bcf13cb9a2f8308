import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import type { Redis } from '../../index.js'
import { fresh } from './cache-tools'
import { type ScriptName, type Scripts, SessionDriver, type Stored } from './session-driver'
import { MOST, SessionModel, TOMBSTONE_MS } from './session-model'

const ACTS = ['read', 'see', 'see', 'write', 'write', 'make', 'touch', 'touch', 'destroy', 'again', 'rotate', 'rotate', 'rotate', 'bind', 'create', 'create', 'renew', 'renew', 'bury', 'everywhere', 'pass'] as const

/** Between two steps: mostly short, sometimes until tombstones, sessions and the longest life are over. */
const PAUSE = fc.oneof({ weight: 20, arbitrary: fc.nat(400) }, { weight: 6, arbitrary: fc.nat(20_000) }, { weight: 1, arbitrary: fc.nat(120_000) })
const MOVE = fc.record({ act: fc.constantFrom(...ACTS), client: fc.nat(2), which: fc.nat(5), user: fc.nat(1), idle: fc.constantFrom(500, 30_000, 60_000, 300_000), grace: fc.constantFrom(0, 100, 30_000), ms: PAUSE })
type Move = typeof MOVE extends fc.Arbitrary<infer T> ? T : never
export const MOVES = fc.array(MOVE, { minLength: 10, maxLength: 60, size: 'max' })

/** What one request knows. */
interface Client {
  /** Of each name, what was read last. */
  read: Map<string, { v: string; index: string; d: string }>
  /** Sessions whose index is to be told, of which it has not come to that. */
  due: { name: string; index: string; until: string }[]
  /** Sessions that have to go, of which it has not come to that. */
  doomed: { index: string; names: string[] }[]
  last: { script: ScriptName; keys: string[]; args: string[] } | undefined
}

const nameOf = (text: string) => text.padEnd(43, '.')

/** Walks through moves of three requests on the scripts, and holds every answer and all that is stored against the machine. */
export async function assertWalk(redis: Redis, scripts: Scripts, moves: readonly Move[], absolute: number): Promise<void> {
  const space = `${fresh('walk')}:`
  await new Walk(redis, scripts, space, absolute).all(moves)
}

class Walk {
  readonly #driver: SessionDriver
  readonly #model: SessionModel
  readonly #space: string
  readonly #absolute: string
  readonly #clients: Client[] = [0, 1, 2].map(() => ({ read: new Map(), due: [], doomed: [], last: undefined }))
  /** All names that there were; of these the last four are asked for. */
  readonly #names = [nameOf('id0'), nameOf('id1')]
  readonly #indexes = ['alice', 'bob'].map(nameOf)
  readonly #redis: Redis
  #count = 0

  constructor(redis: Redis, scripts: Scripts, space: string, absolute: number) {
    this.#redis = redis
    this.#driver = new SessionDriver(redis, scripts, `${space}ends`)
    this.#model = new SessionModel(absolute)
    this.#space = space
    this.#absolute = String(absolute)
  }

  async all(moves: readonly Move[]): Promise<void> {
    try {
      for (const move of moves) {
        this.#model.now += move.ms
        await this.#step(move, this.#clients[move.client]!)
      }
    } finally {
      await this.#redis.command('DEL', `${this.#space}ends`, ...this.#keys())
    }
  }

  #keys(): string[] {
    return [...this.#names.map((name) => this.#space + name), ...this.#indexes.map((name) => `${this.#space}user:${name}`)]
  }

  async #call(script: ScriptName, keys: string[], args: string[]): Promise<any[]> {
    const { told, stored } = await this.#driver.run(this.#model.now, script, keys, args, this.#keys())
    const expected = this.#model.expect(script, keys.map((key) => key.slice(this.#space.length)), args)
    if (expected !== undefined) assert.deepEqual(told, expected, `${script} ${args.join(' ')}`)
    this.#judge(stored)
    return told
  }

  /** What must hold of all that is stored, whatever was done. */
  #judge(stored: Map<string, Stored>): void {
    for (const [key, { ends }] of stored) assert.notEqual(ends ?? null, null, `${key} has no end`)
    for (const name of this.#names) {
      const [there, it] = [stored.get(this.#space + name), this.#model.at(name)]
      if (it === undefined) continue
      assert.ok(there !== undefined, `${name} is not there any more`)
      assert.equal(there.ends, it.ends, `${name} ends at another time`)
      if (it.state !== 'live' || it.index === '') continue
      const index = stored.get(`${this.#space}user:${it.index}`)
      const until = Math.abs(index?.scores?.[name] ?? 0)
      assert.ok(until >= it.ends, `${name} outlives what its index knows of it`)
      assert.ok(index!.ends! >= until, `the index of ${name} ends before it`)
    }
    for (const index of this.#indexes) {
      const scores = Object.entries(stored.get(`${this.#space}user:${index}`)?.scores ?? {})
      // What is none any more is found to be none when it comes to that.
      assert.ok(scores.filter(([name, score]) => score > 0 && this.#isOf(name, index)).length <= MOST, `${index} has too many`)
    }
  }

  #fresh(what: string): string {
    return `${what}${++this.#count}`
  }

  #newName(): string {
    const name = nameOf(this.#fresh('n'))
    this.#names.push(name)
    return name
  }

  async #step(move: Move, client: Client): Promise<void> {
    const { act, which, user, idle, grace } = move
    const name = this.#names.at(-1 - (which % Math.min(4, this.#names.length)))!
    const key = this.#space + name
    const [index, known] = [this.#indexes[user]!, client.read.get(name)]
    const own = (script: ScriptName, args: string[], keys = [key]) => {
      client.last = { script, keys, args: [this.#absolute, ...args] }
      return this.#call(script, keys, client.last.args)
    }
    switch (act) {
      case 'read':
      case 'see': {
        const told = await own('READ', [act === 'see' ? '1' : '0'])
        if (told[0] === 1) client.read.set(name, { v: told[2], d: told[3], index: told[6] })
        return this.#note(client, name, told[6], told[12])
      }
      case 'make':
      case 'write': {
        if (act === 'write' && known === undefined) return this.#step({ ...move, act: 'read' }, client)
        const made = this.#fresh('v')
        const told = await own('WRITE', [act === 'make' ? '' : known!.v, made, String(idle), this.#fresh('data'), 'c', '1'])
        if (told[0] === 1) client.read.set(name, { v: made, d: client.last!.args[4]!, index: told[2] })
        return this.#note(client, name, told[2], told[4])
      }
      case 'touch': {
        const told = await own('TOUCH', [which % 2 === 0 ? '' : String(idle), which % 3 === 0 ? '1' : '0', this.#fresh('cookie'), which % 3 === 2 ? '' : (known?.v ?? '')])
        return this.#note(client, name, told[2], told[4])
      }
      case 'destroy':
        await own('DESTROY', [String(TOMBSTONE_MS), this.#fresh('by'), which % 2 === 0 ? '1' : '0'])
        return
      case 'again':
        // The reply was lost, and it is sent again.
        if (client.last !== undefined && client.last.script !== 'ROTATE') await this.#call(client.last.script, client.last.keys, client.last.args)
        return
      case 'rotate': {
        if (known === undefined) return this.#step({ ...move, act: 'read' }, client)
        const to = this.#newName()
        const index = known.index === '' ? [] : [`${this.#space}user:${known.index}`]
        const whose = known.index === '' ? ['', ''] : [`of ${known.index}`, 'm']
        const told = await own('ROTATE', [known.v, known.index, to, String(grace), String(TOMBSTONE_MS), known.d, ...whose, name], [key, this.#space + to, ...index])
        if (told[0] === 1) client.read.set(to, known)
        return
      }
      case 'bind': {
        const it = this.#model.at(name)
        const told = await this.#admit(client, 'BIND', key, [`of ${index}`, index, 'm', ''], name, index)
        if (it?.state !== 'live') assert.ok(told[0] <= 0 || told[0] === 2, 'it was bound')
        else if (told[0] === 1) this.#model.bound(name, index)
        if (told[0] === 1 && told[1] !== '' && told[1] !== index) await this.#redis.command('ZREM', `${this.#space}user:${told[1]}`, name)
        return this.#doom(client, index, told.slice(2))
      }
      case 'create': {
        const [made, version, data] = [this.#newName(), this.#fresh('v'), this.#fresh('data')]
        const told = await this.#admit(client, 'CREATE', this.#space + made, [version, String(idle), data, `of ${index}`, index, 'm'], made, index)
        assert.equal(told[0], 1)
        this.#model.created(made, version, data, index, idle)
        return this.#doom(client, index, told.slice(4))
      }
      case 'renew': {
        const due = client.due.shift()
        if (due === undefined) return
        await this.#call('ENLIST', [`${this.#space}user:${due.index}`], [due.until, due.name, '0', 'ask', '0'])
        this.#model.marked(due.name, due.index, Number(due.until))
        await this.#call('MARK', [this.#space + due.name], [this.#absolute, due.index, due.until])
        return
      }
      case 'bury': {
        const doomed = client.doomed.shift()
        if (doomed !== undefined) await this.#bury(doomed.index, doomed.names)
        return
      }
      case 'everywhere': {
        const told = await this.#call('MEMBERS', [`${this.#space}user:${index}`], [])
        const theirs = this.#names.filter((name) => this.#isOf(name, index))
        await this.#bury(index, told.slice(1).filter((_, i) => i % 2 === 0))
        assert.ok(theirs.every((name) => !this.#isOf(name, index)), 'one was not ended')
        return
      }
      default:
        this.#judge((await this.#driver.run(this.#model.now, '', [], [], this.#keys())).stored)
    }
  }

  #isOf(name: string, index: string): boolean {
    const it = this.#model.at(name)
    return it?.state === 'live' && it.index === index
  }

  #note(client: Client, name: string, index: string, due: number): void {
    if (due > 0) client.due.push({ name, index, until: String(due) })
  }

  #doom(client: Client, index: string, names: string[]): void {
    if (names.length > 0) client.doomed.push({ index, names })
  }

  /** Enters a session into an index, as the native half does. */
  async #admit(client: Client, script: ScriptName, key: string, args: string[], name: string, index: string): Promise<any[]> {
    const keys = [key, `${this.#space}user:${index}`]
    const how = (how: string, dead: string[], order: string[]) => [this.#absolute, ...args, name, String(MOST), how, String(dead.length), ...dead, ...order]
    const told = await this.#driver.run(this.#model.now, script, keys, how('ask', [], []), []).then(({ told }) => told)
    client.last = undefined
    if (told[0] !== 4) return told
    const names = told.slice(1) as string[]
    const seen = (await this.#call('SEEN', names.map((name) => this.#space + name), [this.#absolute, index])).slice(1) as number[]
    for (const [i, name] of names.entries()) {
      const it = this.#model.at(name)
      assert.equal(seen[i]! >= 0, it?.state === 'live', `${name} lives, or does not`)
    }
    const order = names.map((name, i) => [seen[i]!, name] as const).sort(([a], [b]) => a - b)
    const dead = order.filter(([seen]) => seen < 0).map(([, name]) => name)
    const { told: end } = await this.#driver.run(this.#model.now, script, keys, how('evict', dead, order.filter(([seen]) => seen >= 0).map(([, name]) => name)), [])
    assert.notEqual(end[0], 4)
    return end
  }

  async #bury(index: string, names: string[]): Promise<void> {
    for (let left = names; left.length > 0; ) {
      const by = this.#fresh('by')
      const known = left.map((name) => this.#model.at(name))
      const told = (await this.#buried(index, left, by)).slice(1)
      const next: string[] = []
      left.forEach((name, i) => {
        const it = known[i]
        const expected = it === undefined ? 0 : it.state !== 'live' ? it.to || 0 : it.index === index ? 1 : 2
        assert.equal(told[i], expected, `${name} of ${index}`)
        if (typeof expected === 'string') next.push(expected)
      })
      left = next
    }
  }

  async #buried(index: string, names: string[], by: string): Promise<any[]> {
    const { told } = await this.#driver.run(this.#model.now, 'DESTROY_ALL', names.map((name) => this.#space + name), [this.#absolute, String(TOMBSTONE_MS), by, index], [])
    names.forEach((name, i) => told[i + 1] === 1 && this.#model.buried(name, by))
    this.#judge((await this.#driver.run(this.#model.now, '', [], [], this.#keys())).stored)
    return told
  }
}
