import type { History } from '../history/history'
import type { Violation } from './violation'

/** A process ends when it is told to, and has nothing to complain about. */
export function ending({ ends }: History): Violation[] {
  return ends
    .filter(({ killed, code, said }) => !killed && (code !== 0 || said !== ''))
    .map(({ process, code, said, at }) => ({ rule: 'ending', what: `${process} ended ${code === null ? 'by no code' : `with code ${code}`}: ${said.slice(0, 2000)}`, at }))
}
