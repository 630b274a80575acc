/**
 * Checks the bodies of functions against the profile and the type rules, and notes what the guard has to know of each
 * before it can meter any: whom it calls, whether it loops, how large its frame is.
 */
import { bounds, frameSlots, stackSlotsMax } from './bounds.js'
import { ByteReader } from './byte-reader.js'
import {
  featureOf,
  type Instruction,
  plainInstructions,
  saturatingInstructions,
  simdInstructions,
} from './instructions.js'
import { type FunctionType, type ModuleParts, readValueType } from './module-decoder.js'
import { invalid, ModuleFault, outside } from './module-fault.js'
import { OperandStack } from './operand-stack.js'
import { anyType, isReference, isValueType, nameOfType, valueType } from './value-types.js'

export interface FunctionFacts {
  /** Where the instructions begin; the locals are before. */
  codeFrom: number
  codeTo: number
  /** Parameters and locals. */
  locals: number
  hasLoop: boolean
  /** Has instructions whose cost depends on an operand: bulk operations and growth. */
  hasBulk: boolean
  /** Functions that it calls by name. */
  callees: number[]
  /** Identities of the types that it calls through a table. */
  calledTypes: number[]
  /** Its frame on the call stack, in slots of 8 bytes. */
  frameSlots: number
}

const { i32, i64, f32, f64, v128, funcref } = valueType
const noTypes = new Uint8Array()

/** Checks one function after the other; the buffers are shared. */
export class FunctionChecker {
  readonly #parts: ModuleParts
  readonly #stack = new OperandStack()
  /** Functions that `ref.func` names in bodies; those the module declares elsewhere are the only ones allowed. */
  readonly named = new Set<number>()
  readonly #declared: Set<number>
  /** Types of the current function's locals. */
  #locals: number[] = []
  #reader = new ByteReader(new Uint8Array())
  #facts: FunctionFacts | undefined
  #callees = new Set<number>()
  #calledTypes = new Set<number>()
  #hasVector = false
  #loopNesting = 0
  #merges = 0
  #functionMerges = 0
  #functionWays = 0
  #functionLoops = 0

  constructor(parts: ModuleParts) {
    this.#parts = parts
    this.#declared = new Set(parts.referred)
    for (const { kind, index } of parts.exports) if (kind === 'function') this.#declared.add(index)
  }

