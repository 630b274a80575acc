/**
 * Runs the `check` of tasks on results that hosts sent, in an executor of its own: it has a thread even on a node
 * that donates none, and no unit keeps a check waiting. Its process is there from the first check on.
 */
import type { EffectBody } from '../core/effect.js'
import type { EventBody, EventOf } from '../core/event.js'
import type { NodeState } from '../core/state.js'
import type { Executor, UnitInput } from '../ports/executor.js'
import type { Store } from '../ports/store.js'
import { limits } from '../protocol/limits.js'
import { encodeRange, type Manifest, rangeOfUnit } from '../protocol/manifest.js'
import type { UnitOutcome } from '../protocol/outcome.js'
import { packClaim } from './executor/claim.js'
import { createExecutor } from './executor/executor.js'
import { readInputs } from './input-packs.js'
import type { JobBlobs } from './job-blobs.js'

type CheckResults = Extract<EffectBody, { type: 'check-results' }>
type Outcome = EventOf<'results-checked'>['outcomes'][number]

export interface ResultChecker {
  check(effect: CheckResults): void
  stop(): Promise<void>
}

export interface ResultCheckerOptions {
  state: NodeState
  store: Store
  blobs: JobBlobs
  dispatch(event: EventBody): void
  /** @default one of one thread, with room for a unit's input and result together */
  executor?: Executor
}

/** Input, result and what says where one ends. */
const claimBytesMax = limits.unitInputBytesMax + limits.unitOutputBytesMax + 64

export function createResultChecker({
  state,
  store,
  blobs,
  dispatch,
  executor = createExecutor({ slots: 1, unitBytesMax: claimBytesMax }),
}: ResultCheckerOptions): ResultChecker {
  let started: Promise<void> | undefined
  let batches = 0

  const run = async ({ job, results }: CheckResults, report: (outcomes: Outcome[]) => void) => {
    const manifest = state.stewarded.get(job)?.job.manifest
    if (manifest === undefined) return
    started ??= executor.start()
    const [bundle, inputs] = await Promise.all([
      blobs.bundleOf(manifest.taskHash),
      inputsOf(manifest, job, results, store),
      started,
    ])
    const units: UnitInput[] = []
    // A unit may have two results; the executor knows them by their places.
    results.forEach(({ kind, output }, unit) => {
      const input = inputs[unit]
      if (input === undefined || kind === 'trap') return
      units.push({ unit, input: packClaim({ kind, input, output }) })
    })
    await executor.execute(
      {
        batch: `check-${++batches}`,
        use: 'check',
        task: manifest.taskHash,
        bundle,
        params: manifest.params,
        inputs: manifest.inputs.kind,
        seed: Buffer.from(job, 'hex'),
        units,
      },
      (outcomes) =>
        report(
          outcomes.flatMap((outcome) => {
            const result = results[outcome.unit]
            return result === undefined ? [] : [outcomeOf(result, outcome)]
          }),
        ),
    )
  }

  return {
    check(effect) {
      const { job } = effect
      const report = (outcomes: Outcome[]) => dispatch({ type: 'results-checked', job, outcomes })
      run(effect, report).catch((error: unknown) => {
        started = undefined
        const reason = error instanceof Error ? error.message : String(error)
        report(
          effect.results.map(({ unit, digest }) => ({
            unit,
            digest,
            verdict: 'unavailable',
            reason,
          })),
        )
      })
    },
    async stop() {
      if (started === undefined) return
      await started.catch(() => {})
      await executor.stop()
    },
  }
}

async function inputsOf(
  { inputs }: Manifest,
  job: CheckResults['job'],
  results: CheckResults['results'],
  store: Store,
): Promise<(Uint8Array | undefined)[]> {
  const units = results.map(({ unit }) => unit)
  if (inputs.kind === 'list') return await readInputs(store, job, units)
  return units.map((unit) => encodeRange(rangeOfUnit(inputs, unit)))
}

/** A check answers as a kernel does: a hit is right, anything else that it returns is wrong. */
function outcomeOf(
  { unit, digest }: CheckResults['results'][number],
  outcome: UnitOutcome,
): Outcome {
  const about = { unit, digest }
  switch (outcome.kind) {
    case 'hit':
      return { ...about, verdict: 'passed', reason: '' }
    case 'done':
      return { ...about, verdict: 'refused', reason: '' }
    case 'trap':
      return { ...about, verdict: 'failed', reason: new TextDecoder().decode(outcome.output) }
    case 'abort': {
      const isFault = outcome.reason === 'time' || outcome.reason === 'memory'
      return { ...about, verdict: isFault ? 'failed' : 'unavailable', reason: outcome.message }
    }
  }
}
