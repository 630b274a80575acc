/**
 * Checks what the executor's process says. It says what its own code makes of a unit's doings; a unit that has broken
 * out says what it likes, and the daemon must take no harm from it.
 */
import { limits } from '../../protocol/limits.js'
import { abortReasons, resultKinds } from '../../protocol/outcome.js'
import type { FromProcess, ResultColumns } from './chunk.js'

type Fields = Record<string, unknown>

/** By type, what else must be right. */
const checks: Record<FromProcess['type'], (message: Fields) => boolean> = {
  ready: () => true,
  pong: () => true,
  results: ({ chunk, results }) => isIndex(chunk) && isColumns(results),
  abort: (message) => isIndex(message.chunk) && isIndex(message.unit) && isReason(message),
  observed: (message) => isIndex(message.chunk) && isIndex(message.unit) && isObservation(message),
  'task-missing': ({ chunk }) => isIndex(chunk),
  unprepared: (message) => isIndex(message.chunk) && isReason(message),
  preparing: ({ task }) => isText(task),
  prepared: ({ task }) => isText(task),
  end: ({ chunk, stop }) => isIndex(chunk) && (stop === undefined || isStop(stop)),
}

export function isFromProcess(message: unknown): message is FromProcess {
  if (!isObject(message) || typeof message.type !== 'string') return false
  return Object.hasOwn(checks, message.type) && checks[message.type as FromProcess['type']](message)
}

function isStop(stop: unknown): boolean {
  return isObject(stop) && (stop.unit === undefined || isIndex(stop.unit)) && isReason(stop)
}

function isReason({ reason, message }: Fields): boolean {
  return abortReasons.some((known) => known === reason) && isText(message)
}

function isObservation({ log, progress, memoryBytes }: Fields): boolean {
  return (
    (log === undefined || log instanceof Uint8Array) &&
    (progress === undefined || isAmount(progress)) &&
    (memoryBytes === undefined || isAmount(memoryBytes))
  )
}

/** As many entries in each column as there are units. */
function isColumns(results: unknown): results is ResultColumns {
  if (!isObject(results)) return false
  const { units, kinds, digests, outputs, outputBytes, spentMs, fuel } = results
  if (!isListOf(units, isIndex) || units.length > limits.leaseUnitsMax) return false
  const count = units.length
  return (
    kinds instanceof Uint8Array &&
    kinds.length === count &&
    kinds.every((kind) => kind < resultKinds.length) &&
    digests instanceof Uint8Array &&
    digests.length === 32 * count &&
    outputs instanceof Uint8Array &&
    isListOf(outputBytes, isIndex) &&
    outputBytes.length === count &&
    isListOf(spentMs, isAmount) &&
    spentMs.length === count &&
    isListOf(fuel, isIndex) &&
    fuel.length === count
  )
}

function isListOf<T>(list: unknown, isItem: (item: unknown) => item is T): list is T[] {
  return Array.isArray(list) && list.every(isItem)
}

function isIndex(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0
}

function isAmount(value: unknown): value is number {
  return Number.isFinite(value) && Number(value) >= 0
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null
}
