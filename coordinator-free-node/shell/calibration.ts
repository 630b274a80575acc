/**
 * How many items a unit should have, found by computing a few before the job is cut: its manifest is signed with the
 * size. Only what this node's own threads tell in a moment is used; where they tell nothing the user's guess stands.
 */
import type { Executor } from '../ports/executor.js'
import type { Submission } from '../protocol/gateway-api.js'
import { encodeRange } from '../protocol/manifest.js'
import type { UnitOutcome } from '../protocol/outcome.js'
import { unpackBundle } from '../protocol/task-bundle.js'

/** A unit of this length costs little to hand out, and is lost without pain. */
const unitMsAimed = 1_000
/** Patience for the whole calibration. */
const calibrationMsMax = 1_000
/** A measurement of this length is good enough: far above what a unit costs by itself. */
const enoughMs = 20
/** Each measurement has so many times the items of the last. */
const growth = 8
/** Units for each thread that may take part, at the least: who is faster takes more of them. */
const unitsPerSlot = 8

export interface CalibrationOptions {
  executor: Executor
  submission: Submission
  /** Most items that a unit may have. */
  unitItemsMax: number
  /** Threads that may compute the job, as far as is known. */
  slots: number
  clockMs?(): number
}

let calibrations = 0

/**
 * @param options  the submission's inputs are a range
 * @returns items a unit; undefined where nothing could be measured
 */
export async function calibrate(options: CalibrationOptions): Promise<number | undefined> {
  const { executor, submission, unitItemsMax, slots, clockMs = () => performance.now() } = options
  const { inputs, params, taskHash: task } = submission.manifest
  if (inputs.kind !== 'range') return undefined
  const { start, end } = inputs
  const bundle = unpackBundle(submission.bundle)
  const untilMs = clockMs() + calibrationMsMax
  let itemMs: number | undefined
  // The first unit pays for the engine and the task, so one item is measured twice.
  let isWarm = false
  for (let items = 1; items <= end - start && clockMs() < untilMs; ) {
    const batch = `calibration-${++calibrations}`
    const outcomes: UnitOutcome[] = []
    const timer = setTimeout(() => executor.cancel(batch), untilMs - clockMs())
    await executor.execute(
      {
        batch,
        task,
        bundle,
        params,
        inputs: 'range',
        seed: new Uint8Array(32),
        // From the middle: the first numbers are often the easy ones.
        units: [{ unit: 0, input: encodeRange(middle(start, end, items)) }],
      },
      (some) => outcomes.push(...some),
    )
    clearTimeout(timer)
    const [outcome] = outcomes
    // An item that takes longer than all of our patience is a unit by itself.
    if (outcome?.kind === 'abort') return outcome.reason === 'cancelled' ? cut(itemMs) : undefined
    if (outcome === undefined || outcome.kind === 'trap') return undefined
    itemMs = outcome.spentMs / items
    if (outcome.kind === 'hit' || (isWarm && outcome.spentMs >= enoughMs)) break
    if (isWarm) items *= growth
    isWarm = true
  }
  return cut(itemMs)

  function cut(measuredMs: number | undefined): number | undefined {
    if (measuredMs === undefined) return undefined
    const fair = Math.ceil((end - start) / (unitsPerSlot * Math.max(1, slots)))
    const aimed = Math.round(unitMsAimed / Math.max(1e-9, measuredMs))
    return Math.max(1, Math.min(aimed, fair, unitItemsMax))
  }
}

function middle(start: number, end: number, items: number): { start: number; end: number } {
  const from = Math.min(start + Math.floor((end - start) / 2), end - items)
  return { start: from, end: from + items }
}
