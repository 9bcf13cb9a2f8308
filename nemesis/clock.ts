/** In ms of `CLOCK_MONOTONIC`: the same clock for all processes of a machine, and one that nobody sets. */
export type Moment = number

export const now = (): Moment => Number(process.hrtime.bigint()) / 1e6
