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
import { parcelBytesMin } from './wire.js'

/** Tasks that process and daemon count on to be there; whoever needs another sends it again. */
export const tasksKeptMax = 16

/** Outputs of a message that keep each other in memory: any of them alone keeps no more than this. */
const sharedBytesMax = 64 * 1024

/** What the process is started with, as JSON. */
export interface ProcessSettings {
  /** Threads. */
  slots: number
  /** Part of its time that each of them works, 0.01 to 1. */
  cpuShare: number
  prepareMsMax: number
  /** Most bytes of one unit's input or output. */
  unitBytesMax: number
  /** Resident memory of the process over which units are ended; undefined: what its tasks' limits add up to. */
  memoryBytesMax?: number | undefined
  /** File descriptor of the stream for parcels; undefined where there is none. */
  parcelsFd?: number | undefined
}

/** Consecutive units of a batch for one thread. */
export interface Chunk {
  chunk: number
  task: BlobHash
  use: 'compute' | 'check'
  params: Uint8Array
  inputsKind: 'range' | 'list'
  seed: Uint8Array
  units: number[]
  /** Inputs end to end but for parcels, and the length of each. */
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

/** Results of some units of a chunk; every column has one entry a unit. Outputs that are parcels go beside them. */
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
  /** Code of some length is a parcel. */
  | { type: 'task'; task: BlobHash; descriptor: TaskDescriptor; code?: Uint8Array | undefined }
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
  | { type: 'results'; results: ResultColumns; parcels: Uint8Array[] }
  | UnitStop
  | ({ type: 'observed' } & UnitObservation)

export function packInputs(units: readonly UnitInput[]): {
  inputs: Uint8Array
  inputBytes: number[]
  parcels: Uint8Array[]
} {
  const { joined, lengths, parcels } = packBytes(units.map(({ input }) => input))
  return { inputs: joined, inputBytes: lengths, parcels }
}

/** Short ones become one, long ones go by themselves. */
function packBytes(all: readonly Uint8Array[]): {
  joined: Uint8Array
  lengths: number[]
  parcels: Uint8Array[]
} {
  return {
    joined: joinBytes(all.filter((bytes) => !isParcel(bytes.length))),
    lengths: all.map(({ length }) => length),
    parcels: all.filter((bytes) => isParcel(bytes.length)),
  }
}

/** @returns views of `joined` and the parcels themselves, in the order of `lengths` */
export function unpackBytes(
  joined: Uint8Array,
  lengths: readonly number[],
  parcels: readonly Uint8Array[],
): Uint8Array[] {
  const left = parcels.values()
  let at = 0
  return lengths.map((length) => {
    if (isParcel(length)) return left.next().value ?? new Uint8Array()
    at += length
    return joined.subarray(at - length, at)
  })
}

export function isParcel(length: number): boolean {
  return length >= parcelBytesMin
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

export function packResults(results: readonly UnitResult[]): {
  results: ResultColumns
  parcels: Uint8Array[]
} {
  const { joined, lengths, parcels } = packBytes(results.map(({ output }) => output))
  const columns: ResultColumns = {
    units: results.map(({ unit }) => unit),
    kinds: Uint8Array.from(results, ({ kind }) => resultKinds.indexOf(kind)),
    digests: joinBytes(results.map(({ digest }) => digest)),
    outputs: joined,
    outputBytes: lengths,
    spentMs: results.map(({ spentMs }) => spentMs),
    fuel: results.map(({ fuel }) => fuel),
  }
  return { results: columns, parcels }
}

export function unpackResults(
  columns: ResultColumns,
  parcels: readonly Uint8Array[],
): UnitOutcome[] {
  // One copy for all: views would keep the whole message, and a copy each costs as much as a short unit.
  const digests = columns.digests.slice()
  const areFew = columns.outputs.length <= sharedBytesMax
  const joined = areFew ? columns.outputs.slice() : columns.outputs
  const outputs = unpackBytes(joined, columns.outputBytes, parcels)
  return columns.units.map((unit, i) => {
    const output = outputs[i] ?? new Uint8Array()
    return {
      unit,
      kind: resultKinds[columns.kinds[i] ?? 0] ?? 'trap',
      output: areFew || isParcel(output.length) ? output : output.slice(),
      digest: digests.subarray(32 * i, 32 * (i + 1)),
      spentMs: columns.spentMs[i] ?? 0,
      fuel: columns.fuel[i] ?? 0,
    }
  })
}
