// The algorithms as their definitions have them, in memory and in no hurry: times to wait are searched for, not reckoned.

export interface ModelPolicy {
  kind: 0 | 1 | 2 | 3
  limit: bigint
  span: bigint
  rate: bigint
}

/** What was counted under one policy. */
export interface Counted {
  /** Whether so many units fit at a time at which nothing else has come. */
  fits(policy: ModelPolicy, cost: bigint, at: bigint): boolean
  /** Whether all of the limit is there. */
  isFull(policy: ModelPolicy, at: bigint): boolean
  room(policy: ModelPolicy, at: bigint): bigint
  take(policy: ModelPolicy, units: bigint, at: bigint): void
  giveBack(policy: ModelPolicy, units: bigint, at: bigint): void
  /** What is noted when units are reserved, and how many of them may be given back when they are settled. */
  note(policy: ModelPolicy, at: bigint): bigint
  returnable(policy: ModelPolicy, noted: bigint, at: bigint): bigint
}

const ALL = 1n << 100n
export const least = (one: bigint, other: bigint) => (one < other ? one : other)
export const notBelow0 = (number: bigint) => (number < 0n ? 0n : number)

class Fixed implements Counted {
  #used = 0n
  #end = 0n

  #at(at: bigint): bigint {
    return at < this.#end ? this.#used : 0n
  }
  fits({ limit }: ModelPolicy, cost: bigint, at: bigint) {
    return this.#at(at) + cost <= limit
  }
  isFull(_: ModelPolicy, at: bigint) {
    return at >= this.#end
  }
  room({ limit }: ModelPolicy, at: bigint) {
    return notBelow0(limit - this.#at(at))
  }
  take({ span }: ModelPolicy, units: bigint, at: bigint) {
    this.#used = this.#at(at) + units
    if (at >= this.#end) this.#end = at + span
  }
  giveBack(_: ModelPolicy, units: bigint, at: bigint) {
    this.#used = notBelow0(this.#at(at) - units)
  }
  note() {
    return this.#end
  }
  returnable(_: ModelPolicy, noted: bigint, at: bigint) {
    return at < this.#end && noted === this.#end ? ALL : 0n
  }
}

class Log implements Counted {
  #entries: { at: bigint; units: bigint }[] = []

  #within({ span }: ModelPolicy, at: bigint) {
    return this.#entries.filter((entry) => at < entry.at + span)
  }
  #used(policy: ModelPolicy, at: bigint) {
    return this.#within(policy, at).reduce((sum, { units }) => sum + units, 0n)
  }
  fits(policy: ModelPolicy, cost: bigint, at: bigint) {
    return this.#used(policy, at) + cost <= policy.limit
  }
  isFull(policy: ModelPolicy, at: bigint) {
    return this.#used(policy, at) === 0n
  }
  room(policy: ModelPolicy, at: bigint) {
    return notBelow0(policy.limit - this.#used(policy, at))
  }
  take(policy: ModelPolicy, units: bigint, at: bigint) {
    this.#entries = [...this.#within(policy, at), { at, units }]
  }
  giveBack(policy: ModelPolicy, units: bigint, at: bigint) {
    this.#entries = this.#within(policy, at)
    for (let left = units; left > 0n && this.#entries.length > 0; ) {
      const newest = this.#entries.at(-1)!
      const some = least(left, newest.units)
      left -= some
      newest.units -= some
      if (newest.units === 0n) this.#entries.pop()
    }
  }
  note(_: ModelPolicy, at: bigint) {
    return at
  }
  returnable({ span }: ModelPolicy, noted: bigint, at: bigint) {
    return at < noted + span ? ALL : 0n
  }
}

class Counter implements Counted {
  #windows = new Map<bigint, bigint>()

  #in(window: bigint) {
    return this.#windows.get(window) ?? 0n
  }
  /** In parts of a unit, of which there are `span`. */
  #used({ span }: ModelPolicy, at: bigint) {
    const window = at / span
    return this.#in(window - 1n) * (span - (at % span)) + this.#in(window) * span
  }
  fits(policy: ModelPolicy, cost: bigint, at: bigint) {
    return this.#used(policy, at) + cost * policy.span <= policy.limit * policy.span
  }
  isFull(policy: ModelPolicy, at: bigint) {
    return this.#used(policy, at) === 0n
  }
  room(policy: ModelPolicy, at: bigint) {
    return notBelow0(policy.limit * policy.span - this.#used(policy, at)) / policy.span
  }
  take({ span }: ModelPolicy, units: bigint, at: bigint) {
    this.#windows.set(at / span, this.#in(at / span) + units)
  }
  giveBack({ span }: ModelPolicy, units: bigint, at: bigint) {
    this.#windows.set(at / span, notBelow0(this.#in(at / span) - units))
  }
  note({ span }: ModelPolicy, at: bigint) {
    return at / span
  }
  returnable({ span }: ModelPolicy, noted: bigint, at: bigint) {
    return at / span === noted ? ALL : 0n
  }
}

class Debt implements Counted {
  #debt = 0n
  #since = 0n

  #at({ rate }: ModelPolicy, at: bigint) {
    return notBelow0(this.#debt - (at - this.#since) * rate)
  }
  fits(policy: ModelPolicy, cost: bigint, at: bigint) {
    return this.#at(policy, at) + cost * policy.span <= policy.limit * policy.span
  }
  isFull(policy: ModelPolicy, at: bigint) {
    return this.#at(policy, at) === 0n
  }
  room(policy: ModelPolicy, at: bigint) {
    return notBelow0(policy.limit * policy.span - this.#at(policy, at)) / policy.span
  }
  take(policy: ModelPolicy, units: bigint, at: bigint) {
    this.#debt = this.#at(policy, at) + units * policy.span
    this.#since = at
  }
  giveBack(policy: ModelPolicy, units: bigint, at: bigint) {
    this.#debt = notBelow0(this.#at(policy, at) - units * policy.span)
    this.#since = at
  }
  /** When all that was owed then has drained. */
  note(policy: ModelPolicy, at: bigint) {
    return at + search((ms) => this.isFull(policy, at + ms))
  }
  /** What has drained is nobody's any more. */
  returnable({ span, rate }: ModelPolicy, noted: bigint, at: bigint) {
    return (notBelow0(noted - at) * rate) / span
  }
}

/** The least time, from 0 on, at which something is so that stays so. */
export function search(isSo: (ms: bigint) => boolean): bigint {
  if (isSo(0n)) return 0n
  let high = 1n
  while (!isSo(high)) high *= 2n
  let low = high / 2n
  // Not so at `low`, so at `high`.
  while (high - low > 1n) {
    const middle = (low + high) / 2n
    if (isSo(middle)) high = middle
    else low = middle
  }
  return high
}

export const KINDS = [Fixed, Log, Counter, Debt]
