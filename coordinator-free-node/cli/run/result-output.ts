/** The result of a job or program, as text, as JSON, or as bytes in a file. */
import { stat, writeFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { inspect } from 'node:util'
import type { AnyTask } from '../../../tasks/contract.js'
import { GridError } from '../../protocol/errors.js'
import type { Terminal } from '../terminal.js'

/** Entries of a list shown to a person; files, pipes and JSON get all. */
const SHOWN_ENTRIES_MAX = 100

/**
 * A result as JSON: bytes as `{"base64": "..."}`, big integers as text, and what is not there as null.
 *
 * @throws {GridError} MH_NOT_ENCODABLE for a value that holds itself
 */
export function toJson(value: unknown, indent?: number): string {
  try {
    return JSON.stringify(toPlain(value, []), null, indent) ?? 'null'
  } catch (cause) {
    if (cause instanceof GridError) throw cause
    throw new GridError('MH_NOT_ENCODABLE', `the result is no JSON: ${String(cause)}`, {
      blame: 'user',
      hint: 'return numbers, text, lists and plain objects',
    })
  }
}

function toPlain(value: unknown, above: readonly unknown[]): unknown {
  if (typeof value === 'bigint') return value.toString()
  if (value instanceof Uint8Array) return { base64: Buffer.from(value).toString('base64') }
  if (typeof value !== 'object' || value === null) return value
  if (above.includes(value)) {
    throw new GridError('MH_NOT_ENCODABLE', 'the result holds itself, so it cannot be printed', {
      blame: 'user',
      hint: 'return numbers, text, lists and plain objects',
    })
  }
  const path = [...above, value]
  if (Array.isArray(value)) return value.map((item) => toPlain(item, path))
  if (value instanceof Map) return toPlain(Object.fromEntries(value), path)
  if (value instanceof Set) return toPlain([...value], path)
  if ('toJSON' in value && typeof value.toJSON === 'function') return value.toJSON()
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toPlain(item, path)]))
}

/** A result as people read it: text as it is, simple objects as lines, the rest indented. */
export function toReadable(value: unknown, everything: boolean): string {
  if (typeof value === 'string') return value.replace(/\n$/, '')
  if (typeof value === 'object' && value !== null && isFlat(value)) {
    const width = Math.max(0, ...Object.keys(value).map((key) => key.length))
    return Object.entries(value)
      .map(([key, item]) => `${key.padEnd(width)}  ${String(item)}`)
      .join('\n')
  }
  return inspect(value, {
    depth: 6,
    breakLength: 100,
    maxArrayLength: everything ? null : SHOWN_ENTRIES_MAX,
    maxStringLength: everything ? null : 10_000,
  })
}

function isFlat(value: object): boolean {
  return (
    Object.getPrototypeOf(value) === Object.prototype &&
    Object.keys(value).length > 0 &&
    Object.values(value).every((item) => typeof item !== 'object' && typeof item !== 'function')
  )
}

/** @throws {GridError} MH_FILE_NOT_FOUND when the folder of `--output` is not there; before any work is done */
export async function checkOutput(output: string | undefined): Promise<void> {
  if (output === undefined) return
  const folder = dirname(resolve(output))
  const isFolder = await stat(folder).then(
    (found) => found.isDirectory(),
    () => false,
  )
  if (isFolder) return
  throw new GridError('MH_FILE_NOT_FOUND', `--output: there is no folder '${folder}'`, {
    blame: 'user',
    hint: 'make the folder first, or name a file in one that is there',
  })
}

/** Refuses a task whose result is bytes before it computes them, where they would only spoil the screen. */
export function refuseBytesToTerminal(
  task: AnyTask,
  options: { output?: string; json?: boolean },
  terminal: Terminal,
): void {
  const wouldSpoil = options.output === undefined && options.json !== true && terminal.isTerminalOut
  if (wouldSpoil && task.result.safeParse(new Uint8Array(0)).success) throw bytesRefused()
}

function bytesRefused(): GridError {
  return new GridError('MH_USAGE', 'the result is bytes, which a terminal cannot show', {
    blame: 'user',
    hint: 'add --output FILE, or send it on: manyhands run ... > FILE',
  })
}

/** Prints the result or writes it to the file that was named. */
export async function outputResult(
  result: unknown,
  options: { output?: string; json?: boolean },
  terminal: Terminal,
): Promise<unknown> {
  if (options.output !== undefined) {
    const content = result instanceof Uint8Array ? result : `${fileTextOf(result)}\n`
    await writeFile(options.output, content)
    const bytes = typeof content === 'string' ? Buffer.byteLength(content) : content.length
    if (options.json !== true) terminal.say(`wrote ${bytes} bytes to ${options.output}`)
    return { file: resolve(options.output), bytes }
  }
  if (options.json === true || result === undefined) return result
  if (result instanceof Uint8Array) {
    if (terminal.isTerminalOut) throw bytesRefused()
    await terminal.write(result)
    return result
  }
  terminal.print(toReadable(result, !terminal.isTerminalOut))
  return result
}

function fileTextOf(result: unknown): string {
  return typeof result === 'string' ? result.replace(/\n$/, '') : toJson(result, 2)
}
