/** Runs single units in an executor of this process, and listens to what they say meanwhile. */
import type { Executor } from '../../ports/executor.js'
import type { UnitOutcome } from '../../protocol/outcome.js'
import { packBundle } from '../../protocol/task-bundle.js'
import type { UnitObservation } from '../../shell/executor/chunk.js'
import type { LocalUnit } from './unit-options.js'

/**
 * @param observe  hears what units log, how far they are and what memory they had; makes them slower
 * @throws {GridError} MH_EXECUTOR_FAILED when no executor starts here
 */
export async function withExecutor<Result>(
  slots: number,
  use: (executor: Executor) => Promise<Result>,
  observe?: (observation: UnitObservation) => void,
): Promise<Result> {
  const { createExecutor } = await import('../../shell/executor/executor.js')
  const executor: Executor = createExecutor({
    slots,
    ...(observe === undefined ? {} : { observe }),
  })
  try {
    await executor.start()
    return await use(executor)
  } finally {
    await executor.stop()
  }
}

let batches = 0

/** @param units  their numbers; all get the same input */
export async function executeUnits(
  executor: Executor,
  { bundle, params, inputs, seed, input }: LocalUnit,
  units: readonly number[],
): Promise<UnitOutcome[]> {
  const outcomes: UnitOutcome[] = []
  await executor.execute(
    {
      batch: `local-${++batches}`,
      task: packBundle(bundle).hash,
      bundle,
      params,
      inputs,
      seed,
      units: units.map((unit) => ({ unit, input })),
    },
    (ended) => outcomes.push(...ended),
  )
  return outcomes
}
