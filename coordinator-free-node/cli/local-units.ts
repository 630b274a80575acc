/** A few units run in an executor of this process, without a grid: for `doctor` and for the demo's calibration. */
import { readFile } from 'node:fs/promises'
import type { AnyTask, Kernel, TaskPlan } from '../../tasks/contract.js'
import type { Executor, UnitInput } from '../ports/executor.js'
import { encodeRange, rangeOfUnit, unitCountOf } from '../protocol/manifest.js'
import type { UnitOutcome } from '../protocol/outcome.js'
import { packBundle, type TaskBundle } from '../protocol/task-bundle.js'

const UNIT_MS_MAX = 20_000
const UNIT_MEMORY_BYTES_MAX = 64 * 1024 * 1024

/**
 * The first `count` units of a task, one after the other on one thread.
 *
 * @returns their outcomes, in the order in which they ended
 * @throws {GridError} MH_EXECUTOR_FAILED when no executor starts here
 */
export async function runLocally(
  task: AnyTask,
  params: unknown,
  count: number,
): Promise<UnitOutcome[]> {
  const { createExecutor } = await import('../shell/executor/executor.js')
  const executor: Executor = createExecutor({ slots: 1 })
  const outcomes: UnitOutcome[] = []
  try {
    await executor.start()
    const plan: TaskPlan = await task.plan(task.params.parse(params))
    const bundle = await bundleOf(task)
    await executor.execute(
      {
        batch: 'local',
        task: packBundle(bundle).hash,
        bundle,
        params: plan.params ?? new Uint8Array(0),
        inputs: isRange(plan.inputs) ? 'range' : 'list',
        seed: new Uint8Array(32),
        units: await firstUnits(plan.inputs, count),
      },
      (ended) => outcomes.push(...ended),
    )
  } finally {
    await executor.stop()
  }
  return outcomes
}

async function bundleOf(task: AnyTask): Promise<TaskBundle> {
  const { name, kernel, unitMsMax, unitMemoryBytesMax, unitFuelMax } = task
  return {
    descriptor: {
      name,
      tier: kernel.tier,
      unitMsMax: unitMsMax ?? UNIT_MS_MAX,
      unitMemoryBytesMax: unitMemoryBytesMax ?? UNIT_MEMORY_BYTES_MAX,
      ...(unitFuelMax === undefined ? {} : { unitFuelMax }),
    },
    code: await codeOf(kernel),
  }
}

async function codeOf(kernel: Kernel): Promise<Uint8Array<ArrayBuffer>> {
  if (kernel.tier === 'js') return new TextEncoder().encode(kernel.source)
  if (kernel.tier === 'builtin') return new TextEncoder().encode(kernel.name)
  const { module } = kernel
  return module instanceof Uint8Array ? new Uint8Array(module) : readFile(module)
}

function isRange(
  inputs: TaskPlan['inputs'],
): inputs is Extract<TaskPlan['inputs'], { unitItems: number }> {
  return 'unitItems' in inputs
}

async function firstUnits(inputs: TaskPlan['inputs'], count: number): Promise<UnitInput[]> {
  const units: UnitInput[] = []
  if (isRange(inputs)) {
    const range = { kind: 'range' as const, ...inputs }
    const end = Math.min(count, unitCountOf(range) ?? 0)
    for (let unit = 0; unit < end; unit += 1) {
      units.push({ unit, input: encodeRange(rangeOfUnit(range, unit)) })
    }
    return units
  }
  for await (const input of inputs) {
    units.push({ unit: units.length, input })
    if (units.length === count) break
  }
  return units
}
