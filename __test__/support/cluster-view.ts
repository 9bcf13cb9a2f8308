import { SLOTS } from './slots'

/** What one node says of one: a line of `CLUSTER NODES`. */
export interface Seen {
  id: string
  flags: string[]
  /** The id of its master, or `-`. */
  master: string
  epoch: number
  connected: boolean
  slots: [first: number, last: number][]
  /** Slots on their way, as `[slot->-id]` and `[slot-<-id]`. */
  moving: string[]
}

export function parseView(text: string): Seen[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [id, , flags, master, , , epoch, link, ...slots] = line.split(' ') as [string, string, string, string, string, string, string, string, ...string[]]
      return {
        id,
        flags: flags.split(','),
        master,
        epoch: Number(epoch),
        connected: link === 'connected',
        slots: slots.filter((slot) => !slot.startsWith('[')).map(range),
        moving: slots.filter((slot) => slot.startsWith('[')),
      }
    })
}

function range(text: string): [number, number] {
  const [first, last = first] = text.split('-').map(Number) as [number, number?]
  return [first, last]
}

export const selfIn = (view: Seen[]) => view.find(({ flags }) => flags.includes('myself'))!

/** Whether it is linked to, and neither suspected nor unknown. */
export const isSound = ({ connected, flags }: Seen) => connected && !flags.some((flag) => /^(fail\??|handshake|noaddr)$/.test(flag))

export const isMaster = ({ flags }: Seen) => flags.includes('master')

export const owns = ({ slots }: Seen, slot: number) => slots.some(([first, last]) => first <= slot && slot <= last)

/** Who has which slots, in one line: the same where two nodes agree. */
export const map = (view: Seen[]) => line(view, ({ id }) => id)

/** As `map`, with the epochs: who does not know the last one may still be told otherwise. */
export const settledMap = (view: Seen[]) => line(view, ({ id, epoch }) => `${id}@${epoch}`)

/**
 * Whether each who serves has an epoch that no other has. Where two have the same, one of them takes a new one by itself; if it is gone
 * before all have heard of that, it takes its slots back from whoever followed it.
 */
export function haveOwnEpochs(view: Seen[]): boolean {
  const epochs = view.filter(({ slots }) => slots.length > 0).map(({ epoch }) => epoch)
  return new Set(epochs).size === epochs.length
}

function line(view: Seen[], name: (seen: Seen) => string): string {
  return view
    .filter(({ slots }) => slots.length > 0)
    .map((seen) => `${name(seen)}:${seen.slots.map((slot) => slot.join('-')).join()}`)
    .sort()
    .join(' ')
}

export const isCovered = (view: Seen[]) => view.flatMap(({ slots }) => slots).reduce((sum, [first, last]) => sum + last - first + 1, 0) === SLOTS
