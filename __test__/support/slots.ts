export const SLOTS = 16_384

/** CRC16 as of XMODEM, over the hash tag of the key where it has one: "Hash tags" in the Redis Cluster specification. */
export function slotOf(key: string): number {
  const open = key.indexOf('{')
  const close = open < 0 ? -1 : key.indexOf('}', open + 1)
  const hashed = close > open + 1 ? key.slice(open + 1, close) : key
  let crc = 0
  for (const byte of Buffer.from(hashed)) {
    crc ^= byte << 8
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1
    crc &= 0xffff
  }
  return crc % SLOTS
}

/** The slots from `0` to the last, shared out in ranges of the same size. */
export function shares(count: number): { first: number; last: number }[] {
  const edge = (i: number) => Math.floor((SLOTS / count) * i)
  return Array.from({ length: count }, (_, i) => ({ first: edge(i), last: edge(i + 1) - 1 }))
}
