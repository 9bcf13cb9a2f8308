// The servers of the tests end with Node's test runner, which would print a summary of no tests.

export default async function* silent(events) {
  for await (const _ of events) yield ''
}
