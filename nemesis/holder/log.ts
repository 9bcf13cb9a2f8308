import fs from 'node:fs'
import type { Line } from '../history/line'

/** Each line is in the kernel's hands before anything else happens: a process that is killed has said all that it did. */
export class Log {
  readonly #fd: number

  constructor(file: string) {
    this.#fd = fs.openSync(file, 'a')
  }

  write(line: Line): void {
    fs.writeSync(this.#fd, `${JSON.stringify(line)}\n`)
  }
}
