import type { Attempt } from '../history/attempt'

/** Where a process holds a resource. One that took the place of another has the same lane. */
export interface Lane {
  readonly resource: string
  readonly place: string
  readonly attempts: readonly Attempt[]
}

/** A lane for each resource and process, those of a resource together. */
export function lanes(attempts: readonly Attempt[]): Lane[] {
  const held = attempts.filter(({ believed }) => believed !== undefined)
  const resources = distinct(held.flatMap(({ job }) => job.resources))
  const places = distinct(attempts.map(placeOf))
  return resources.flatMap((resource) =>
    places.map((place) => ({ resource, place, attempts: held.filter((attempt) => placeOf(attempt) === place && attempt.job.resources.includes(resource)) })),
  )
}

export const placeOf = ({ process }: Pick<Attempt, 'process'>) => process.split('.')[0]!

const distinct = (words: readonly string[]) => [...new Set(words)].sort()

/** What became of the writes of one who held. */
export function fate({ writes }: Attempt): 'accepted' | 'refused' | 'none' {
  const answers = writes.flatMap(({ accepted = {} }) => Object.values(accepted))
  if (answers.includes(false)) return 'refused'
  return answers.includes(true) ? 'accepted' : 'none'
}
