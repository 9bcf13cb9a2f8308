import { now } from '../__test__/support/noise'

/** Who keeps account of what was acknowledged. */
export interface Account {
  /** The servers may have lost what was acknowledged while at risk; or it is known that they have not. */
  decided(lost: boolean): void
  /** Everything may be lost that was acknowledged until now. */
  emptied(): void
}

/** Spans in which servers may lose what they acknowledge, since they copy without being waited for. */
export class Risk {
  readonly #accounts = new Set<Account>()
  #open = false
  #closedAt = -Infinity

  watch<T extends Account>(account: T): T {
    this.#accounts.add(account)
    return account
  }

  forget(account: Account): void {
    this.#accounts.delete(account)
  }

  open(): void {
    this.#open = true
  }

  close(lost: boolean): void {
    this.#open = false
    this.#closedAt = now()
    for (const account of this.#accounts) account.decided(lost)
  }

  empty(): void {
    for (const account of this.#accounts) account.emptied()
  }

  /** Whether what was begun then and has just been acknowledged is at risk. */
  touches(begun: number): 'not' | 'undecided' | 'lost' {
    if (this.#open) return 'undecided'
    return begun <= this.#closedAt ? 'lost' : 'not'
  }
}

/**
 * What a caller was left in doubt about may still be on its way, and take effect after what was acknowledged later on another connection.
 * Not for ever: when all is well again and some time has passed, nothing that ended `before` is on its way.
 */
export class Calm {
  #before = -Infinity
  #since = -Infinity

  mark(before: number): void {
    this.#before = before
    this.#since = now()
  }

  /** Whether what ended in doubt then can no longer undo what began then. */
  liesBetween(doubt: number, begun: number): boolean {
    return doubt <= this.#before && begun >= this.#since
  }
}
