/** WebAssembly modules of one function, by hand: `run`, returning an i32, and a memory. */

export const i32 = 0x7f
export const i64 = 0x7e
export const f64 = 0x7c

export interface ModuleShape {
  /** Module, name, parameters, results; called by their place in the list. */
  imports?: readonly (readonly [string, string, readonly number[], readonly number[]])[]
  /** Pages of memory at the start, and at most. @default [1] */
  pages?: readonly [number, number?]
  /** i32 locals. @default 0 */
  locals?: number
  /** What run returns. @default [i32] */
  results?: readonly number[]
  /** What run takes. @default [] */
  params?: readonly number[]
  /** Instructions of a start function; its index comes after that of run. */
  start?: readonly number[]
  /** Bytes in memory at the start, by offset. */
  data?: readonly [number, readonly number[]]
  /** @default ['memory', 'run'] */
  exports?: readonly ('memory' | 'run')[]
}

/** @param body  instructions without the final `end`, leaving what run returns on the stack */
export function wasmModule(body: readonly number[], shape: ModuleShape = {}): Uint8Array {
  const imports = shape.imports ?? []
  const { pages = [1], params = [], results = [i32], data } = shape
  const exports = shape.exports ?? ['memory', 'run']
  const functionType = (from: readonly number[], to: readonly number[]) => [
    0x60,
    ...list([...from].map((type) => [type])),
    ...list([...to].map((type) => [type])),
  ]
  const run = imports.length
  const types = [
    ...imports.map(([, , from, to]) => functionType(from, to)),
    functionType(params, results),
    functionType([], []),
  ]
  const code = [functionBody(body, shape.locals ?? 0)]
  if (shape.start !== undefined) code.push(functionBody(shape.start, 0))
  const limits = pages[1] === undefined ? [0, ...leb(pages[0])] : [1, ...pages.flatMap(lebOf)]
  const exported = { memory: [2, 0], run: [0, ...leb(run)] }
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, list(types)),
    ...section(2, list(imports.map(([from, as], i) => [...name(from), ...name(as), 0, ...leb(i)]))),
    ...section(3, list(code.map((_, i) => leb(run + i)))),
    ...section(5, list([limits])),
    ...section(7, list(exports.map((as) => [...name(as), ...exported[as]]))),
    ...(shape.start === undefined ? [] : section(8, leb(run + 1))),
    ...section(10, list(code)),
    ...(data === undefined
      ? []
      : section(11, list([[0, ...i32Const(data[0]), 0x0b, ...leb(data[1].length), ...data[1]]]))),
  ])
}

/** The instruction that pushes a number. */
export function i32Const(value: number): number[] {
  const bytes = [0x41]
  let rest = value | 0
  for (;;) {
    const low = rest & 0x7f
    rest >>= 7
    const isLast = (rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0)
    bytes.push(isLast ? low : low | 0x80)
    if (isLast) return bytes
  }
}

/** The instruction that calls a function. */
export function call(index: number): number[] {
  return [0x10, ...leb(index)]
}

function functionBody(body: readonly number[], locals: number): number[] {
  const code = [...(locals === 0 ? [0] : [1, ...leb(locals), i32]), ...body, 0x0b]
  return [...leb(code.length), ...code]
}

function section(id: number, content: readonly number[]): number[] {
  return [id, ...leb(content.length), ...content]
}

function list(items: readonly (readonly number[])[]): number[] {
  return [...leb(items.length), ...items.flat()]
}

function name(text: string): number[] {
  const bytes = [...new TextEncoder().encode(text)]
  return [...leb(bytes.length), ...bytes]
}

function lebOf(value: number | undefined): number[] {
  return leb(value ?? 0)
}

function leb(value: number): number[] {
  return value < 0x80 ? [value] : [(value % 0x80) | 0x80, ...leb(Math.floor(value / 0x80))]
}
