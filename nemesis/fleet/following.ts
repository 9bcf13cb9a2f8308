import fs from 'node:fs'
import { Reading } from '../history/reading'

/** Reads what a process writes down, as far as it has come. */
export class Following {
  readonly reading: Reading
  readonly #fd: number
  #offset = 0
  #rest = ''

  constructor(process: string, file: string) {
    this.reading = new Reading(process)
    this.#fd = fs.openSync(file, 'a+')
  }

  /** Takes in what has come since. A last line that is not whole waits for its end. */
  catchUp(): Reading {
    const buffer = Buffer.alloc(65_536)
    for (let read = 1; read > 0; ) {
      read = fs.readSync(this.#fd, buffer, 0, buffer.length, this.#offset)
      this.#offset += read
      const lines = (this.#rest + buffer.toString('latin1', 0, read)).split('\n')
      this.#rest = lines.pop()!
      for (const line of lines) this.reading.take(JSON.parse(line))
    }
    return this.reading
  }

  close(): void {
    fs.closeSync(this.#fd)
  }
}
