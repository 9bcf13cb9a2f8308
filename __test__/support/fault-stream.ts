import type net from 'node:net'

/** What a stream carries: bytes, its end, or the loss of its source. */
export type Item = Buffer | 'end' | 'close'

/** What becomes of an item; `undefined` loses it. */
type Filter = (item: Item) => Item | undefined

/** What holds for all streams of a proxy, read anew for each item. */
interface Rules {
  readonly frozen: boolean
  readonly delayMs: number
}

/** One direction of a connection: items leave in the order in which they came, each when it is due and nothing is frozen. */
export class Stream {
  readonly #rules: Rules
  readonly #to: net.Socket
  readonly #filter: Filter
  readonly #queue: { item: Item; dueAt: number }[] = []
  #timer: NodeJS.Timeout | undefined

  constructor(rules: Rules, from: net.Socket, to: net.Socket, filter: Filter) {
    this.#rules = rules
    this.#to = to
    this.#filter = filter
    from.setNoDelay(true)
    from.on('error', () => {})
    from.on('data', (chunk) => this.#add(chunk))
    from.on('end', () => this.#add('end'))
    from.on('close', () => this.#add('close'))
  }

  pump(): void {
    for (let head = this.#queue[0]; head !== undefined && !this.#rules.frozen; head = this.#queue[0]) {
      const wait = head.dueAt - Date.now()
      if (wait > 0) {
        this.#wake(wait)
        return
      }
      this.#queue.shift()
      this.#forward(this.#filter(head.item))
    }
  }

  #wake(wait: number): void {
    if (this.#timer !== undefined) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.pump()
    }, wait)
  }

  #forward(item: Item | undefined): void {
    if (item === 'close') this.#to.destroySoon()
    else if (item !== undefined && this.#to.writable) {
      if (item === 'end') this.#to.end()
      else this.#to.write(item)
    }
  }

  #add(item: Item): void {
    this.#queue.push({ item, dueAt: Date.now() + this.#rules.delayMs })
    this.pump()
  }
}
