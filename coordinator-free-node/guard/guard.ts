/**
 * The guard: rewrites a WebAssembly module so that it can run on a stranger's machine. What comes out computes the same
 * as what went in, with the same bits on every engine, and stops when its fuel is used up.
 *
 * - Decoded and checked under a fixed feature profile; all else is a `ModuleFault` with its byte.
 * - Imports are the grid's functions and WASI's, with their types; exports are `memory`, `run` or `_start`,
 *   `check`, and the guard's own. A start function becomes the export `guard:start`, so that it, too, runs metered.
 * - Memory and tables have a maximum.
 * - Fuel, depth of calls and NaNs: metered-body.ts.
 *
 * Pure and synchronous; linear in the module's size. The host's side is told in docs/guard.md.
 */
import {
  gridImports,
  gridModule,
  type HostFunction,
  wasiImports,
  wasiModule,
} from '../../tasks/host-functions.js'
import { bounds, inlinedFuelMax, stackSlotsMax } from './bounds.js'
import { type CallGraph, callGraphOf } from './call-graph.js'
import { FunctionChecker, type FunctionFacts } from './function-body.js'
import { BodyWriter, type Metering } from './metered-body.js'
import {
  decodeModule,
  type Limits,
  type ModuleExport,
  type ModuleImport,
  type ModuleParts,
} from './module-decoder.js'
import { ModuleFault } from './module-fault.js'
import { type ForcedLimits, writeModule } from './module-writer.js'
import { typesNamed, valueType } from './value-types.js'

export { ModuleFault } from './module-fault.js'
export { guardExports } from './module-writer.js'

export interface GuardOptions {
  /** Most that the module's memory may grow to, bytes; whole pages of 64 KiB count. */
  memoryBytesMax: number
  /**
   * What the module may import. `any` leaves all imports as they are, for tests of modules that are no tasks.
   *
   * @default 'grid'
   */
  imports?: 'grid' | 'any'
  /**
   * What stays exported: what a task needs, or `all`, for the same tests.
   *
   * @default 'grid'
   */
  exports?: 'grid' | 'all'
}

export interface GuardedModule {
  module: Uint8Array
  /** `kernel` exports `run`, `command` is a WASI program with `_start`; `library` only where all exports are kept. */
  shape: 'kernel' | 'command' | 'library'
  imports: readonly ModuleImport[]
  /** Of its memory, bytes: what it begins with, and the forced maximum. */
  memoryBytes: { least: number; most: number }
  /** Functions of its own. */
  functions: number
}

const pageBytes = 65_536

/**
 * @param module  bytes of any origin; not changed
 * @returns a module that every engine compiles, with nothing to run until its host gives it fuel
 * @throws {ModuleFault} when it is malformed, outside the profile, or asks for more than it may have
 * @example guardModule(bytes, { memoryBytesMax: 64 * 2 ** 20 }).module
 */
export function guardModule(module: Uint8Array, options: GuardOptions): GuardedModule {
  const parts = decodeModule(module)
  if (options.imports !== 'any') checkImports(parts)
  const isOpen = options.exports === 'all'
  const shape = isOpen ? 'library' : checkShape(parts)
  const kept = isOpen
    ? parts.exports
    : parts.exports.filter(
        ({ name, kind, index }) =>
          name === 'memory' ||
          name === (shape === 'kernel' ? 'run' : '_start') ||
          (name === 'check' && kind === 'function' && hasStatusType(parts, index)),
      )
  const pagesMax = Math.floor(options.memoryBytesMax / pageBytes)
  const limits = forceLimits(parts, pagesMax)
  const { bodies, undeclared } = meterFunctions(parts, kept, limits)
  return {
    module: writeModule({ parts, exports: kept, limits, bodies, undeclared }),
    shape,
    imports: parts.imports,
    memoryBytes: {
      least: (parts.memories[0]?.least ?? 0) * pageBytes,
      most: (limits.memories[0]?.most ?? 0) * pageBytes,
    },
    functions: parts.bodies.length,
  }
}

