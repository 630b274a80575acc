/**
 * Writes one function anew: counted, and with every NaN that can be seen made canonical. It was checked before, so
 * nothing here can fail; code that is never reached is left out.
 *
 * **Fuel.** A region is the code from a function's entry, or from a loop's head, to wherever it ends or the loop turns;
 * loops inside are regions of their own. On entering a region the cost of its dearest way through is charged: nothing
 * runs that is not paid for, at one subtraction and one branch a turn. Loops that only count are paid for at once, before
 * the first turn: the same fuel. A function with loops keeps the count in a local, and in the global around calls that charge,
 * too.
 *
 * **Depth.** Functions that recur take their frame off the stack's slots on entry; a function tells its callees what is
 * left by writing it to the global before each call, so that leaving costs nothing.
 *
 * **NaNs.** Floats may hold any NaN in locals, on the stack and in globals. They are made canonical where bits come to
 * light: stores, reinterpretations, the sign's donor of a copysign, vectors. Vectors hold canonical NaNs alone.
 */
import { ByteReader } from './byte-reader.js'
import { ByteWriter } from './byte-writer.js'
import { type CountedLoop, recogniseCount } from './counted-loop.js'
import { chargeMax, fuelCosts } from './fuel-costs.js'
import type { FunctionFacts } from './function-body.js'
import { bulkImmediates, skipImmediates } from './immediates.js'
import {
  type NanRole,
  plainInstructions,
  saturatingInstructions,
  simdInstructions,
} from './instructions.js'
import { valueType } from './value-types.js'

/** How a function is paid for. */
export type Metering =
  /** By its caller, who knows what it costs. */
  | 'by-caller'
  /** At its entry, into the global. */
  | 'at-entry'
  /** At its entry and in its loops, into a local. */
  | 'in-local'

export interface BodySpec {
  module: Uint8Array
  /** First byte of the body: the locals. */
  from: number
  facts: FunctionFacts
  metering: Metering
  /** Whether depth passes through it, and is checked in it: slots it has to leave below its own frame. */
  isDeep: boolean
  reserveSlots: number | undefined
  /** Indexes of the guard's globals. */
  fuelGlobal: number
  stackGlobal: number
  /** Pages and elements that memory and tables may have. */
  pagesMax: number
  tableElementsMax: readonly number[]
  /** Cost of a callee that its caller pays for; undefined when it charges by itself. */
  inlinedFuelOf(callee: number): number | undefined
  isDeepCallee(callee: number): boolean
}

interface Region {
  /** Where its charge stands in the code. */
  chargeAt: number | undefined
  /** Cost of the dearest way from its start to the current place. */
  cost: number
  costMax: number
}

interface Label {
  opcode: number
  /** Number of the region it lies in. */
  region: number
  /** Cost at its start. */
  startCost: number
  /** Dearest way to its end by a branch, or through the other arm; -1 when there is none. */
  endCost: number
}

/** What the host finds in the stack's global after a trap that was none. */
export const stackSignals = {
  /** The call stack is used up. */
  exhausted: -1,
  /** The host had no memory though the module may have more. */
  hostMemory: -(2 ** 31),
} as const

const op = {
  unreachable: 0x00,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  end: 0x0b,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  globalGet: 0x23,
  globalSet: 0x24,
  select: 0x1b,
  i32Const: 0x41,
  i64Const: 0x42,
  void: 0x40,
} as const

export class BodyWriter {
  readonly #spec: BodySpec
  readonly #reader: ByteReader
  readonly #code = new ByteWriter()
  /** Types of the guard's own locals, by what they are for. */
  readonly #ownLocals = new Map<string, { index: number; type: number }>()
  readonly #regions: Region[] = []
  readonly #labels: Label[] = []
  /** Bytes from here on are not written yet. */
  #copiedTo: number
  /** The float on top of the stack was not made by arithmetic. */
  #isTopClean = false

