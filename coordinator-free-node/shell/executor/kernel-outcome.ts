/** How a runtime says that one execution of a unit ended, and what the unit may say of itself meanwhile. */
import { limits } from '../../protocol/limits.js'

export type KernelOutcome =
  | { kind: 'done' | 'hit' | 'trap'; output: Uint8Array; fuel: number }
  | { kind: 'abort'; reason: 'memory' | 'crash' | 'unavailable'; message: string }

/** The words of a trap that every tier has: the unit needed more fuel than its task allows. */
export const outOfFuel = 'out of fuel'

/**
 * The kernel chooses the text, and every host and the user get it: it has an end.
 *
 * @param where  follows the text, however long that is
 */
export function trap(text: string, fuel: number, where = ''): KernelOutcome {
  const { textCharsMax } = limits
  const shown = text.length > textCharsMax ? `${text.slice(0, textCharsMax)}...` : text
  return { kind: 'trap', output: new TextEncoder().encode(shown + where), fuel }
}

/** Hears what a unit says to whoever debugs it. Nothing of it is part of the result, and on the grid nobody listens. */
export interface UnitObserver {
  /** @param text  UTF-8, as much as the unit gave at once; as long as the call lasts */
  log(text: Uint8Array): void
  /** @param fraction  0 to 1 */
  progress(fraction: number): void
  /** What the unit held in the end; memories never shrink. */
  memory(bytes: number): void
}

/** A unit that logs in a loop must not fill its host's memory. */
const logBytesMax = 64 * 1024
/** More often than anybody can see. */
const progressEveryMs = 10

/**
 * Lets pass what a person can read: the first 64 KiB of a unit's log, as copies, and its progress 100 times a second.
 */
export function boundedObserver(
  observer: UnitObserver,
  clockMs: () => number = () => performance.now(),
): UnitObserver {
  let logBytesLeft = logBytesMax
  let saidMs = Number.NEGATIVE_INFINITY
  return {
    log(text) {
      const piece = text.slice(0, logBytesLeft)
      logBytesLeft -= piece.length
      if (piece.length > 0) observer.log(piece)
    },
    progress(fraction) {
      const nowMs = clockMs()
      if (nowMs - saidMs < progressEveryMs) return
      saidMs = nowMs
      observer.progress(fraction)
    },
    memory: (bytes) => observer.memory(bytes),
  }
}