  /** @param place  which of the bodies @throws {ModuleFault} */
  check(place: number): FunctionFacts {
    const { bodies, bytes, functions, importedFunctions } = this.#parts
    const body = bodies[place] as { from: number; to: number }
    const type = this.#typeAt(functions[importedFunctions + place] as number)
    const reader = new ByteReader(bytes, body.from, body.to)
    this.#reader = reader
    this.#stack.reset()
    this.#callees.clear()
    this.#calledTypes.clear()
    this.#hasVector = false
    this.#loopNesting = 0
    this.#functionMerges = 0
    this.#functionWays = 0
    this.#functionLoops = 0
    this.#readLocals(type)
    const facts: FunctionFacts = {
      codeFrom: reader.at,
      codeTo: body.to,
      locals: this.#locals.length,
      hasLoop: false,
      hasBulk: false,
      callees: [],
      calledTypes: [],
      frameSlots: 0,
    }
    this.#facts = facts
    // Its label is left to by branches, which are then returns.
    this.#stack.enter(0x02, noTypes, type.results)
    while (this.#stack.blocks.length > 0) {
      const at = reader.at
      this.#checkInstruction()
      // Two bytes can push 255 operands: whoever waited for the end would hold a gigabyte of types by then.
      if (this.#stack.heightMax > stackSlotsMax)
        throw new ModuleFault(
          `a function whose operands need more than ${stackSlotsMax * 8} bytes of call stack`,
          at,
        )
    }
    if (!reader.isAtEnd) throw invalid('bytes left over at the end of a function', reader.at)
    facts.callees = [...this.#callees]
    facts.calledTypes = [...this.#calledTypes]
    const slots = this.#locals.length + this.#stack.heightMax
    facts.frameSlots = frameSlots + (this.#hasVector ? 2 * slots : slots)
    return facts
  }

  #readLocals(type: FunctionType): void {
    const reader = this.#reader
    this.#locals = [...type.params]
    const groups = reader.count('groups of locals', bounds.functionBytesMax)
    for (let i = 0; i < groups; i++) {
      const at = reader.at
      const count = reader.u32()
      const local = readValueType(reader)
      if (this.#locals.length + count > bounds.localsMax)
        throw new ModuleFault(
          `a function with more than ${bounds.localsMax} locals, which no call stack should hold`,
          at,
        )
      for (let n = 0; n < count; n++) this.#locals.push(local)
    }
    // Six bytes can make a function of 8,000 locals, and each is written to when it is entered.
    this.#merges += this.#locals.length
    if (this.#merges > bounds.mergesMax)
      throw new ModuleFault('too many locals in too many functions to compile in time', reader.at)
    this.#hasVector = this.#locals.includes(v128)
  }

  #checkInstruction(): void {
    const reader = this.#reader
    const at = reader.at
    const opcode = reader.byte()
    const plain = plainInstructions[opcode]
    if (plain !== undefined) return this.#checkPlain(plain, at)
    switch (opcode) {
      case 0x00: // unreachable
        this.#countWays(2, at)
        return this.#stack.forget()
      case 0x01: // nop
        return
      case 0x02: // block
      case 0x03: // loop
      case 0x04: // if
        return this.#checkBlock(opcode, at)
      case 0x05: // else
        return this.#checkElse(at)
      case 0x0b: // end
        return this.#checkEnd(at)
      case 0x0c: {
        // br
        const label = this.#stack.labelOf(reader.u32(), at)
        this.#countWays(1, at)
        this.#countMerges(1, label.length, at)
        this.#stack.popAll(label, at)
        return this.#stack.forget()
      }
      case 0x0d: {
        // br_if
        this.#stack.pop(i32, at)
        const label = this.#stack.labelOf(reader.u32(), at)
        this.#countWays(2, at)
        this.#countMerges(1, label.length, at)
        return this.#checkConditional(label, at)
      }
      case 0x0e: // br_table
        return this.#checkBranchTable(at)
      case 0x0f: {
        // return
        this.#countWays(2, at)
        const outermost = this.#stack.blocks[0]
        this.#stack.popAll(outermost?.results ?? noTypes, at)
        return this.#stack.forget()
      }
      case 0x10: {
        // call
        const callee = this.#functionIndex(at)
        this.#callees.add(callee)
        return this.#checkCall(this.#typeAt(this.#parts.functions[callee] as number), at)
      }
      case 0x11: // call_indirect
        return this.#checkIndirectCall(at)
      case 0x1a: // drop
        this.#stack.popAny(at)
        return
      case 0x1b: // select
      case 0x1c: // select of a named type
        return this.#checkSelect(opcode === 0x1c, at)
      default:
        return this.#checkVariable(opcode, at)
    }
  }

  #checkVariable(opcode: number, at: number): void {
    const stack = this.#stack
    switch (opcode) {
      case 0x20: // local.get
        return stack.push(this.#localType(at))
      case 0x21: // local.set
        return stack.pop(this.#localType(at), at)
      case 0x22: {
        // local.tee
        const type = this.#localType(at)
        stack.pop(type, at)
        return stack.push(type)
      }
      case 0x23: // global.get
        return stack.push(this.#globalAt(at).type)
      case 0x24: {
        // global.set
        const { type, isMutable } = this.#globalAt(at)
        if (!isMutable) throw invalid('a constant global cannot be set', at)
        return stack.pop(type, at)
      }
      case 0x25: {
        // table.get
        const type = this.#tableType(at)
        stack.pop(i32, at)
        return stack.push(type)
      }
      case 0x26: {
        // table.set
        const type = this.#tableType(at)
        stack.pop(type, at)
        return stack.pop(i32, at)
      }
      case 0x3f: // memory.size
        this.#memoryByte(at)
        return stack.push(i32)
      case 0x40: // memory.grow
        this.#memoryByte(at)
        this.#noteBulk(at)
        stack.pop(i32, at)
        return stack.push(i32)
      default:
        return this.#checkConstant(opcode, at)
    }
  }

  #checkConstant(opcode: number, at: number): void {
    const reader = this.#reader
    const stack = this.#stack
    switch (opcode) {
      case 0x41:
        reader.s32()
        return stack.push(i32)
      case 0x42:
        reader.skipS64()
        return stack.push(i64)
      case 0x43:
        reader.skip(4)
        return stack.push(f32)
      case 0x44:
        reader.skip(8)
        return stack.push(f64)
      case 0xd0: {
        // ref.null
        const type = readValueType(reader)
        if (!isReference(type)) throw invalid('a null of a type that is no reference', at)
        return stack.push(type)
      }
      case 0xd1: {
        // ref.is_null
        const type = stack.popAny(at)
        if (type !== anyType && !isReference(type))
          throw invalid(`expected a reference, found ${nameOfType(type)}`, at)
        return stack.push(i32)
      }
      case 0xd2: {
        // ref.func
        const index = this.#functionIndex(at)
        if (!this.#declared.has(index)) throw invalid('a reference to an undeclared function', at)
        this.named.add(index)
        return stack.push(funcref)
      }
      case 0xfc:
        return this.#checkBulk(reader.u32(), at)
      case 0xfd: {
        const code = reader.u32()
        const instruction = simdInstructions[code]
        if (instruction === undefined)
          throw outside(code > 255 ? 'relaxed SIMD is' : `SIMD instruction ${code} is`, at)
        this.#hasVector = true
        return this.#checkPlain(instruction, at)
      }
      default:
        throw outside(featureOf(opcode), at)
    }
  }

  #checkPlain(instruction: Instruction, at: number): void {
    const reader = this.#reader
    const { params, results, align, lanes, wide } = instruction
    if (align !== undefined) {
      const flags = reader.u32()
      if ((flags & 0x40) !== 0) throw outside('several memories are', at)
      if (flags > align) throw invalid('an alignment larger than natural', at)
      reader.u32()
      this.#requireMemory(at)
    }
    if (lanes !== undefined && reader.byte() >= lanes) throw invalid('there is no such lane', at)
    if (wide === 'constant') reader.skip(16)
    if (wide === 'shuffle')
      for (let i = 0; i < 16; i++)
        if (reader.byte() >= 32) throw invalid('there is no such lane', at)
    this.#stack.popAll(params, at)
    this.#stack.pushAll(results)
  }

  #checkBlock(opcode: number, at: number): void {
    const { params, results } = this.#blockType(at)
    if (opcode === 0x04) this.#stack.pop(i32, at)
    if (opcode === 0x03) {
      this.#noteLoop()
      if (++this.#functionLoops > bounds.functionLoopsMax)
        throw new ModuleFault(`more than ${bounds.functionLoopsMax} loops in a function`, at)
      if (++this.#loopNesting > bounds.loopNestingMax)
        throw new ModuleFault(`more than ${bounds.loopNestingMax} loops inside each other`, at)
    }
    this.#stack.popAll(params, at)
    this.#stack.enter(opcode, params, results)
    this.#countWays(opcode === 0x04 ? 2 : 1, at)
    this.#countMerges(1, params.length + results.length, at)
    if (this.#stack.blocks.length > bounds.nestingMax)
      throw new ModuleFault(`more than ${bounds.nestingMax} blocks inside each other`, at)
  }

  #checkElse(at: number): void {
    const block = this.#stack.leave(at)
    if (block.opcode !== 0x04) throw invalid('an else without an if', at)
    this.#stack.enter(0x05, block.params, block.results)
  }

  #checkEnd(at: number): void {
    const block = this.#stack.leave(at)
    if (block.opcode === 0x04 && !isSame(block.params, block.results))
      throw invalid('an if without an else that gives other values than it takes', at)
    if (block.opcode === 0x03) this.#loopNesting--
    // Of the function itself nothing is left to hold them.
    if (this.#stack.blocks.length > 0) this.#stack.pushAll(block.results)
  }

  #checkConditional(label: Uint8Array, at: number): void {
    this.#stack.popAll(label, at)
    this.#stack.pushAll(label)
  }

  #checkBranchTable(at: number): void {
    const reader = this.#reader
    const stack = this.#stack
    const count = reader.count('branch targets', bounds.branchTargetsMax)
    stack.pop(i32, at)
    const depths: number[] = []
    for (let i = 0; i <= count; i++) depths.push(reader.u32())
    const arity = stack.labelOf(depths[count] as number, at).length
    this.#countWays(depths.length, at)
    this.#countMerges(depths.length, arity, at)
    for (const depth of new Set(depths)) {
      const label = stack.labelOf(depth, at)
      if (label.length !== arity) throw invalid('branch targets that take unequal values', at)
      stack.check(label, at)
    }
    stack.forget()
  }

  #checkIndirectCall(at: number): void {
    const type = this.#reader.u32()
    const table = this.#tableType(at)
    if (table !== funcref) throw invalid('a call through a table of no functions', at)
    if (type >= this.#parts.types.length) throw invalid(`there is no type ${type}`, at)
    this.#stack.pop(i32, at)
    const found = this.#typeAt(type)
    this.#calledTypes.add(found.identity)
    this.#checkCall(found, at)
  }

  #checkCall({ params, results }: FunctionType, at: number): void {
    this.#countWork(params.length + results.length, at)
    this.#stack.popAll(params, at)
    this.#stack.pushAll(results)
  }

  #checkSelect(isTyped: boolean, at: number): void {
    const stack = this.#stack
    let type: number = anyType
    if (isTyped) {
      if (this.#reader.u32() !== 1) throw invalid('a select of other than one value', at)
      type = readValueType(this.#reader)
      stack.pop(i32, at)
      stack.pop(type, at)
      stack.pop(type, at)
      return stack.push(type)
    }
    stack.pop(i32, at)
    const second = stack.popAny(at)
    const first = stack.popAny(at)
    type = first === anyType ? second : first
    if (isReference(type)) throw invalid('a select of references has to name their type', at)
    if (first !== second && first !== anyType && second !== anyType)
      throw invalid(`expected ${nameOfType(first)}, found ${nameOfType(second)}`, at)
    stack.push(type)
  }

  #checkBulk(code: number, at: number): void {
    const saturating = saturatingInstructions[code]
    if (saturating !== undefined) return this.#checkPlain(saturating, at)
    if (code > 17) throw outside(`instruction 0xfc ${code} is`, at)
    const stack = this.#stack
    const three = [i32, i32, i32]
    // Dropping a segment and asking for a size cost the same whatever the operands.
    if (code !== 9 && code !== 13 && code !== 16) this.#noteBulk(at)
    switch (code) {
      case 8: // memory.init
        this.#dataIndex(at)
        this.#memoryByte(at)
        return stack.popAll(three, at)
      case 9: // data.drop
        return this.#dataIndex(at)
      case 10: // memory.copy
        this.#memoryByte(at)
        this.#memoryByte(at)
        return stack.popAll(three, at)
      case 11: // memory.fill
        this.#memoryByte(at)
        return stack.popAll(three, at)
      case 12: {
        // table.init
        const elements = this.#elementType(at)
        if (elements !== this.#tableType(at))
          throw invalid('elements of another type than their table', at)
        return stack.popAll(three, at)
      }
      case 13: // elem.drop
        this.#elementType(at)
        return
      case 14: {
        // table.copy
        const to = this.#tableType(at)
        if (to !== this.#tableType(at)) throw invalid('a copy between tables of unequal types', at)
        return stack.popAll(three, at)
      }
      case 15: {
        // table.grow
        const type = this.#tableType(at)
        stack.pop(i32, at)
        stack.pop(type, at)
        return stack.push(i32)
      }
      case 16: // table.size
        this.#tableType(at)
        return stack.push(i32)
      default: {
        // table.fill
        const type = this.#tableType(at)
        stack.pop(i32, at)
        stack.pop(type, at)
        return stack.pop(i32, at)
      }
    }
  }

  #blockType(at: number): { params: Uint8Array; results: Uint8Array } {
    const reader = this.#reader
    const byte = reader.bytes[reader.at] ?? 0
    if (byte === 0x40) {
      reader.byte()
      return { params: noTypes, results: noTypes }
    }
    if (isValueType(byte)) return { params: noTypes, results: Uint8Array.of(reader.byte()) }
    const index = reader.s33()
    if (index < 0) throw outside('typed function references are', at)
    const type = this.#parts.types[index]
    if (type === undefined) throw invalid(`there is no type ${index}`, at)
    return type
  }

  #noteLoop(): void {
    if (this.#facts !== undefined) this.#facts.hasLoop = true
  }

  #noteBulk(at: number): void {
    // What the guard puts around it: comparisons of length, fuel and room.
    this.#countWays(6, at)
    if (this.#facts !== undefined) this.#facts.hasBulk = true
  }

  /** Pieces that a compiler cuts a function into; the time for them grows with their square. */
  #countWays(ways: number, at: number): void {
    this.#functionWays += ways
    if (this.#functionWays > bounds.functionWaysMax)
      throw new ModuleFault('too many branches in a function to compile in time', at)
  }

  /** A compiler brings locals and operands of all ways together where a block begins, and where a branch goes. */
  #countMerges(ways: number, operands: number, at: number): void {
    this.#countWork(ways * (1 + this.#locals.length + operands), at)
  }

  #countWork(steps: number, at: number): void {
    this.#merges += steps
    this.#functionMerges += steps
    if (this.#functionMerges > bounds.functionMergesMax || this.#merges > bounds.mergesMax)
      throw new ModuleFault('too many branches between too many locals to compile in time', at)
  }

  #functionIndex(at: number): number {
    const index = this.#reader.u32()
    if (index >= this.#parts.functions.length) throw invalid(`there is no function ${index}`, at)
    return index
  }

  #typeAt(index: number): FunctionType {
    return this.#parts.types[index] as FunctionType
  }

  #localType(at: number): number {
    const index = this.#reader.u32()
    const type = this.#locals[index]
    if (type === undefined) throw invalid(`there is no local ${index}`, at)
    return type
  }

  #globalAt(at: number): { type: number; isMutable: boolean } {
    const index = this.#reader.u32()
    const global = this.#parts.globals[index]
    if (global === undefined) throw invalid(`there is no global ${index}`, at)
    return global
  }

  #tableType(at: number): number {
    const index = this.#reader.u32()
    const table = this.#parts.tables[index]
    if (table === undefined) throw invalid(`there is no table ${index}`, at)
    return table.type
  }

  #elementType(at: number): number {
    const index = this.#reader.u32()
    const type = this.#parts.elementTypes[index]
    if (type === undefined) throw invalid(`there is no element segment ${index}`, at)
    return type
  }

  #dataIndex(at: number): void {
    const { dataCount } = this.#parts
    if (dataCount === undefined) throw invalid('data segments were not announced', at)
    const index = this.#reader.u32()
    if (index >= dataCount) throw invalid(`there is no data segment ${index}`, at)
  }

  #memoryByte(at: number): void {
    if (this.#reader.byte() !== 0) throw outside('several memories are', at)
    this.#requireMemory(at)
  }

  #requireMemory(at: number): void {
    if (this.#parts.memories.length === 0) throw invalid('there is no memory', at)
  }
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((type, i) => type === b[i])
}
