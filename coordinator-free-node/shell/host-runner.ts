/** Executes leases: finds the task and the inputs, hands them to the executor, brings outcomes back. */
import type { EffectBody } from '../core/effect.js'
import type { EventBody } from '../core/event.js'
import { nextFraction, seedRandom } from '../core/kit/random.js'
import type { NodeState } from '../core/state.js'
import type { Executor, UnitInput } from '../ports/executor.js'
import type { Store } from '../ports/store.js'
import type { JobId, LeaseId } from '../protocol/ids.js'
import { encodeRange, type Manifest, rangeOfUnit } from '../protocol/manifest.js'
import { digestOf, type UnitOutcome } from '../protocol/outcome.js'
import { unitsOf } from '../protocol/unit-runs.js'
import { readInputs, reasonOfLoss } from './input-packs.js'
import type { JobBlobs } from './job-blobs.js'

type ExecuteUnits = Extract<EffectBody, { type: 'execute-units' }>
type CancelUnits = Extract<EffectBody, { type: 'cancel-units' }>

export interface HostRunner {
  execute(effect: ExecuteUnits): void
  cancel(effect: CancelUnits): void
}

export interface HostRunnerOptions {
  state: NodeState
  executor: Executor
  store: Store
  blobs: JobBlobs
  dispatch(event: EventBody): void
  /** Share of results to make up: see the node's options. */
  lieRate: number
}

export function createHostRunner(options: HostRunnerOptions): HostRunner {
  const { state, executor, blobs, dispatch } = options
  const lie = liar(options.lieRate)
  /** Batches on their way to the executor, which cannot cancel what it does not know yet. */
  const preparing = new Map<string, { cancelled: boolean }>()

  const run = async (effect: ExecuteUnits, report: (outcomes: UnitOutcome[]) => void) => {
    const { job, lease } = effect
    const manifest = manifestOf(state, job)
    // Dropped in the meantime: the core has forgotten the lease, nobody waits.
    if (manifest === undefined) return
    const batch = batchOf(job, lease)
    const ticket = { cancelled: false }
    preparing.set(batch, ticket)
    const [bundle, units] = await Promise.all([
      blobs.bundleOf(manifest.taskHash),
      inputsOf(effect, manifest, options.store),
    ]).finally(() => preparing.delete(batch))
    if (ticket.cancelled) {
      report(allOf(effect, 'cancelled', 'cancelled'))
      return
    }
    await executor.execute(
      {
        batch,
        task: manifest.taskHash,
        bundle,
        params: manifest.params,
        inputs: manifest.inputs.kind,
        seed: Buffer.from(job, 'hex'),
        units,
      },
      (outcomes) => report(outcomes.map(lie)),
    )
  }

  return {
    execute(effect) {
      const { job, lease } = effect
      const report = (outcomes: UnitOutcome[]) =>
        dispatch({ type: 'units-executed', job, lease, outcomes })
      run(effect, report).catch((error: unknown) => {
        const message = error instanceof Error ? error.message : String(error)
        const reason = reasonOfLoss(error)
        if (reason !== undefined) dispatch({ type: 'inputs-lost', job, reason })
        report(allOf(effect, 'crash', message))
      })
    },
    cancel({ job, lease, which }) {
      const batch = batchOf(job, lease)
      const ticket = preparing.get(batch)
      if (ticket === undefined) executor.cancel(batch, which)
      // A part of what is not even there yet is not worth the trouble: it is asked for again if nothing comes.
      else if (typeof which === 'string') ticket.cancelled = true
    },
  }
}

/** The same abort for every unit of a lease. */
function allOf(
  { runs }: ExecuteUnits,
  reason: 'crash' | 'cancelled',
  message: string,
): UnitOutcome[] {
  return [...unitsOf(runs)].map((unit) => ({ unit, kind: 'abort', reason, message }))
}

function batchOf(job: JobId, lease: LeaseId): string {
  return `${job}/${lease}`
}

function manifestOf(state: NodeState, job: JobId): Manifest | undefined {
  return state.hosting.jobs.get(job)?.manifest
}

/** Range units carry their bounds; a list's come with the lease, or from the store for one's own job. */
async function inputsOf(
  { job, runs, inputs }: ExecuteUnits,
  manifest: Manifest,
  store: Store,
): Promise<UnitInput[]> {
  const units = [...unitsOf(runs)]
  const space = manifest.inputs
  if (space.kind === 'range')
    return units.map((unit) => ({ unit, input: encodeRange(rangeOfUnit(space, unit)) }))
  const found = inputs ?? (await readInputs(store, job, units))
  return units.map((unit, i) => {
    const input = found[i]
    if (input === undefined) throw new Error(`the input of unit ${unit} is missing`)
    return { unit, input }
  })
}

/** A host that makes some results up, for demonstrations of what catches it. */
function liar(rate: number): (outcome: UnitOutcome) => UnitOutcome {
  const random = seedRandom(1)
  return (outcome) => {
    if (outcome.kind === 'abort' || rate === 0 || nextFraction(random) >= rate) return outcome
    const output = outcome.output.slice()
    if (output.length === 0) return outcome
    output[0] = (output[0] ?? 0) ^ 0xff
    return { ...outcome, output, digest: digestOf(outcome.kind, output) }
  }
}
