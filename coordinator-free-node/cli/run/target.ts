/**
 * What `run` was asked to run: a built-in task by name, or an ES module of the user's whose default export is a task or a
 * program `main(grid, { args, signal, progress })`.
 */
import { stat } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Grid, JobHandle } from '../../../sdk/types.js'
import { type AnyTask, isTask } from '../../../tasks/contract.js'
import { GridError } from '../../protocol/errors.js'
import { nearestOf } from '../../shell/suggest.js'

/** What a program gets beside the grid. */
export interface ProgramContext {
  /** Arguments after the file's name. */
  args: readonly string[]
  /** Aborted by Ctrl-C; jobs of this grid are cancelled by it anyway. */
  signal: AbortSignal
  /** Shows a text as a line, or a job's progress; jobs of this grid are shown anyway. */
  progress<What extends string | JobHandle<unknown, unknown>>(what: What): What
}

/** A program may return anything; what it returns is printed as the result. */
export type Program = (grid: Grid, context: ProgramContext) => unknown

export type Target =
  | { kind: 'task'; name: string; task: AnyTask }
  | { kind: 'program'; name: string; main: Program }

const MODULE_HINT =
  'export a task made with defineTask as the default, or a function: ' +
  'export default async function main(grid, { args, signal, progress }) { ... }'

/** A word that can only mean a file. */
function looksLikeFile(name: string): boolean {
  return /[/\\]|\.[cm]?[jt]s$/.test(name)
}

/**
 * @param builtins  the tasks that ship with every node, by name
 * @throws {GridError} MH_FILE_NOT_FOUND, MH_NOT_A_TASK, MH_BAD_MODULE
 */
export async function loadTarget(
  name: string,
  builtins: ReadonlyMap<string, AnyTask>,
): Promise<Target> {
  const task = builtins.get(name)
  if (task !== undefined) return { kind: 'task', name, task }
  if (await isFile(name)) return fromModule(name)
  if (looksLikeFile(name)) {
    throw new GridError('MH_FILE_NOT_FOUND', `there is no file '${name}'`, {
      blame: 'user',
      hint: `looked for ${resolve(name)}`,
    })
  }
  const names = [...builtins.keys()]
  const near = nearestOf(name, names)
  throw new GridError('MH_NOT_A_TASK', `'${name}' is neither a built-in task nor a file`, {
    blame: 'user',
    hint:
      near === undefined
        ? `built-in tasks: ${names.join(', ')}`
        : `did you mean ${near}? Built-in tasks: ${names.join(', ')}`,
  })
}

async function isFile(name: string): Promise<boolean> {
  try {
    return (await stat(name)).isFile()
  } catch {
    return false
  }
}

async function fromModule(name: string): Promise<Target> {
  const module = await importModule(name)
  const main = module.default
  if (isTask(main)) return { kind: 'task', name: main.name, task: main }
  if (typeof main === 'function') {
    return { kind: 'program', name: basename(name), main: main as Program }
  }
  const what = main === undefined ? 'has no default export' : `exports ${describe(main)} as default`
  throw new GridError('MH_NOT_A_TASK', `'${name}' ${what}`, { blame: 'user', hint: MODULE_HINT })
}

async function importModule(name: string): Promise<{ default?: unknown }> {
  try {
    return await import(pathToFileURL(resolve(name)).href)
  } catch (cause) {
    const why = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause)
    throw new GridError('MH_BAD_MODULE', `'${name}' cannot be loaded: ${why}`, {
      blame: 'user',
      hint: `node ${name} shows where; it has to be an ES module`,
      cause,
    })
  }
}

function describe(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}
