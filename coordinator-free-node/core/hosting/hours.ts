/**
 * Hours of the week in which a volunteer gives its machine. Times are local and come as data: a clock that jumps for
 * summer time, or a traveller's, shows up as the next reading and needs no rule here.
 */

/** Milliseconds of a week, Monday 00:00 to Monday 00:00. */
export const weekMs = 7 * 24 * 3_600_000

/** From `startMs` up to, not including, `endMs`; an end beyond the week goes on at its beginning. */
export interface WeekWindow {
  /** Milliseconds since Monday 00:00, below a week. */
  readonly startMs: number
  /** Above `startMs`, at most a week above it. */
  readonly endMs: number
}

/** @param atMs  milliseconds since Monday 00:00, any number: it is taken modulo a week */
export function isWithin(windows: readonly WeekWindow[], atMs: number): boolean {
  return windows.some(({ startMs, endMs }) => modulo(atMs - startMs) < endMs - startMs)
}

/**
 * How long until the windows open or close.
 *
 * @returns milliseconds above 0; undefined when they never do
 */
export function msToChange(windows: readonly WeekWindow[], atMs: number): number | undefined {
  const open = isWithin(windows, atMs)
  const boundaries = windows
    .flatMap(({ startMs, endMs }) => [startMs, endMs])
    .map((boundaryMs) => modulo(boundaryMs - atMs) || weekMs)
    .sort((a, b) => a - b)
  // A window that begins where another ends is no change.
  return boundaries.find((aheadMs) => isWithin(windows, atMs + aheadMs) !== open)
}

function modulo(ms: number): number {
  return ((ms % weekMs) + weekMs) % weekMs
}
