/**
 * The types on the operand stack, and the blocks around the current instruction, as the specification's validation
 * algorithm has them.
 *
 * Source: WebAssembly core specification 2.0, appendix "Validation Algorithm".
 */
import { invalid, type ModuleFault } from './module-fault.js'
import { anyType, nameOfType } from './value-types.js'

export interface Block {
  opcode: number
  params: Uint8Array
  results: Uint8Array
  /** Operands below the block's own. */
  base: number
  isUnreachable: boolean
}

export class OperandStack {
  readonly blocks: Block[] = []
  /** Most operands that were there at once. */
  heightMax = 0
  #types = new Uint8Array(64)
  #height = 0

  reset(): void {
    this.blocks.length = 0
    this.heightMax = 0
    this.#height = 0
  }

  push(type: number): void {
    if (this.#height === this.#types.length) {
      const larger = new Uint8Array(2 * this.#height)
      larger.set(this.#types)
      this.#types = larger
    }
    this.#types[this.#height++] = type
    if (this.#height > this.heightMax) this.heightMax = this.#height
  }

  pushAll(types: ArrayLike<number>): void {
    for (let i = 0; i < types.length; i++) this.push(types[i] as number)
  }

  /** @returns the type that was on top; `anyType` when nothing is known of it */
  popAny(offset: number): number {
    const block = this.top
    if (this.#height > block.base) return this.#types[--this.#height] as number
    if (block.isUnreachable) return anyType
    throw invalid('an operand is missing', offset)
  }

  pop(expected: number, offset: number): void {
    const found = this.popAny(offset)
    if (found === expected || found === anyType) return
    throw mismatch(expected, found, offset)
  }

  popAll(types: ArrayLike<number>, offset: number): void {
    for (let i = types.length - 1; i >= 0; i--) this.pop(types[i] as number, offset)
  }

  /** Whether the types are on top; the stack stays as it is. */
  check(types: ArrayLike<number>, offset: number): void {
    const found: number[] = []
    for (let i = types.length - 1; i >= 0; i--) {
      const type = this.popAny(offset)
      const expected = types[i] as number
      if (type !== expected && type !== anyType) throw mismatch(expected, type, offset)
      found.push(type)
    }
    this.pushAll(found.reverse())
  }

  get top(): Block {
    return this.blocks[this.blocks.length - 1] as Block
  }

  enter(opcode: number, params: Uint8Array, results: Uint8Array): void {
    const base = this.#height
    this.blocks.push({ opcode, params, results, base, isUnreachable: false })
    this.pushAll(params)
  }

  /** @returns the block that ends here, its results checked and gone */
  leave(offset: number): Block {
    const block = this.top
    this.popAll(block.results, offset)
    if (this.#height !== block.base) throw invalid('operands are left over', offset)
    this.blocks.pop()
    return block
  }

  /** What follows is never reached. */
  forget(): void {
    const block = this.top
    this.#height = block.base
    block.isUnreachable = true
  }

  /** Types that a branch to the block takes along. */
  labelOf(depth: number, offset: number): Uint8Array {
    const block = this.blocks[this.blocks.length - 1 - depth]
    if (block === undefined) throw invalid(`there is no block ${depth} outwards`, offset)
    return block.opcode === 0x03 ? block.params : block.results
  }
}

function mismatch(expected: number, found: number, offset: number): ModuleFault {
  return invalid(`expected ${nameOfType(expected)}, found ${nameOfType(found)}`, offset)
}