function checkImports(parts: ModuleParts): void {
  for (const [index, { module, name, kind, offset }] of parts.imports.entries()) {
    const offered = offeredFunction(module, name)
    if (kind !== 'function' || offered === undefined)
      throw new ModuleFault(
        `the module imports ${kind === 'function' ? '' : `the ${kind} `}${shown(module)}.${shown(name)}, which the grid does not offer`,
        offset,
      )
    // All imports before it were functions, too.
    const type = parts.types[parts.functions[index] as number]
    const isSame =
      type?.params.join() === typesNamed(offered.params).join() &&
      type.results.join() === typesNamed(offered.results).join()
    if (!isSame)
      throw new ModuleFault(
        `the module imports ${module}.${name} with another type than (${offered.params.join(', ')}) -> (${offered.results.join(', ')})`,
        offset,
      )
  }
}

/** A name that a stranger chose, in one line and with an end. */
function shown(name: string): string {
  const line = name.replaceAll(/[\p{C}\p{Z}]/gu, ' ')
  return line.length > 60 ? `${line.slice(0, 60)}...` : line
}

function offeredFunction(module: string, name: string): HostFunction | undefined {
  const offered = module === gridModule ? gridImports : module === wasiModule ? wasiImports : {}
  return Object.hasOwn(offered, name) ? offered[name] : undefined
}

function checkShape(parts: ModuleParts): 'kernel' | 'command' {
  const found = (name: string, kind: ModuleExport['kind']) =>
    parts.exports.find((entry) => entry.name === name && entry.kind === kind)
  const end = parts.bytes.length
  if (found('memory', 'memory') === undefined)
    throw new ModuleFault('the module does not export its memory as "memory"', end)
  const run = found('run', 'function')
  const start = found('_start', 'function')
  const entry = run ?? start
  if (entry === undefined)
    throw new ModuleFault('the module exports neither a function "run" nor a "_start"', end)
  const type = parts.types[parts.functions[entry.index] as number]
  const results = run === undefined ? '' : String(valueType.i32)
  if (type === undefined || type.params.length > 0 || type.results.join() !== results)
    throw new ModuleFault(
      run === undefined
        ? 'the function "_start" has to take and give nothing'
        : 'the function "run" has to take nothing and give one i32',
      end,
    )
  return run === undefined ? 'command' : 'kernel'
}

/** () -> i32, as `run` has it. */
function hasStatusType(parts: ModuleParts, index: number): boolean {
  const type = parts.types[parts.functions[index] as number]
  return type?.params.length === 0 && type.results.join() === String(valueType.i32)
}

function forceLimits(parts: ModuleParts, pagesMax: number): ForcedLimits {
  const forced = ({ least, most, offset }: Limits, max: number, describe: () => string) => {
    if (least > max) throw new ModuleFault(describe(), offset)
    return { least, most: Math.min(most ?? max, max) }
  }
  const memories = parts.memories.map((memory, i) =>
    i < parts.importedMemories
      ? { least: memory.least, most: memory.most ?? 65_536 }
      : forced(
          memory,
          pagesMax,
          () =>
            `the module begins with ${memory.least * pageBytes} bytes of memory, its task allows ${pagesMax * pageBytes}`,
        ),
  )
  const tables = parts.tables.map((table, i) => {
    const max = i < parts.importedTables ? 2 ** 32 - 1 : bounds.tableElementsMax
    return {
      type: table.type,
      ...forced(
        table,
        max,
        () => `a table begins with ${table.least} elements, ${max} are allowed`,
      ),
    }
  })
  return { memories, tables }
}

/** @returns the bodies in their order, and the functions that `ref.func` names but nothing declares any more */
function meterFunctions(
  parts: ModuleParts,
  kept: readonly ModuleExport[],
  limits: ForcedLimits,
): { bodies: Uint8Array[]; undeclared: number[] } {
  const { importedFunctions } = parts
  const checker = new FunctionChecker(parts)
  const facts: (FunctionFacts | undefined)[] = new Array(importedFunctions).fill(undefined)
  for (const place of parts.bodies.keys()) facts.push(checker.check(place))
  const exported = kept.filter(({ kind }) => kind === 'function').map(({ index }) => index)
  const referred = new Set([...parts.referred, ...checker.named])
  // What the host can hold it may put into a table.
  if (parts.importedTables > 0 || kept === parts.exports)
    for (const index of exported) referred.add(index)
  const identities = parts.functions.map((type) => parts.types[type]?.identity ?? 0)
  const graph = callGraphOf({ facts, identities, referred })
  checkStack(parts, facts, graph)
  const roots = new Set([...referred, ...exported])
  if (parts.start !== undefined) roots.add(parts.start)
  const declared = new Set([...parts.referred, ...exported])
  return {
    bodies: new FunctionMeter(parts, facts, graph, roots, limits).meter(),
    undeclared: [...checker.named].filter((index) => !declared.has(index)),
  }
}

