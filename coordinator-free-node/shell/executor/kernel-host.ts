/**
 * What host functions of a `wasm` unit share: its memory, its input and result, and its fuel. One instance a unit;
 * the runtime opens it once the module is instantiated.
 */
import { limits } from '../../protocol/limits.js'
import type { Claim } from './claim.js'
import { outOfFuel, type UnitObserver } from './kernel-outcome.js'
import { OutputBuffer } from './output-buffer.js'

const nothing = new Uint8Array()

/** A fault of the kernel that every host sees alike. */
export class KernelFault extends Error {}

/** What a module exports of the guard's: a counter that goes below zero when the unit is over. */
export interface FuelCounter {
  value: bigint
}

export interface KernelUnit {
  input: Uint8Array
  params: Uint8Array
  /** Where it is checked rather than computed: the result that a host claims. */
  claim?: Claim | undefined
  /** Fills from the unit's seeded stream. */
  random(bytes: Uint8Array): void
  /** @default limits.unitOutputBytesMax */
  outputBytesMax?: number | undefined
}

/** A call across the border of the module, in fuel; about what it takes. */
const callFuel = 1_000
/** Bytes that are moved for one fuel. */
const bytesPerFuel = 8
/** A hash gives 32 bytes of the random stream, and takes some 500 simple instructions. */
const fuelPerRandomByte = 16

export class KernelHost {
  readonly unit: KernelUnit
  readonly output = new OutputBuffer()
  readonly observer: UnitObserver | undefined
  #memory: WebAssembly.Memory | undefined
  #fuel: FuelCounter = { value: 0n }

  constructor(unit: KernelUnit, observer: UnitObserver | undefined) {
    this.unit = unit
    this.observer = observer
  }

  /** From here on the module may call. */
  open(memory: WebAssembly.Memory, fuel: FuelCounter): void {
    this.#memory = memory
    this.#fuel = fuel
  }

  get memoryBytes(): number {
    return this.#memory?.buffer.byteLength ?? 0
  }

  /** A view of the kernel's memory; made anew each time, because growth detaches the old one. */
  view(pointer: number, length: number): Uint8Array {
    const at = pointer >>> 0
    const size = length >>> 0
    const memory = this.#mapped()
    if (at + size > memory.buffer.byteLength) throw new KernelFault('memory access out of bounds')
    return new Uint8Array(memory.buffer, at, size)
  }

  /** The same bytes for numbers, little-endian. */
  words(pointer: number, length: number): DataView {
    const { buffer, byteOffset, byteLength } = this.view(pointer, length)
    return new DataView(buffer, byteOffset, byteLength)
  }

  /** @throws {KernelFault} when the unit has no fuel left for a call that moves so many bytes */
  charge(bytes: number): void {
    this.#burn(callFuel + Math.ceil(bytes / bytesPerFuel))
  }

  fillRandom(pointer: number, length: number): void {
    const bytes = this.view(pointer, length)
    this.#burn(callFuel + fuelPerRandomByte * bytes.length)
    this.unit.random(bytes)
  }

  /** Copies a part of the input or the parameters into the memory. */
  give(pointer: number, bytes: Uint8Array): void {
    const place = this.view(pointer, bytes.length)
    this.charge(bytes.length)
    place.set(bytes)
  }

  /** Appends to the result. */
  write(pointer: number, length: number): void {
    const piece = this.view(pointer, length)
    this.charge(piece.length)
    const { outputBytesMax = limits.unitOutputBytesMax } = this.unit
    if (this.output.length + piece.length > outputBytesMax)
      throw new KernelFault(`the result has more than ${outputBytesMax} bytes`)
    this.output.append(piece)
  }

  /** Costs and fails the same whether anybody listens or not. @returns a view of what was logged */
  log(pointer: number, length: number): Uint8Array {
    const text = this.view(pointer, length)
    this.charge(text.length)
    this.observer?.log(text)
    return text
  }

  #burn(fuel: number): void {
    this.#mapped()
    this.#fuel.value -= BigInt(fuel)
    if (this.#fuel.value < 0n) throw new KernelFault(outOfFuel)
  }

  #mapped(): WebAssembly.Memory {
    if (this.#memory === undefined)
      throw new KernelFault('a grid function was called while starting')
    return this.#memory
  }
}

/** The functions of the module `grid`; docs/tasks.md says what they do. */
export function gridFunctions(host: KernelHost): Record<string, (...args: never[]) => unknown> {
  const { input, params, claim } = host.unit
  const result = claim?.output ?? nothing
  const sized = (bytes: Uint8Array) => () => {
    host.charge(0)
    return bytes.length
  }
  return {
    input_size: sized(input),
    input_read: (pointer: number) => host.give(pointer, input),
    result_size: sized(result),
    result_read: (pointer: number) => host.give(pointer, result),
    params_size: sized(params),
    params_read: (pointer: number) => host.give(pointer, params),
    output_write: (pointer: number, length: number) => host.write(pointer, length),
    random: (pointer: number, length: number) => host.fillRandom(pointer, length),
    log: (pointer: number, length: number) => {
      host.log(pointer, length)
    },
    progress: (fraction: number) => {
      host.charge(0)
      if (!Number.isNaN(fraction)) host.observer?.progress(Math.min(1, Math.max(0, fraction)))
    },
  }
}
