/** Modules from text, guarded and run: what the guard's tests share. */
import wabtFactory from 'wabt'
import { ByteWriter } from '../../../coordinator-free-node/guard/byte-writer.js'
import {
  type GuardOptions,
  guardExports,
  guardModule,
} from '../../../coordinator-free-node/guard/guard.js'

const wabt = await wabtFactory()

/** Everything that the text format knows, so that the guard has something to refuse. */
const features = {
  exceptions: true,
  mutable_globals: true,
  sat_float_to_int: true,
  sign_extension: true,
  simd: true,
  threads: true,
  multi_value: true,
  tail_call: true,
  bulk_memory: true,
  reference_types: true,
  memory64: true,
  multi_memory: true,
  extended_const: true,
  relaxed_simd: true,
}

/** @param text  a module in the text format, without checks */
export function assemble(text: string): Uint8Array {
  const module = wabt.parseWat('module.wat', text, features)
  const { buffer } = module.toBinary({ write_debug_names: false })
  module.destroy()
  return new Uint8Array(buffer)
}

/** A module with a page of memory and a `run` of this body; `more` stands beside it. */
export function kernel(body: string, more = ''): Uint8Array {
  return assemble(
    `(module (memory (export "memory") 1) ${more} (func $run (export "run") (result i32) ${body}))`,
  )
}

/** A module byte by byte, for what the assembler would not write: functions that give an i32, the first is `run`. */
export function binary(bodies: readonly (readonly number[])[]): Uint8Array {
  const out = new ByteWriter()
  out.put(0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0)
  const section = (id: number, write: (content: ByteWriter) => void) => {
    const content = new ByteWriter()
    write(content)
    out.byte(id)
    out.u32(content.length)
    out.copy(content.bytes)
  }
  section(1, (content) => content.put(1, 0x60, 0, 1, 0x7f))
  section(3, (content) => {
    content.u32(bodies.length)
    for (const _ of bodies) content.byte(0)
  })
  section(5, (content) => content.put(1, 0, 1))
  section(7, (content) => {
    content.put(2, 6, ...new TextEncoder().encode('memory'), 2, 0)
    content.put(3, ...new TextEncoder().encode('run'), 0, 0)
  })
  section(10, (content) => {
    content.u32(bodies.length)
    for (const body of bodies) {
      content.u32(body.length)
      content.put(...body)
    }
  })
  return out.bytes.slice()
}

export const memoryBytesMax = 16 * 2 ** 20

export function guard(module: Uint8Array, options: Partial<GuardOptions> = {}) {
  return guardModule(module, { memoryBytesMax, ...options })
}

export interface Ran {
  /** What `run` gave, or the engine's word for why it did not. */
  end: unknown
  fuel: number
  /** What is left of the call stack, or a signal. */
  stack: number
  memory: Uint8Array
}

/** Guards a module and runs it once. */
export function run(module: Uint8Array, fuelMax = 1_000_000): Ran {
  const guarded = guard(module).module
  const grid = { input_size: () => 0, output_write: () => {}, progress: () => {} }
  const compiled = new WebAssembly.Module(new Uint8Array(guarded))
  const { exports } = new WebAssembly.Instance(compiled, { grid })
  const fuel = exports[guardExports.fuel] as WebAssembly.Global
  const stack = exports[guardExports.stack] as WebAssembly.Global
  const memory = exports.memory as WebAssembly.Memory
  fuel.value = BigInt(fuelMax)
  let end: unknown
  try {
    const start = exports[guardExports.start] as (() => void) | undefined
    start?.()
    end = (exports.run as () => unknown)()
  } catch (error) {
    end = error instanceof Error ? error.constructor.name : error
  }
  return {
    end,
    fuel: fuelMax - Number(fuel.value),
    stack: stack.value as number,
    memory: new Uint8Array(memory.buffer),
  }
}
