/**
 * What travels between daemon, process and threads: chunks of units and columns of outcomes. Columns, because a
 * thousand small buffers cost a thousand times what one costs.
 */
import type { UnitInput } from '../../ports/executor.js'
import type { BlobHash } from '../../protocol/ids.js'
import {
  type AbortReason,
  resultKinds,
  type UnitOutcome,
  type UnitResult,
} from '../../protocol/outcome.js'
import type { TaskDescriptor } from '../../protocol/task-bundle.js'

/** Tasks that process and daemon count on to be there; whoever needs another sends it again. */
export const tasksKeptMax = 16

/** What the process is started with, as JSON. */
export interface ProcessSettings {
  /** Threads. */
  slots: number
  prepareMsMax: number
}

/** Consecutive units of a batch for one thread. */
export interface Chunk {
  chunk: number
  task: BlobHash
  params: Uint8Array
  inputsKind: 'range' | 'list'
  seed: Uint8Array
  units: number[]
  /** Inputs end to end, and the length of each. */
  inputs: Uint8Array
  inputBytes: number[]
  /** Whether anybody listens to what the units say of themselves. */
  isObserved: boolean
}

/** What a unit says of itself to whoever debugs it; never part of its result. */
export interface UnitObservation {
  unit: number
  /** UTF-8, a piece of its log. */
  log?: Uint8Array
  /** How far it is, 0 to 1. */
  progress?: number
  /** What it held in the end. */
  memoryBytes?: number
}

/** Results of some units of a chunk; every column has one entry a unit. */
export interface ResultColumns {
  units: number[]
  kinds: Uint8Array
  digests: Uint8Array
  outputs: Uint8Array
  outputBytes: number[]
  spentMs: number[]
  fuel: number[]
}

/** Why a thread stopped before the end of its chunk. */
export interface ChunkStop {
  /** The unit that was running; undefined when none was. */
  unit: number | undefined
  reason: AbortReason
  /** One line. */
  message: string
}

/** Why a task does not get ready: says something about this machine, so no unit of it has a result here. */
export interface Unprepared {
  reason: 'time' | 'crash'
  /** One line. */
  message: string
}

/** One unit ended without a result; the chunk goes on. */
export interface UnitStop {
  type: 'abort'
  unit: number
  reason: AbortReason
  message: string
}

export type ToProcess =
  | { type: 'task'; task: BlobHash; descriptor: TaskDescriptor; code: Uint8Array }
  | { type: 'chunk'; chunk: Chunk }
  | { type: 'cancel'; chunk: number }
  | { type: 'ping' }

export type FromProcess =
  | { type: 'ready' }
  | { type: 'results'; chunk: number; results: ResultColumns }
  | (UnitStop & { chunk: number })
  | ({ type: 'observed'; chunk: number } & UnitObservation)
  /** The chunk's task was dropped, or never came: the chunk did not run. */
  | { type: 'task-missing'; chunk: number }
  /** The chunk's task cannot be made ready on this machine: the chunk did not run. */
  | ({ type: 'unprepared'; chunk: number } & Unprepared)
  /** Guard and compiler are at a task, the longest work of the process; over, whatever came of it. */
  | { type: 'preparing'; task: BlobHash }
  | { type: 'prepared'; task: BlobHash }
  /** The chunk is over; units without an outcome have to run again, but for the one in `stop`. */
  | { type: 'end'; chunk: number; stop: ChunkStop | undefined }
  | { type: 'pong' }

/** What a thread emits while it works. */
export type FromWorker =
  | { type: 'results'; results: ResultColumns }
  | UnitStop
  | ({ type: 'observed' } & UnitObservation)

export function packInputs(units: readonly UnitInput[]): {
  inputs: Uint8Array
  inputBytes: number[]
} {
  const inputBytes = units.map(({ input }) => input.length)
  return { inputs: joinBytes(units.map(({ input }) => input)), inputBytes }
}

export function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const part of parts) length += part.length
  const joined = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return joined
}

export function packResults(results: readonly UnitResult[]): ResultColumns {
  return {
    units: results.map(({ unit }) => unit),
    kinds: Uint8Array.from(results, ({ kind }) => resultKinds.indexOf(kind)),
    digests: joinBytes(results.map(({ digest }) => digest)),
    outputs: joinBytes(results.map(({ output }) => output)),
    outputBytes: results.map(({ output }) => output.length),
    spentMs: results.map(({ spentMs }) => spentMs),
    fuel: results.map(({ fuel }) => fuel),
  }
}

export function unpackResults(columns: ResultColumns): UnitOutcome[] {
  let at = 0
  return columns.units.map((unit, i) => {
    const end = at + (columns.outputBytes[i] ?? 0)
    const output = columns.outputs.slice(at, end)
    at = end
    return {
      unit,
      kind: resultKinds[columns.kinds[i] ?? 0] ?? 'trap',
      output,
      digest: columns.digests.slice(32 * i, 32 * (i + 1)),
      spentMs: columns.spentMs[i] ?? 0,
      fuel: columns.fuel[i] ?? 0,
    }
  })
}
