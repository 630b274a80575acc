/**
 * Whether the machine works for others now: a pure function of what its volunteer chose, what the machine last
 * measured, and a pause. Reasons in the order in which they are told; the first that holds is the one that counts.
 *
 * | reason | holds while | until |
 * | --- | --- | --- |
 * | paused | the volunteer said so | the end of the pause, if it has one |
 * | hours | no window is open | the next one opens |
 * | unmeasured | what the rules ask for is not measured, or was long ago | unknown |
 * | battery | the machine runs on battery | unknown |
 * | input | somebody used keyboard or terminal a moment ago | at the earliest when that is long enough ago |
 * | load | other processes use more than their share of the processors | unknown |
 */
import { isWithin, msToChange, type WeekWindow } from './hours.js'

export interface DonationRules {
  /** Hours of the week; empty: always. */
  windows: readonly WeekWindow[]
  /** Only while nobody uses the machine; undefined: always. */
  idle: IdleRule | undefined
  neverOnBattery: boolean
}

export interface IdleRule {
  /** No input for so long. */
  afterMs: number
  /** Other processes may use this share of all processors, 0 to 1. */
  othersCpuShareMax: number
}

/** What the machine says of itself; undefined where it was not asked or cannot say. */
export interface MachineReading {
  /** Wall clock, milliseconds since 1970: it goes on while the machine sleeps, the event clock may not. */
  utcMs: number
  /** Local time, milliseconds since Monday 00:00. */
  weekMs: number
  onBattery: boolean | undefined
  /** Since the last input at a keyboard or terminal. */
  inputIdleMs: number | undefined
  /** Share of all processors that other processes use, 0 to 1. */
  othersCpuShare: number | undefined
}

export const restReasons = ['paused', 'unmeasured', 'hours', 'battery', 'input', 'load'] as const
export type RestReason = (typeof restReasons)[number]

/** `untilMs`, event clock: when that may change by itself; undefined where nobody knows. */
export type Availability =
  | { donating: true; reason: undefined; untilMs: number | undefined }
  | { donating: false; reason: RestReason; untilMs: number | undefined }

export interface Circumstances {
  rules: DonationRules
  reading: MachineReading | undefined
  /** When `reading` was taken, event clock. */
  readAtMs: number
  /** Wall clock; Infinity for a pause without end, undefined for none. */
  pausedUntilUtcMs: number | undefined
  nowMs: number
}

/** A reading older than this says nothing any more: some twenty of them are missing. */
export const readingMsMax = 120_000

export function availabilityOf(circumstances: Circumstances): Availability {
  const { rules, reading, readAtMs, pausedUntilUtcMs, nowMs } = circumstances
  const rest = (reason: RestReason, untilMs?: number): Availability => ({
    donating: false,
    reason,
    untilMs,
  })
  if (pausedUntilUtcMs !== undefined) {
    const leftMs = pausedUntilUtcMs - utcNow(circumstances)
    if (leftMs > 0) return rest('paused', Number.isFinite(leftMs) ? nowMs + leftMs : undefined)
  }
  if (isEmpty(rules)) return { donating: true, reason: undefined, untilMs: undefined }
  if (reading === undefined || nowMs >= readAtMs + readingMsMax) return rest('unmeasured')
  const localMs = reading.weekMs + (nowMs - readAtMs)
  const aheadMs = msToChange(rules.windows, localMs)
  const turnsMs = aheadMs === undefined ? undefined : nowMs + aheadMs
  if (rules.windows.length > 0 && !isWithin(rules.windows, localMs)) return rest('hours', turnsMs)
  if (!suffices(rules, reading)) return rest('unmeasured')
  if (rules.neverOnBattery && reading.onBattery === true) return rest('battery')
  const { idle } = rules
  if (idle !== undefined) {
    const idleMs = reading.inputIdleMs ?? 0
    if (idleMs < idle.afterMs) return rest('input', readAtMs + idle.afterMs - idleMs)
    if ((reading.othersCpuShare ?? 1) > idle.othersCpuShareMax) return rest('load')
  }
  return { donating: true, reason: undefined, untilMs: turnsMs }
}

/** Wall clock by the last reading; before the first nothing is over yet. */
function utcNow({ reading, readAtMs, nowMs }: Circumstances): number {
  return reading === undefined ? Number.NEGATIVE_INFINITY : reading.utcMs + (nowMs - readAtMs)
}

function isEmpty({ windows, idle, neverOnBattery }: DonationRules): boolean {
  return windows.length === 0 && idle === undefined && !neverOnBattery
}

function suffices({ idle, neverOnBattery }: DonationRules, reading: MachineReading): boolean {
  if (neverOnBattery && reading.onBattery === undefined) return false
  if (idle === undefined) return true
  return reading.inputIdleMs !== undefined && reading.othersCpuShare !== undefined
}
