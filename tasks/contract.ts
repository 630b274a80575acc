/**
 * What a task is to the person who writes one: typed parameters in, typed result out, and in between a kernel that
 * runs on strangers' machines, a plan that cuts the work, and an assembly of the verified parts.
 *
 * Plan, decode and assemble run where the job is submitted; only the kernel travels. This file and everything
 * under tasks/ also runs in a browser.
 */
import type { z } from 'zod'

/** The program that hosts execute, once a unit. See docs/tasks.md for what each tier may do. */
export type Kernel =
  /** A WebAssembly module, as bytes or as a file to load. */
  | { tier: 'wasm'; module: Uint8Array | URL }
  /**
   * JavaScript; evaluates to a function `(unit: JsUnit) => { hit?: boolean; value: unknown }`, or to `{ run, check }` with
   * such a function as `run` and `check: (unit: JsUnit, result: { hit: boolean; value: unknown }) => boolean`.
   */
  | { tier: 'js'; source: string }
  /** The name of a kernel that ships with every node. */
  | { tier: 'builtin'; name: string }

/** What a `js` kernel is called with, once a unit. */
export interface JsUnit {
  /** Range jobs: integers from `start` up to, not including, `end`. */
  range?: { start: number; end: number }
  /** List jobs: the unit's input, decoded. */
  input?: unknown
  /** The job's parameters, decoded; undefined when it has none. */
  params?: unknown
}

/** Integers from `start` up to, not including, `end`, `unitItems` a unit. */
export interface RangePlan {
  start: number
  end: number
  unitItems: number
}

export interface TaskPlan {
  /** A range, or one input a unit; iterables are read lazily, as the grid has room. */
  inputs: RangePlan | Iterable<Uint8Array> | AsyncIterable<Uint8Array>
  /** Handed to every unit as it is; at most 32 KiB. */
  params?: Uint8Array
  /** `first-hit`: the job ends with the first verified unit whose kernel reports a hit. @default 'all' */
  goal?: 'all' | 'first-hit'
}

/** The verified result of one unit. */
export interface UnitPart<Part> {
  unit: number
  /** Whether the kernel reported a hit. */
  hit: boolean
  part: Part
}

export interface TaskDefinition<Params extends z.ZodType, Result extends z.ZodType, Part> {
  /** Letters, digits, dots, dashes; what people see. */
  name: string
  /** One line for lists and `--help`. */
  summary: string
  params: Params
  result: Result
  kernel: Kernel
  /**
   * The kernel has a `check`, which says of a result whether it is right, cheaper than computing it: what passes counts,
   * and nothing is repeated. See docs/tasks.md. @default false
   */
  hasCheck?: boolean
  /** Wall-clock limit of one unit, milliseconds. @default 60000 */
  unitMsMax?: number
  /** Memory limit of one unit, bytes. @default 64 MiB */
  unitMemoryBytesMax?: number
  /** Fuel limit of one unit, see docs/tasks.md; a kernel with a known cost ends early when it goes astray. @default 10^13 */
  unitFuelMax?: number
  plan(params: z.output<Params>): TaskPlan | Promise<TaskPlan>
  /** One unit's output bytes as a value. */
  decode(output: Uint8Array, params: z.output<Params>): Part
  /**
   * Called with each verified part as it comes, in no order: for plans whose inputs depend on results. Called again for
   * a part that turned out wrong, with the right one.
   */
  onPart?(part: UnitPart<Part>): void
  /** The whole, from the parts in input order. Called again, with all parts, when one that it took turned out wrong. */
  assemble(
    parts: AsyncIterable<UnitPart<Part>>,
    params: z.output<Params>,
  ): Promise<z.input<Result>> | z.input<Result>
}

/** A task with its types kept, so that `grid.run` checks parameters and knows the result. */
export interface Task<Params extends z.ZodType, Result extends z.ZodType, Part>
  extends Readonly<TaskDefinition<Params, Result, Part>> {
  readonly isTask: true
}

/** Any task, where its types do not matter. */
// biome-ignore lint/suspicious/noExplicitAny: a task's callbacks take what its own schema gives
export type AnyTask = Task<any, any, any>

/**
 * Makes a task of its parts.
 *
 * @example
 * const squares = defineTask({
 *   name: 'squares', summary: 'Squares of 0..n',
 *   params: z.object({ n: z.number().int() }), result: z.array(z.number()),
 *   kernel: { tier: 'js', source: '({ range }) => ({ value: range.start ** 2 })' },
 *   plan: ({ n }) => ({ inputs: { start: 0, end: n, unitItems: 1 } }),
 *   decode: (output) => decodeValue(output) as number,
 *   assemble: async (parts) => { const out = []; for await (const { part } of parts) out.push(part); return out },
 * })
 */
export function defineTask<Params extends z.ZodType, Result extends z.ZodType, Part>(
  definition: TaskDefinition<Params, Result, Part>,
): Task<Params, Result, Part> {
  return Object.freeze({ ...definition, isTask: true as const })
}

export function isTask(value: unknown): value is AnyTask {
  return typeof value === 'object' && value !== null && 'isTask' in value && value.isTask === true
}
