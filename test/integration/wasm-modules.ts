/** WebAssembly modules of one function, by hand: memory of one page, `run` returning an i32. */

/** @param body  instructions without the final `end`, leaving one i32 on the stack */
export function wasmModule(body: readonly number[]): Uint8Array {
  const code = [0x00, ...body, 0x0b]
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, [1, 0x60, 0, 1, 0x7f]),
    ...section(3, [1, 0]),
    ...section(5, [1, 0x00, 1]),
    ...section(7, [2, ...name('memory'), 2, 0, ...name('run'), 0, 0]),
    ...section(10, [1, code.length, ...code]),
  ])
}

function section(id: number, content: readonly number[]): number[] {
  return [id, content.length, ...content]
}

function name(text: string): number[] {
  return [text.length, ...new TextEncoder().encode(text)]
}
