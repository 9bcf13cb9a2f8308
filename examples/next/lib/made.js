let count = 0

/** When something was made, by which process, and as its how manyeth. No two are alike, so one sees what was taken out of a cache. */
export function made() {
  return { at: new Date().toISOString(), by: process.pid, number: ++count }
}