  constructor(spec: BodySpec) {
    this.#spec = spec
    this.#reader = new ByteReader(spec.module, spec.facts.codeFrom, spec.facts.codeTo)
    this.#copiedTo = spec.facts.codeFrom
  }

  /** @returns the body without its length, and what a call of it costs */
  write(): { body: Uint8Array; fuel: number } {
    this.#enterFunction()
    while (this.#labels.length > 0) this.#writeInstruction()
    this.#copyUpTo(this.#reader.at)
    const top = this.#regions[0] as Region
    this.#fillCharge(top)
    return { body: this.#withLocals(), fuel: top.costMax }
  }

  #enterFunction(): void {
    const { metering, isDeep, reserveSlots, facts, stackGlobal, fuelGlobal } = this.#spec
    const code = this.#code
    let chargeAt: number | undefined
    if (metering !== 'by-caller') {
      const fuel = this.#own('fuel', valueType.i64)
      this.#emit(op.globalGet, fuelGlobal)
      code.byte(op.i64Const)
      chargeAt = code.reserve()
      code.byte(0x7d) // i64.sub
      this.#emit(op.localTee, fuel)
      if (metering === 'at-entry') {
        this.#emit(op.globalSet, fuelGlobal)
        this.#emit(op.localGet, fuel)
      }
      this.#stopBelowZero()
    }
    this.#regions.push({ chargeAt, cost: 0, costMax: 0 })
    this.#labels.push({ opcode: op.block, region: 0, startCost: 0, endCost: -1 })
    this.#pay(fuelCosts.enter)
    if (!isDeep) return
    const depth = this.#own('depth', valueType.i32)
    this.#emit(op.globalGet, stackGlobal)
    code.byte(op.i32Const)
    code.s32(facts.frameSlots)
    code.byte(0x6b) // i32.sub
    if (reserveSlots === undefined) return this.#emit(op.localSet, depth)
    this.#emit(op.localTee, depth)
    code.byte(op.i32Const)
    code.s32(reserveSlots)
    code.put(0x48, op.if, op.void) // i32.lt_s
    this.#stopWith(stackSignals.exhausted)
    code.byte(op.end)
  }

  #writeInstruction(): void {
    const reader = this.#reader
    const at = reader.at
    const opcode = reader.byte()
    const plain = plainInstructions[opcode]
    if (plain !== undefined) {
      if (plain.align !== undefined) this.#skipMemoryArgument()
      return this.#writePlain(plain.nan, plain.fuel, at)
    }
    switch (opcode) {
      case 0x20: // local.get
        reader.u32()
        this.#isTopClean = false
        return
      case 0x21: // local.set
        reader.u32()
        this.#isTopClean = false
        return this.#pay(fuelCosts.setLocal)
      case 0x22: // local.tee
        reader.u32()
        return this.#pay(fuelCosts.setLocal)
      case 0x23: // global.get
      case 0x24: // global.set
        reader.u32()
        this.#isTopClean = false
        return this.#pay(fuelCosts.global)
      case 0x41:
        reader.s32()
        return
      case 0x42:
        reader.skipS64()
        return
      case 0x43:
        reader.skip(4)
        this.#isTopClean = true
        return
      case 0x44:
        reader.skip(8)
        this.#isTopClean = true
        return
      case 0xfc:
        return this.#writeBulk(reader.u32(), at)
      case 0xfd:
        return this.#writeVector(reader.u32(), at)
      default:
        this.#isTopClean = false
        return this.#writeControl(opcode, at)
    }
  }

