/** The kernel interface of tier `wasm` in its plainest form, and a grid of one that runs whole tasks on it. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { z } from 'zod'
import type { RangePlan, Task, TaskPlan, UnitPart } from '../../../tasks/contract.js'

export interface UnitAnswer {
  hit: boolean
  output: Uint8Array
}

export interface KernelHost {
  readonly module: WebAssembly.Module
  run(input: Uint8Array, params?: Uint8Array, unit?: number): UnitAnswer
}

/** A stream of bytes that depends on the unit alone: SHA-256 in counter mode. */
export function randomStream(unit: number): (length: number) => Uint8Array {
  let counter = 0
  let left = Buffer.alloc(0)
  return (length) => {
    while (left.length < length) {
      const block = createHash('sha256').update(`unit ${unit} block ${counter}`).digest()
      left = Buffer.concat([left, block])
      counter += 1
    }
    const bytes = left.subarray(0, length)
    left = left.subarray(length)
    return bytes
  }
}

export async function loadKernel(name: string): Promise<KernelHost> {
  return loadModule(new URL(`../../../tasks/kernels/${name}.wasm`, import.meta.url))
}

async function loadModule(file: URL): Promise<KernelHost> {
  const module = await WebAssembly.compile(await readFile(file))
  return { module, run: (...unit) => runUnit(module, ...unit) }
}

function runUnit(
  module: WebAssembly.Module,
  input: Uint8Array,
  params: Uint8Array = new Uint8Array(0),
  unit = 0,
): UnitAnswer {
  const outputs: Buffer[] = []
  const stream = randomStream(unit)
  const memory = (): Uint8Array => new Uint8Array((exports.memory as WebAssembly.Memory).buffer)
  const { exports } = new WebAssembly.Instance(module, {
    grid: {
      input_size: () => input.length,
      input_read: (pointer: number) => memory().set(input, pointer),
      params_size: () => params.length,
      params_read: (pointer: number) => memory().set(params, pointer),
      output_write: (pointer: number, length: number) =>
        outputs.push(Buffer.from(memory().slice(pointer, pointer + length))),
      random: (pointer: number, length: number) => memory().set(stream(length), pointer),
      log: () => {},
      progress: () => {},
    },
  })
  const code = (exports.run as () => number)()
  if (code !== 0 && code !== 1) throw new Error(`run() gave ${code}`)
  return { hit: code === 1, output: new Uint8Array(Buffer.concat(outputs)) }
}

export function rangeInput(start: number, end: number): Uint8Array {
  const bytes = new Uint8Array(16)
  const view = new DataView(bytes.buffer)
  view.setBigInt64(0, BigInt(start), true)
  view.setBigInt64(8, BigInt(end), true)
  return bytes
}

function* rangeInputs({ start, end, unitItems }: RangePlan): Generator<Uint8Array> {
  for (let at = start; at < end; at += unitItems) {
    yield rangeInput(at, Math.min(end, at + unitItems))
  }
}

async function* inputsOf(inputs: TaskPlan['inputs']): AsyncGenerator<Uint8Array> {
  if ('unitItems' in inputs) yield* rangeInputs(inputs)
  else yield* inputs
}

export interface RunOptions {
  /** Units that wait for their answer at once; the newest and the oldest answer in turns. @default 1 */
  window?: number
  onUnit?(input: Uint8Array): void
}

/** Plans, runs every unit and assembles, as the grid does. */
export async function runTask<Params extends z.ZodType, Result extends z.ZodType, Part>(
  task: Task<Params, Result, Part>,
  given: z.input<Params>,
  { window = 1, onUnit }: RunOptions = {},
): Promise<z.output<Result>> {
  if (task.kernel.tier !== 'wasm') throw new Error('kernel-host runs wasm alone')
  const { module } = task.kernel
  const host = await (module instanceof URL ? loadModule(module) : loadKernel(task.name))
  const params = task.params.parse(given)
  const plan = await task.plan(params)
  const parts: UnitPart<Part>[] = []
  const waiting: { unit: number; input: Uint8Array }[] = []
  let answered = 0
  const answerOne = (): boolean => {
    answered += 1
    const next = answered % 2 === 1 ? waiting.pop() : waiting.shift()
    if (next === undefined) return false
    const { hit, output } = host.run(next.input, plan.params, next.unit)
    const part = { unit: next.unit, hit, part: task.decode(output, params) }
    parts[next.unit] = part
    task.onPart?.(part)
    return hit && plan.goal === 'first-hit'
  }

  const inputs = inputsOf(plan.inputs)[Symbol.asyncIterator]()
  let unit = 0
  let hasHit = false
  for (;;) {
    const pending = inputs.next()
    // A plan may wait for an answer: let it, then answer, and only then insist.
    const isReady = await Promise.race([pending.then(() => true), immediate().then(() => false)])
    if (!isReady) while (waiting.length > 0 && !hasHit) hasHit = answerOne()
    const { done, value } = await pending
    if (done === true) break
    onUnit?.(value)
    waiting.push({ unit, input: value })
    unit += 1
    if (waiting.length >= window) hasHit = answerOne()
    if (hasHit) break
  }
  while (waiting.length > 0 && !hasHit) hasHit = answerOne()
  await inputs.return?.(undefined)

  async function* inOrder(): AsyncGenerator<UnitPart<Part>> {
    for (const part of parts) if (part !== undefined) yield part
  }
  return task.result.parse(await task.assemble(inOrder(), params))
}

const immediate = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
