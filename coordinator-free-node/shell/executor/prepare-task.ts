/** Makes a task ready to run: a `wasm` module is guarded and compiled, which takes time and so has a thread of its own. */

import { wasiModule } from '../../../tasks/host-functions.js'
import { guardModule, ModuleFault } from '../../guard/guard.js'
import type { TaskDescriptor } from '../../protocol/task-bundle.js'

export interface WasmTask {
  tier: 'wasm'
  module: WebAssembly.Module
  /** Whether it imports any function of WASI's: making them takes longer than a small unit. */
  usesWasi: boolean
  fuelMax: number | undefined
}

/** A task as threads take it. */
export type Prepared =
  | WasmTask
  | { tier: 'js'; source: string; memoryBytesMax: number; fuelMax: number | undefined }
  | { tier: 'builtin'; name: string }
  | { tier: 'native' }
  /** Every host finds the same fault: it is the result of every unit. */
  | { tier: 'faulty'; fault: string }

/** @throws what the engine throws when this machine cannot compile the module */
export async function prepareTask(
  { tier, unitMemoryBytesMax: memoryBytesMax, unitFuelMax: fuelMax }: TaskDescriptor,
  code: Uint8Array,
): Promise<Prepared> {
  switch (tier) {
    case 'wasm':
      return await prepareWasm(code, memoryBytesMax, fuelMax)
    case 'js':
      return { tier, source: new TextDecoder().decode(code), memoryBytesMax, fuelMax }
    case 'builtin':
      return { tier, name: new TextDecoder().decode(code) }
    case 'native':
      return { tier }
  }
}

async function prepareWasm(
  code: Uint8Array,
  memoryBytesMax: number,
  fuelMax: number | undefined,
): Promise<Prepared> {
  try {
    const guarded = guardModule(code, { memoryBytesMax })
    const module = await WebAssembly.compile(new Uint8Array(guarded.module))
    const usesWasi = guarded.imports.some((entry) => entry.module === wasiModule)
    return { tier: 'wasm', module, usesWasi, fuelMax }
  } catch (error) {
    // The guard decides, not the engine: what it lets in every engine compiles.
    if (error instanceof ModuleFault) return { tier: 'faulty', fault: error.message }
    throw error
  }
}
