import { ask, type Answer } from './next-page'
import { until } from './until'

export interface Row {
  step: string
  answer: string
}

/**
 * Writes down what an instance answers, in words that are the same for two instances that behave alike: not when something was made, but whether it is
 * `new`, the `same` as last time, an `old` one come back, or as the build has left it (`built`).
 */
export class Journal {
  readonly rows: Row[] = []
  readonly url: string
  readonly #began = Date.now()
  readonly #seen = new Map<string, string[]>()

  /** @param url of an instance that has just been started */
  constructor(url: string) {
    this.url = url
  }

  /** Asks once. `names` are the stamps that are looked at. */
  async once(step: string, path: string, names: readonly string[] = [], how: (url: string) => Promise<Answer> = ask): Promise<Answer> {
    const answer = await how(this.url + path)
    this.write(step, path, answer, names)
    return answer
  }

  write(step: string, path: string, answer: Answer, names: readonly string[]): void {
    const stamps = names.map((name) => `${name} ${this.#word(path, name, answer)}`)
    this.note(`${path}: ${step}`, [answer.status, answer.cache, ...stamps].join(' '))
  }

  note(step: string, answer: string): void {
    this.rows.push({ step, answer })
  }

  /** Asks until it has been made anew behind the answers, and once more. */
  async settles(path: string, name: string): Promise<void> {
    const old = this.last(path, name)
    await until(`${path} is made anew`, async () => {
      const answer = await ask(this.url + path)
      const stamp = answer.stamps.get(name)
      if (stamp === undefined || stamp === old) return false
      this.remember(path, name, stamp)
      return answer.cache === 'HIT' || answer.cache === '-'
    })
    await this.once('behind that it was made anew', path, [name])
  }

  last(path: string, name: string): string | undefined {
    return this.#seen.get(`${path} ${name}`)?.at(-1)
  }

  #word(path: string, name: string, { stamps }: Answer): string {
    const stamp = stamps.get(name)
    if (stamp === undefined) return 'missing'
    const known = this.#seen.get(`${path} ${name}`) ?? []
    if (stamp === known.at(-1)) return 'same'
    const word = known.includes(stamp) ? 'old' : Date.parse(stamp.split('/')[0]!) < this.#began ? 'built' : 'new'
    this.remember(path, name, stamp)
    return word
  }

  /** Has it seen, though no step is written down. */
  remember(path: string, name: string, stamp: string): void {
    const key = `${path} ${name}`
    const known = this.#seen.get(key) ?? []
    if (!known.includes(stamp)) this.#seen.set(key, [...known, stamp])
  }
}

/** Two journals side by side, and the steps at which they differ. */
export function compare(left: readonly Row[], right: readonly Row[]): { table: string; differences: Row[] } {
  const width = Math.max(...left.map(({ step }) => step.length))
  const column = Math.max(...left.map(({ answer }) => answer.length))
  const differences: Row[] = []
  const lines = left.map(({ step, answer }, i) => {
    const other = right[i]
    const same = other?.step === step && other.answer === answer
    if (!same) differences.push({ step, answer: `'${answer}' became '${other?.step === step ? other.answer : `another step: ${other?.step}`}'` })
    return `${same ? ' ' : '≠'} ${step.padEnd(width)}  ${answer.padEnd(column)}  ${same ? '' : other?.answer}`.trimEnd()
  })
  return { table: lines.join('\n'), differences }
}