  #writeControl(opcode: number, at: number): void {
    const reader = this.#reader
    switch (opcode) {
      case 0x01: // nop
      case 0x1a: // drop
        return
      case 0x02: // block
      case 0x03: // loop
      case 0x04: // if
        return this.#writeBlock(opcode, at)
      case 0x05:
        return this.#writeElse()
      case 0x0b:
        return this.#writeEnd(at)
      case 0x00: // unreachable
        return this.#skipDeadCode()
      case 0x0c: // br
        this.#pay(fuelCosts.branch)
        this.#branch(reader.u32(), at)
        return this.#skipDeadCode()
      case 0x0d: // br_if
        this.#pay(fuelCosts.branch)
        return this.#branch(reader.u32(), at)
      case 0x0e: {
        // br_table
        this.#pay(fuelCosts.branchTable)
        const depths = new Set<number>()
        for (let left = reader.u32(); left >= 0; left--) depths.add(reader.u32())
        for (const depth of depths) this.#branch(depth, at)
        return this.#skipDeadCode()
      }
      case 0x0f: // return
        this.#pay(fuelCosts.branch)
        this.#branch(this.#labels.length - 1, at)
        return this.#skipDeadCode()
      case 0x10: {
        // call
        const callee = reader.u32()
        const inlined = this.#spec.inlinedFuelOf(callee)
        this.#pay(fuelCosts.call + (inlined ?? 0))
        const isDeep = this.#spec.isDeepCallee(callee)
        return this.#writeCall(inlined === undefined, isDeep, at)
      }
      case 0x11: // call_indirect
        reader.u32()
        reader.u32()
        this.#pay(fuelCosts.callIndirect)
        return this.#writeCall(true, this.#spec.isDeep, at)
      case 0x1c: // select of a named type
        reader.u32()
        reader.byte()
        return this.#pay(fuelCosts.select)
      case 0x1b:
        return this.#pay(fuelCosts.select)
      case 0x25:
      case 0x26: // table.get, table.set
        reader.u32()
        return this.#pay(fuelCosts.tableAccess)
      case 0x3f: // memory.size
        reader.byte()
        return this.#pay(fuelCosts.size)
      case 0x40: // memory.grow
        reader.byte()
        return this.#writeGrow(at, this.#spec.pagesMax, fuelCosts.grownPage, [0x3f, 0])
      case 0xd0:
        reader.byte()
        return this.#pay(fuelCosts.reference)
      case 0xd2:
        reader.u32()
        return this.#pay(fuelCosts.reference)
      default: // ref.is_null
        return this.#pay(fuelCosts.reference)
    }
  }

  #writePlain(nan: NanRole | undefined, fuel: number, at: number): void {
    this.#pay(fuel)
    if ((nan === 'top32' || nan === 'top64') && !this.#isTopClean) {
      this.#copyUpTo(at)
      this.#canonicaliseTop(nan)
    }
    if ((nan === 'result32' || nan === 'result64') && !this.#isNextArithmetic(nan)) {
      this.#copyUpTo(this.#reader.at)
      this.#canonicaliseLanes(nan)
    }
    this.#isTopClean = nan === 'clean'
  }

  #writeVector(code: number, at: number): void {
    const instruction = simdInstructions[code]
    if (instruction === undefined) return
    const { align, lanes, wide, nan, fuel } = instruction
    if (align !== undefined) this.#skipMemoryArgument()
    if (lanes !== undefined) this.#reader.byte()
    if (wide !== undefined) this.#reader.skip(16)
    this.#writePlain(nan, fuel, at)
  }

  /** Whether the next instruction takes the vector for lanes of the same type, and makes NaNs of their NaNs. */
  #isNextArithmetic(role: 'result32' | 'result64'): boolean {
    const { bytes, at } = this.#reader
    if (bytes[at] !== 0xfd) return false
    const code = new ByteReader(bytes, at + 1).u32()
    // These two take lanes of the other type.
    const isConversion = code === 94 || code === 95
    return !isConversion && simdInstructions[code]?.nan === role
  }

  #writeBlock(opcode: number, at: number): void {
    const reader = this.#reader
    const count = opcode === op.loop ? recogniseCount(reader) : undefined
    const type = reader.bytes[reader.at] as number
    if (type === op.void || (type > 0x6e && type < 0x80)) reader.byte()
    else reader.s33()
    if (opcode === op.if) this.#pay(fuelCosts.branch)
    const region = this.#regions.length - 1
    const startCost = this.#region.cost
    this.#labels.push({ opcode, region, startCost, endCost: -1 })
    if (opcode !== op.loop) return
    // Before the loop, or at the start of each turn.
    this.#copyUpTo(count === undefined ? reader.at : at)
    const code = this.#code
    const fuel = this.#own('fuel', valueType.i64)
    this.#emit(op.localGet, fuel)
    if (count !== undefined) this.#pushTurns(count)
    code.byte(op.i64Const)
    const chargeAt = code.reserve()
    if (count !== undefined) code.byte(0x7e) // i64.mul
    code.byte(0x7d)
    this.#emit(op.localTee, fuel)
    this.#stopBelowZero()
    this.#regions.push({ chargeAt, cost: 0, costMax: 0 })
    this.#pay(fuelCosts.turn)
  }

  /** How often a loop begins: once more than what is left to count, or as often. */
  #pushTurns(count: CountedLoop): void {
    const code = this.#code
    this.#emit(op.localGet, count.local)
    if (count.counts === 'down')
      code.put(op.i32Const, 1, 0x6b) // i32.sub
    else {
      const { local, bound, isSigned } = count
      const pushBound = () => code.copy(this.#spec.module, bound.from, bound.to)
      pushBound()
      code.put(isSigned ? 0x48 : 0x49, op.if, valueType.i32) // i32.lt
      pushBound()
      this.#emit(op.localGet, local)
      code.put(0x6b, op.else, op.i32Const, 0, op.end)
    }
    code.put(0xad, op.i64Const, 1, 0x7c) // i64.extend_i32_u, i64.add
  }

  #writeElse(): void {
    const label = this.#labels.at(-1) as Label
    label.opcode = op.else
    label.endCost = Math.max(label.endCost, this.#region.cost)
    this.#region.cost = label.startCost
  }

  #writeEnd(at: number): void {
    const label = this.#labels.at(-1) as Label
    if (this.#labels.length === 1) {
      this.#copyUpTo(at)
      this.#flush()
    }
    this.#closeLabel(label, this.#region.cost)
  }

  /** @param cost  of the way that falls through to the end; -1 when none does */
  #closeLabel(label: Label, cost: number): void {
    this.#labels.pop()
    if (label.opcode === op.loop) {
      this.#fillCharge(this.#regions.pop() as Region)
      return
    }
    const skipped = label.opcode === op.if ? label.startCost : -1
    const end = Math.max(cost, label.endCost, skipped)
    // An end that nothing reaches is code all the same.
    this.#region.cost = end < 0 ? label.startCost : end
  }

  #branch(depth: number, at: number): void {
    const place = this.#labels.length - 1 - depth
    const label = this.#labels[place] as Label
    if (place === 0) {
      this.#copyUpTo(at)
      this.#flush()
    }
    if (label.opcode === op.loop) return
    label.endCost = Math.max(label.endCost, (this.#regions[label.region] as Region).cost)
  }

  /** Leaves out what follows, up to the end or the other arm of the block. */
  #skipDeadCode(): void {
    const reader = this.#reader
    this.#copyUpTo(reader.at)
    let nesting = 0
    for (;;) {
      const at = reader.at
      const opcode = reader.byte()
      const isBlock = opcode === op.block || opcode === op.loop || opcode === op.if
      if (isBlock) nesting++
      const isOurs = nesting === 0
      if (opcode === op.end && !isOurs) nesting--
      if (isOurs && (opcode === op.end || opcode === op.else)) {
        this.#copiedTo = at
        return this.#resume(opcode)
      }
      skipImmediates(reader, opcode)
    }
  }

  #resume(opcode: number): void {
    const label = this.#labels.at(-1) as Label
    this.#isTopClean = false
    if (opcode === op.end) return this.#closeLabel(label, -1)
    label.opcode = op.else
    this.#region.cost = label.startCost
  }

  #writeCall(charges: boolean, isDeep: boolean, at: number): void {
    if (charges || isDeep) this.#copyUpTo(at)
    if (charges) this.#flush()
    if (isDeep) {
      this.#emit(op.localGet, this.#own('depth', valueType.i32))
      this.#emit(op.globalSet, this.#spec.stackGlobal)
    }
    if (!charges || this.#spec.metering !== 'in-local') return
    this.#copyUpTo(this.#reader.at)
    this.#emit(op.globalGet, this.#spec.fuelGlobal)
    this.#emit(op.localSet, this.#own('fuel', valueType.i64))
  }

  #writeBulk(code: number, at: number): void {
    const reader = this.#reader
    const saturating = saturatingInstructions[code]
    if (saturating !== undefined) return this.#writePlain(undefined, saturating.fuel, at)
    this.#isTopClean = false
    const immediates = bulkImmediates[code] ?? 0
    const first = immediates > 0 ? reader.u32() : 0
    if (immediates > 1) reader.u32()
    this.#pay(fuelCosts.bulk)
    switch (code) {
      case 8:
      case 10:
      case 11: // memory.init, memory.copy, memory.fill
        return this.#chargeLength(at, fuelCosts.bytesPerUnit)
      case 12:
      case 14:
      case 17: // table.init, table.copy, table.fill
        return this.#chargeLength(at, fuelCosts.elementsPerUnit)
      case 15: {
        // table.grow
        const most = this.#spec.tableElementsMax[first] ?? 0
        const size = new ByteWriter()
        size.put(0xfc, 16)
        size.u32(first)
        return this.#writeGrow(at, most, fuelCosts.grownElement, size.bytes)
      }
    }
  }

  /** Charges for the length on top of the stack. */
  #chargeLength(at: number, entriesPerUnit: number): void {
    this.#copyUpTo(at)
    const length = this.#own('length', valueType.i32)
    this.#emit(op.localTee, length)
    this.#emit(op.localGet, length)
    this.#code.put(0xad, op.i64Const, Math.log2(entriesPerUnit), 0x88) // i64.extend_i32_u, i64.shr_u
    this.#chargeTop()
  }

  /**
   * Growth is charged by what it asks for; when it fails though there should be room, the host is to blame.
   *
   * @param size  instruction that gives the present size
   */
  #writeGrow(at: number, most: number, fuelEach: number, size: ArrayLike<number>): void {
    const code = this.#code
    this.#pay(fuelCosts.grow)
    this.#copyUpTo(at)
    const wanted = this.#own('length', valueType.i32)
    const got = this.#own('result', valueType.i32)
    this.#emit(op.localTee, wanted)
    this.#emit(op.localGet, wanted)
    code.byte(op.i32Const)
    code.s32(most)
    this.#emit(op.localGet, wanted)
    code.byte(op.i32Const)
    code.s32(most)
    code.put(0x49, op.select, 0xad) // i32.lt_u, select the lesser, i64.extend_i32_u
    code.byte(op.i64Const)
    code.s32(fuelEach)
    code.byte(0x7e) // i64.mul
    this.#chargeTop()
    this.#copyUpTo(this.#reader.at)
    this.#emit(op.localTee, got)
    code.put(op.i32Const, 0x7f, 0x46, op.if, op.void) // i32.const -1, i32.eq
    this.#emit(op.localGet, wanted)
    code.byte(0xad)
    for (let i = 0; i < size.length; i++) code.byte(size[i] as number)
    code.put(0xad, 0x7c, op.i64Const) // i64.add
    code.s32(most)
    code.put(0x58, op.if, op.void) // i64.le_u
    this.#stopWith(stackSignals.hostMemory)
    code.put(op.end, op.end)
    this.#emit(op.localGet, got)
  }

  /** Charges the 64-bit cost on top of the stack. */
  #chargeTop(): void {
    const cost = this.#own('cost', valueType.i64)
    const fuel = this.#own('fuel', valueType.i64)
    this.#emit(op.localSet, cost)
    this.#emit(op.localGet, fuel)
    this.#emit(op.localGet, cost)
    this.#code.byte(0x7d)
    this.#emit(op.localTee, fuel)
    this.#stopBelowZero()
  }

  /** Stops the unit when the number on top, which is in the fuel's local, is below zero. */
  #stopBelowZero(): void {
    this.#code.put(op.i64Const, 0, 0x53, op.if, op.void) // i64.lt_s
    this.#flush()
    this.#code.put(op.unreachable, op.end)
  }

  #stopWith(signal: number): void {
    this.#code.byte(op.i32Const)
    this.#code.s32(signal)
    this.#emit(op.globalSet, this.#spec.stackGlobal)
    this.#code.byte(op.unreachable)
  }

  /** The count goes from the local, where there is one, to the global. */
  #flush(): void {
    if (this.#spec.metering !== 'in-local') return
    this.#emit(op.localGet, this.#own('fuel', valueType.i64))
    this.#emit(op.globalSet, this.#spec.fuelGlobal)
  }

  /**
   * Keeps a number as it is and puts the canonical NaN in the place of any other. Only numbers are at least what they
   * are, and that comparison is the one that engines test with a single jump.
   */
  #canonicaliseTop(role: 'top32' | 'top64'): void {
    const code = this.#code
    const isWide = role === 'top64'
    const type = isWide ? valueType.f64 : valueType.f32
    const float = this.#own(isWide ? 'f64' : 'f32', type)
    this.#emit(op.localTee, float)
    if (isWide) code.put(0x44, 0, 0, 0, 0, 0, 0, 0xf8, 0x7f)
    else code.put(0x43, 0, 0, 0xc0, 0x7f)
    this.#emit(op.localGet, float)
    this.#emit(op.localGet, float)
    code.put(isWide ? 0x66 : 0x60, op.select) // ge
  }

  #canonicaliseLanes(role: 'result32' | 'result64'): void {
    const code = this.#code
    const isWide = role === 'result64'
    const vector = this.#own('v128', valueType.v128)
    this.#emit(op.localTee, vector)
    code.put(0xfd, 12)
    for (let i = 0; i < (isWide ? 2 : 4); i++)
      if (isWide) code.put(0, 0, 0, 0, 0, 0, 0xf8, 0x7f)
      else code.put(0, 0, 0xc0, 0x7f)
    this.#emit(op.localGet, vector)
    this.#emit(op.localGet, vector)
    code.put(0xfd, isWide ? 71 : 65) // eq, lane by lane
    code.put(0xfd, 82) // bitselect
  }

  #pay(fuel: number): void {
    const region = this.#region
    region.cost = Math.min(chargeMax, region.cost + fuel)
    if (region.cost > region.costMax) region.costMax = region.cost
  }

  get #region(): Region {
    return this.#regions[this.#regions.length - 1] as Region
  }

  #fillCharge({ chargeAt, costMax }: Region): void {
    if (chargeAt !== undefined) this.#code.fill(chargeAt, costMax)
  }

  #skipMemoryArgument(): void {
    this.#reader.u32()
    this.#reader.u32()
  }

  #emit(opcode: number, index: number): void {
    this.#code.byte(opcode)
    this.#code.u32(index)
  }

  #copyUpTo(at: number): void {
    this.#code.copy(this.#spec.module, this.#copiedTo, at)
    this.#copiedTo = at
  }

  /** Index of a local of the guard's own. */
  #own(purpose: string, type: number): number {
    const known = this.#ownLocals.get(purpose)
    if (known !== undefined) return known.index
    const index = this.#spec.facts.locals + this.#ownLocals.size
    this.#ownLocals.set(purpose, { index, type })
    return index
  }

  #withLocals(): Uint8Array {
    const { module, from, facts } = this.#spec
    const groups = new ByteReader(module, from, facts.codeFrom)
    const count = groups.u32()
    const body = new ByteWriter()
    body.u32(count + this.#ownLocals.size)
    body.copy(module, groups.at, facts.codeFrom)
    for (const { type } of this.#ownLocals.values()) body.put(1, type)
    body.copy(this.#code.bytes)
    return body.bytes
  }
}
