import type { Duration } from 'redwright'

export const right: Duration[] = [1, 0.5, Infinity, '250ms', '10s', '5m', '2h', '7d', '1.5h']

export const wrong: Duration[] = [
  // @ts-expect-error -- no unit
  '10',
  // @ts-expect-error -- no number
  's',
  // @ts-expect-error -- an unknown unit
  '2 weeks',
  // @ts-expect-error -- a bigint
  10n,
  // @ts-expect-error -- a date
  new Date(),
]
