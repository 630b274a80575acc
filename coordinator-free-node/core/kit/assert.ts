/** Broken invariants: faults of this program, told as a story to whoever reads the report. */

/** @throws {Error} when `condition` does not hold */
export function assert(condition: boolean, story: string): asserts condition {
  if (!condition) throw new Error(`invariant broken: ${story}`)
}

/** Ends a `switch` over a union: the compiler refuses a case that was forgotten. */
export function assertNever(value: never, what: string): never {
  throw new Error(`invariant broken: unexpected ${what}: ${JSON.stringify(value)}`)
}
