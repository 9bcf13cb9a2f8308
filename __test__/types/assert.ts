/** `true` where both types are the same, `any` and optionality included. */
export type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

/** Compiles only where the type of `value` is exactly `Expected`: `is<string>()(value)`. */
export function is<Expected>() {
  return <Actual>(_value: Actual, ..._mismatch: Same<Actual, Expected> extends true ? [] : [expected: Expected]): void => {}
}
