/**
 * Where units run: elsewhere. The executor never throws for what a unit does; every unit asked for gets exactly one
 * outcome. Real and simulated executors pass test/contract/executor.
 */
import type { BlobHash, UnitIndex } from '../protocol/ids.js'
import type { UnitOutcome } from '../protocol/outcome.js'
import type { TaskBundle } from '../protocol/task-bundle.js'
import type { CancelledUnits } from '../protocol/unit-runs.js'

export interface UnitInput {
  unit: UnitIndex
  input: Uint8Array
}

/** Units of one lease: they share task, parameters and limits. */
export interface UnitBatch {
  /** Chosen by the caller; names the batch in `cancel`. */
  batch: string
  task: BlobHash
  bundle: TaskBundle
  /** `check`: inputs are claims (executor/claim), and a unit is a hit when the task's `check` passes it. @default 'compute' */
  use?: 'compute' | 'check'
  params: Uint8Array
  /** How `input` reads: 16 bytes of range (protocol/manifest), or one item of the user's list. */
  inputs: 'range' | 'list'
  /** 32 bytes; with the unit's index it seeds the unit's random stream, the same on every host. */
  seed: Uint8Array
  units: readonly UnitInput[]
}

export interface Executor {
  /** Units that run at the same time. */
  readonly slots: number
  /** Ready to execute. @throws {GridError} MH_EXECUTOR_FAILED */
  start(): Promise<void>
  /**
   * Runs the units in order as slots come free; calls back with outcomes, grouped as they come, each unit once.
   * Resolves after the last outcome.
   */
  execute(batch: UnitBatch, onOutcomes: (outcomes: readonly UnitOutcome[]) => void): Promise<void>
  /**
   * Ends the batch's units as `abort`/`cancelled`: those not begun (`queued`, or some of them, as runs), or the running
   * ones too (`all`).
   * @default which 'all'
   */
  cancel(batch: string, which?: CancelledUnits): void
  /** Stops everything, running units included; leaves no process. */
  stop(): Promise<void>
}
