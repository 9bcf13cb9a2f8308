/** Numbers from 0 up to 1, the same from the same seed. */
export type Random = () => number

/** Mulberry32 (Tommy Ettinger, 2017): 32 bits of state, which is plenty for choosing faults. */
function mulberry32(state: number): Random {
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** A stream of its own for each name, so that what one part draws does not shift what another gets. */
export function randomFor(seed: number, name: string): Random {
  let hash = seed ^ 0x811c9dc5
  for (const byte of Buffer.from(name)) hash = Math.imul(hash ^ byte, 0x01000193)
  return mulberry32(hash)
}

/** An integer from `first` to `last`. */
export const between = (random: Random, first: number, last: number) => first + Math.floor(random() * (last - first + 1))

export function pick<T>(random: Random, items: readonly T[]): T {
  if (items.length === 0) throw new Error('nothing to choose from')
  return items[Math.floor(random() * items.length)]!
}

export function shuffled<T>(random: Random, items: readonly T[]): T[] {
  const rest = [...items]
  return items.map(() => rest.splice(Math.floor(random() * rest.length), 1)[0]!)
}
