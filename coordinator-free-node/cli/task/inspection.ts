/** What `task check` finds in a kernel, without running it. */
import { GridError } from '../../protocol/errors.js'
import { limits } from '../../protocol/limits.js'
import { formatBytes } from '../format.js'
import { type TaskFile, withFileName } from './task-file.js'

export interface WasmInspection {
  file: string
  tier: 'wasm'
  /** `kernel` exports `run`, `command` is a WASI program. */
  shape: 'kernel' | 'command'
  bytes: number
  guardedBytes: number
  memoryBytes: { least: number; most: number }
  functions: number
  /** `module.name` of each import. */
  imports: string[]
  exports: string[]
  /** What is imported and does nothing on the grid. */
  remarks: string[]
}

export interface JsInspection {
  file: string
  tier: 'js'
  bytes: number
}

export type Inspection = WasmInspection | JsInspection

/**
 * @param memoryBytesMax  memory of a unit
 * @throws {GridError} MH_BAD_MODULE with the reason and the place, a byte or a line
 */
export function inspect(task: TaskFile, memoryBytesMax: number): Promise<Inspection> {
  return task.tier === 'wasm' ? inspectWasm(task, memoryBytesMax) : inspectJs(task, memoryBytesMax)
}

async function inspectWasm(
  { file, code }: TaskFile,
  memoryBytesMax: number,
): Promise<WasmInspection> {
  const { guardModule, ModuleFault } = await import('../../guard/guard.js')
  try {
    const guarded = guardModule(code, { memoryBytesMax })
    const imports = guarded.imports.map(({ module, name }) => `${module}.${name}`)
    return {
      file,
      tier: 'wasm',
      shape: guarded.shape === 'command' ? 'command' : 'kernel',
      bytes: code.length,
      guardedBytes: guarded.module.length,
      memoryBytes: guarded.memoryBytes,
      functions: guarded.functions,
      imports,
      exports: exportsOf(code),
      remarks: remarksOn(imports),
    }
  } catch (error) {
    if (!(error instanceof ModuleFault)) throw error
    throw badModule(`'${file}': ${error.message}`, hintFor(error.message))
  }
}

/** The guard accepted the module, so that an engine does. */
function exportsOf(code: Uint8Array<ArrayBuffer>): string[] {
  return WebAssembly.Module.exports(new WebAssembly.Module(code)).map(({ name }) => name)
}

function remarksOn(imports: readonly string[]): string[] {
  const calls = (pattern: RegExp) => imports.some((name) => pattern.test(name))
  return [
    ...(calls(/\.path_open$/)
      ? ['may open files: the grid has none, so that fails with "capabilities insufficient"']
      : []),
    ...(calls(/\.clock_time_get$/) ? ['may ask for the time: it stands still on the grid'] : []),
    ...(calls(/\.sock_(recv|send|accept)$/) ? ['may use sockets: the grid has none'] : []),
  ]
}

function hintFor(reason: string): string {
  if (reason.includes('profile'))
    return 'compile without that feature; docs/guard.md lists what the grid runs'
  if (reason.includes('memory, its task allows'))
    return 'give it more with --memory, or let it begin with less'
  if (/env\.(abort|seed|trace)/.test(reason))
    return 'AssemblyScript: --use abort= leaves it out; see docs/kernels.md'
  if (reason.includes('wbg') || reason.includes('wasm_bindgen'))
    return 'Rust: build a cdylib without wasm-bindgen; see docs/kernels.md'
  if (reason.includes('imports'))
    return 'a kernel may import the functions of `grid` and of WASI preview 1; see docs/tasks.md'
  return 'see docs/kernels.md for how kernels are built'
}

async function inspectJs(task: TaskFile, memoryBytesMax: number): Promise<JsInspection> {
  const { createJsRuntime } = await import('../../shell/executor/js-runtime.js')
  const { loadJsEngine } = await import('../../shell/executor/js-engine.js')
  const runtime = createJsRuntime(await loadJsEngine())
  const nothing = new Uint8Array()
  const outcome = await runtime.check({
    source: new TextDecoder().decode(task.code),
    ...{ inputs: 'list', input: nothing, params: nothing, random: () => {} },
    ...{ memoryBytesMax, outputBytesMax: limits.unitOutputBytesMax, fuelMax: checkFuelMax },
  })
  if (outcome.kind === 'done') return { file: task.file, tier: 'js', bytes: task.code.length }
  const words =
    outcome.kind === 'abort' ? outcome.message : new TextDecoder().decode(outcome.output)
  const hint = /\b(export|import)\b/.test(words)
    ? 'a kernel is a script, not a module: its last expression is the function, and it stands alone'
    : 'the last expression has to be a function: ({ range, input, params }) => ({ value: ... })'
  throw badModule(`'${task.file}': ${withFileName(words, task)}`, hint)
}

/** What a source does before there is a function to call should be little. */
const checkFuelMax = 1e10

function badModule(message: string, hint: string): GridError {
  return new GridError('MH_BAD_MODULE', message, { blame: 'user', hint })
}

/** Names and values for people. */
export function describe(found: Inspection): [name: string, value: string][] {
  if (found.tier === 'js')
    return [
      ['tier', 'js: the source evaluates to a function, and QuickJS interprets it'],
      ['size', formatBytes(found.bytes)],
    ]
  const { least, most } = found.memoryBytes
  const growth = Math.round((found.guardedBytes / found.bytes - 1) * 100)
  return [
    [
      'tier',
      found.shape === 'kernel'
        ? 'wasm, a kernel: the grid calls "run"'
        : 'wasm, a WASI command: stdin is the input, stdout the result',
    ],
    ['memory', `${formatBytes(least)} at the start, ${formatBytes(most)} at most`],
    ['imports', found.imports.length === 0 ? 'none' : grouped(found.imports)],
    ['exports', found.exports.join(', ')],
    ['functions', String(found.functions)],
    [
      'size',
      `${formatBytes(found.bytes)}, guarded ${formatBytes(found.guardedBytes)} (+${growth} %)`,
    ],
    ...found.remarks.map((remark): [string, string] => ['remark', remark]),
  ]
}

/** `grid: input_read, output_write; wasi_snapshot_preview1: fd_write` */
function grouped(imports: readonly string[]): string {
  const byModule = new Map<string, string[]>()
  for (const name of imports) {
    const dot = name.indexOf('.')
    const module = name.slice(0, dot)
    byModule.set(module, [...(byModule.get(module) ?? []), name.slice(dot + 1)])
  }
  return [...byModule].map(([module, names]) => `${module}: ${names.join(', ')}`).join('; ')
}
