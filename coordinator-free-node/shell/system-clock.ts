/** The machine's time: monotonic within a life, close to the wall clock across lives. */
import type { Clock } from '../ports/clock.js'

/** Timers beyond this wrap around to "now". */
const timerMsMax = 2 ** 31 - 1

export const systemClock: Clock = {
  nowMs: () => performance.timeOrigin + performance.now(),
  wakeAt(atMs, callback) {
    const delayMs = Math.min(Math.max(0, atMs - systemClock.nowMs()), timerMsMax)
    // A timer may fire a fraction early; the core counts on "no earlier".
    const timer = setTimeout(callback, Math.ceil(delayMs))
    return () => clearTimeout(timer)
  },
}