function checkStack(
  parts: ModuleParts,
  facts: readonly (FunctionFacts | undefined)[],
  { nodes }: CallGraph,
): void {
  for (const [index, node] of nodes.entries())
    if (node.slots > stackSlotsMax)
      throw new ModuleFault(
        `function ${index} and what it calls need ${node.slots * 8} bytes of call stack, ${stackSlotsMax * 8} are allowed`,
        facts[index]?.codeFrom ?? parts.bytes.length,
      )
}

class FunctionMeter {
  readonly #parts: ModuleParts
  readonly #facts: readonly (FunctionFacts | undefined)[]
  readonly #graph: CallGraph
  readonly #roots: ReadonlySet<number>
  readonly #limits: ForcedLimits
  /** What a call of each costs its caller; undefined for those that charge by themselves. */
  readonly #inlinedFuel: (number | undefined)[]
  #bytes = 0

  constructor(
    parts: ModuleParts,
    facts: readonly (FunctionFacts | undefined)[],
    graph: CallGraph,
    roots: ReadonlySet<number>,
    limits: ForcedLimits,
  ) {
    this.#parts = parts
    this.#facts = facts
    this.#graph = graph
    this.#roots = roots
    this.#limits = limits
    this.#inlinedFuel = new Array(facts.length).fill(undefined)
  }

  meter(): Uint8Array[] {
    const { importedFunctions, bodies } = this.#parts
    const written: Uint8Array[] = new Array(bodies.length)
    for (const index of this.#graph.order) {
      const facts = this.#facts[index]
      if (facts === undefined) continue
      const body = this.#meterOne(index, facts)
      this.#bytes += body.length
      if (body.length > bounds.functionBytesMax || this.#bytes > bounds.guardedBytesMax)
        throw new ModuleFault('the module becomes too large once it is metered', facts.codeFrom)
      written[index - importedFunctions] = body
    }
    return written
  }

  #meterOne(index: number, facts: FunctionFacts): Uint8Array {
    if (this.#canCallerPay(index, facts)) {
      const { body, fuel } = this.#write(index, facts, 'by-caller')
      if (fuel <= inlinedFuelMax) {
        this.#inlinedFuel[index] = fuel
        return body
      }
    }
    const metering = facts.hasLoop || facts.hasBulk ? 'in-local' : 'at-entry'
    return this.#write(index, facts, metering).body
  }

  #canCallerPay(index: number, facts: FunctionFacts): boolean {
    return (
      !facts.hasLoop &&
      !facts.hasBulk &&
      facts.calledTypes.length === 0 &&
      !this.#roots.has(index) &&
      this.#graph.nodes[index]?.isRecursive === false &&
      facts.callees.every((callee) => this.#inlinedFuel[callee] !== undefined)
    )
  }

  #write(
    index: number,
    facts: FunctionFacts,
    metering: Metering,
  ): { body: Uint8Array; fuel: number } {
    const { bytes, bodies, importedFunctions, globals } = this.#parts
    const node = this.#graph.nodes[index]
    const span = bodies[index - importedFunctions]
    return new BodyWriter({
      module: bytes,
      from: span?.from ?? 0,
      facts,
      metering,
      isDeep: node?.isDeep ?? false,
      reserveSlots: node?.isRecursive === true ? node.slots - facts.frameSlots : undefined,
      fuelGlobal: globals.length,
      stackGlobal: globals.length + 1,
      pagesMax: this.#limits.memories[0]?.most ?? 0,
      tableElementsMax: this.#limits.tables.map(({ most }) => most),
      inlinedFuelOf: (callee) => this.#inlinedFuel[callee],
      isDeepCallee: (callee) => this.#graph.nodes[callee]?.isDeep ?? false,
    }).write()
  }
}
