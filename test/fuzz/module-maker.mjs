/**
 * Makes valid modules of the guard's profile at random: every instruction, every kind of block and branch, recursion,
 * endless loops, code after branches. They type-check by construction; `WebAssembly.validate` is the judge of that.
 */
import { ByteWriter } from '../../dist/coordinator-free-node/guard/byte-writer.js'
import {
  plainInstructions,
  saturatingInstructions,
  simdInstructions,
} from '../../dist/coordinator-free-node/guard/instructions.js'
import { Dice } from './dice.mjs'

const i32 = 0x7f
const i64 = 0x7e
const f32 = 0x7d
const f64 = 0x7c
const v128 = 0x7b
const funcref = 0x70
const numeric = [i32, i64, f32, f64, v128]
const integer = [i32, i64]

/** Instructions by the type they give; stores under 0. */
const producers = new Map([[0, []], ...numeric.map((type) => [type, []])])
for (const [prefix, table] of [
  [undefined, plainInstructions],
  [0xfc, saturatingInstructions],
  [0xfd, simdInstructions],
])
  for (const [code, instruction] of table.entries())
    if (instruction !== undefined)
      producers.get(instruction.results[0] ?? 0).push({ prefix, code, ...instruction })

const arithmetic = (code) =>
  (code >= 0x8d && code <= 0x97) || (code >= 0x9b && code <= 0xa5) || code === 0xb6 || code === 0xbb

/**
 * @typedef {object} MakerMode
 * @property {boolean} [hasFloats]  with floats and vectors, or integers alone
 * @property {boolean} [hasOddNans]  as on a machine whose arithmetic gives other NaNs: the same seed makes the same
 *   program, but each scalar result that is a NaN has other bits
 */

/** @param {number} seed @param {MakerMode} mode @returns {Uint8Array} */
export function makeModule(seed, mode = {}) {
  return new ModuleMaker(seed, mode).make()
}

class ModuleMaker {
  constructor(seed, { hasFloats = true, hasOddNans = false }) {
    this.dice = new Dice(seed)
    this.types = hasFloats ? numeric : integer
    this.hasFloats = hasFloats
    this.hasOddNans = hasOddNans
    this.imports = [
      { name: 'input_size', params: [], results: [i32] },
      { name: 'output_write', params: [i32, i32], results: [] },
    ]
  }

  make() {
    const { dice } = this
    const typeList = (most) =>
      Array.from({ length: dice.below(most + 1) }, () => dice.pick(this.types))
    this.functions = [
      ...this.imports,
      { params: [], results: [i32] },
      ...Array.from({ length: dice.below(5) }, () => ({
        params: typeList(3),
        results: typeList(2),
      })),
      { params: [], results: [] },
    ]
    this.functionTypes = this.functions.map(({ params, results }) => ({ params, results }))
    this.blockTypes = Array.from({ length: 3 }, () => ({
      params: typeList(2),
      results: typeList(2),
    }))
    this.globals = Array.from({ length: dice.below(4) }, () => dice.pick(this.types))
    this.dataSegments = dice.below(3)
    this.tableSize = 2 + dice.below(6)
    const bodies = this.functions.slice(this.imports.length).map((type) => this.#body(type))
    return this.#assemble(bodies)
  }

  #assemble(bodies) {
    const out = new ByteWriter()
    out.put(0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0)
    const section = (id, count, write) => {
      const content = new ByteWriter()
      if (count !== undefined) content.u32(count)
      write(content)
      out.byte(id)
      out.u32(content.length)
      out.copy(content.bytes)
      if (this.dice.oneIn(8)) out.put(0, 3, 1, 0x78, 0xff)
    }
    const name = (content, text) => {
      content.u32(text.length)
      content.copy(new TextEncoder().encode(text))
    }
    const all = [...this.functionTypes, ...this.blockTypes]
    section(1, all.length, (content) => {
      for (const { params, results } of all) {
        content.byte(0x60)
        content.u32(params.length)
        content.put(...params)
        content.u32(results.length)
        content.put(...results)
      }
    })
    section(2, this.imports.length, (content) => {
      for (const [index, { name: field }] of this.imports.entries()) {
        name(content, 'grid')
        name(content, field)
        content.put(0, index)
      }
    })
    const own = this.functions.length - this.imports.length
    section(3, own, (content) => {
      for (let i = 0; i < own; i++) content.u32(this.imports.length + i)
    })
    section(4, 1, (content) => content.put(funcref, 1, this.tableSize, this.tableSize + 4))
    section(5, 1, (content) => content.put(1, 1, 3))
    section(6, this.globals.length, (content) => {
      for (const type of this.globals) {
        content.put(type, 1)
        this.#constant(content, type)
        content.byte(0x0b)
      }
    })
    const start = this.functions.length - 1
    section(7, 2, (content) => {
      name(content, 'memory')
      content.put(2, 0)
      name(content, 'run')
      content.put(0, this.imports.length)
    })
    if (this.dice.oneIn(4)) section(8, undefined, (content) => content.u32(start))
    section(9, 2, (content) => {
      content.put(0, 0x41, 0, 0x0b, this.tableSize)
      for (let i = 0; i < this.tableSize; i++) content.u32(this.dice.below(this.functions.length))
      content.put(5, funcref, 2, 0xd0, funcref, 0x0b, 0xd2)
      content.u32(start)
      content.byte(0x0b)
    })
    section(12, undefined, (content) => content.u32(this.dataSegments))
    section(10, bodies.length, (content) => {
      for (const body of bodies) {
        content.u32(body.length)
        content.copy(body)
      }
    })
    section(11, this.dataSegments, (content) => {
      for (let i = 0; i < this.dataSegments; i++)
        if (i === 0) content.put(0, 0x41, 16, 0x0b, 4, 1, 2, 3, 4)
        else content.put(1, 5, 9, 8, 7, 6, 5)
    })
    return out.bytes.slice()
  }

  #body({ params, results }) {
    const { dice } = this
    const locals = Array.from({ length: dice.below(5) }, () => dice.pick(this.types))
    this.locals = [...params, ...locals]
    const perturbed = [f32, f64].map((type, i) => ({ type, index: this.locals.length + i }))
    this.odd = new Map(perturbed.map(({ type, index }) => [type, index]))
    this.code = new ByteWriter()
    this.labels = [{ types: results }]
    this.budget = 20 + dice.below(60)
    this.#statements(4)
    for (const type of results) this.#value(type, 4)
    this.code.byte(0x0b)
    const body = new ByteWriter()
    const own = this.hasFloats ? [...locals, f32, f64] : locals
    body.u32(own.length)
    for (const type of own) body.put(1, type)
    body.copy(this.code.bytes)
    return body.bytes.slice()
  }

  #statements(depth) {
    const count = this.dice.below(4)
    for (let i = 0; i < count && this.budget > 0; i++) this.#statement(depth)
  }

  #statement(depth) {
    const { dice, code } = this
    this.budget--
    switch (dice.below(20)) {
      case 0:
        if (this.locals.length === 0) return
        return this.#toLocal(dice.below(this.locals.length), 0x21, depth)
      case 1: {
        if (this.globals.length === 0) return
        const global = dice.below(this.globals.length)
        this.#value(this.globals[global], depth)
        code.byte(0x24)
        return code.u32(global)
      }
      case 2:
      case 3:
      case 4:
        return this.#apply(dice.pick(this.#choices(0)), depth)
      case 5:
        this.#value(dice.pick(this.types), depth)
        return code.byte(0x1a)
      case 6:
      case 7:
        return this.#block(depth, dice.pick([0x02, 0x03, 0x04]))
      case 8:
      case 9:
        return this.#branchIf(depth)
      case 10:
        return this.#leave(depth)
      case 11:
        return this.#bulk(depth)
      case 12:
        return this.#tableStatement(depth)
      case 13:
      case 14:
        return this.#callAndDrop(depth)
      case 15:
        return this.#multiBlock(depth)
      default:
        this.#value(i32, depth)
        return code.byte(0x1a)
    }
  }

  /** A value of the type on the stack. */
  #value(type, depth) {
    const { dice, code } = this
    this.budget--
    if (depth <= 0 || this.budget <= 0) return this.#leaf(type)
    switch (dice.below(16)) {
      case 0:
      case 1:
        return this.#leaf(type)
      case 2: {
        this.#enter(dice.pick([0x02, 0x03, 0x02]), type)
        this.#statements(depth - 1)
        this.#value(type, depth - 1)
        return this.#end()
      }
      case 3: {
        this.#value(i32, depth - 1)
        this.#enter(0x04, type)
        this.#statements(depth - 1)
        this.#value(type, depth - 1)
        code.byte(0x05)
        this.#value(type, depth - 1)
        return this.#end()
      }
      case 4: {
        this.#value(type, depth - 1)
        this.#value(type, depth - 1)
        this.#value(i32, depth - 1)
        if (dice.oneIn(2)) return code.byte(0x1b)
        return code.put(0x1c, 1, type)
      }
      case 5: {
        const index = this.locals.indexOf(type)
        return index < 0 ? this.#leaf(type) : this.#toLocal(index, 0x22, depth - 1)
      }
      case 6: {
        const callee = this.functions.findIndex(
          ({ results }) => results.length === 1 && results[0] === type,
        )
        return callee < 0 ? this.#leaf(type) : this.#call(callee, depth - 1)
      }
      case 7:
        if (type !== i32) return this.#apply(dice.pick(this.#choices(type)), depth - 1)
        return this.#integerAboutState(depth - 1)
      default:
        return this.#apply(dice.pick(this.#choices(type)), depth - 1)
    }
  }

  #integerAboutState(depth) {
    const { dice, code } = this
    switch (dice.below(4)) {
      case 0:
        return code.put(0x3f, 0)
      case 1:
        this.#value(i32, depth)
        return code.put(0x40, 0)
      case 2:
        return code.put(0xfc, 16, 0)
      default:
        code.put(0xd2)
        code.u32(this.functions.length - 1)
        return code.byte(0xd1)
    }
  }

  #leaf(type) {
    const { dice, code } = this
    const index = this.locals.indexOf(type)
    if (index >= 0 && dice.oneIn(2)) {
      code.byte(0x20)
      return code.u32(index)
    }
    const global = this.globals.indexOf(type)
    if (global >= 0 && dice.oneIn(3)) {
      code.byte(0x23)
      return code.u32(global)
    }
    this.#constant(code, type)
  }

  #constant(code, type) {
    const { dice } = this
    switch (type) {
      case i32:
        code.byte(0x41)
        return code.s32(dice.number())
      case i64:
        code.byte(0x42)
        return code.s32(dice.number())
      case f32:
      case f64: {
        const value = dice.pick([0, -0, 1, -1, 1.5, 1e30, Number.POSITIVE_INFINITY, 3e-40])
        const view = new DataView(new ArrayBuffer(8))
        if (type === f32) view.setFloat32(0, value, true)
        else view.setFloat64(0, value, true)
        code.byte(type === f32 ? 0x43 : 0x44)
        return code.copy(new Uint8Array(view.buffer, 0, type === f32 ? 4 : 8))
      }
      default:
        code.put(0xfd, 12)
        for (let i = 0; i < 4; i++)
          code.put(...[0, 0, dice.pick([0, 0x80]), dice.pick([0, 0x3f, 0xbf])])
    }
  }

  #choices(type) {
    return (this.hasFloats ? producers : integerProducers).get(type)
  }

  #apply(instruction, depth) {
    const { dice, code } = this
    const { prefix, code: opcode, params, align, lanes, wide } = instruction
    for (const [i, param] of params.entries()) {
      this.#value(param, depth)
      // Most addresses stay in the first page.
      if (align !== undefined && i === 0 && !dice.oneIn(12)) code.put(0x41, 0xff, 0xff, 0x01, 0x71)
    }
    if (prefix !== undefined) {
      code.byte(prefix)
      code.u32(opcode)
    } else code.byte(opcode)
    if (align !== undefined) {
      code.u32(dice.below(align + 1))
      code.u32(dice.oneIn(10) ? dice.below(70_000) : dice.below(16))
    }
    if (lanes !== undefined) code.byte(dice.below(lanes))
    if (wide === 'constant') for (let i = 0; i < 16; i++) code.byte(dice.below(4))
    if (wide === 'shuffle') for (let i = 0; i < 16; i++) code.byte(dice.below(32))
    if (this.hasOddNans && prefix === undefined && arithmetic(opcode))
      this.#disturb(instruction.results[0])
  }

  /** A NaN on top becomes another one; numbers stay. */
  #disturb(type) {
    const { code } = this
    const index = this.odd.get(type)
    code.byte(0x22)
    code.u32(index)
    if (type === f64) code.put(0x44, 1, 2, 3, 0, 0, 0, 0xfc, 0xff)
    else code.put(0x43, 7, 0, 0xe0, 0xff)
    code.byte(0x20)
    code.u32(index)
    code.byte(0x20)
    code.u32(index)
    code.put(type === f64 ? 0x61 : 0x5b, 0x1b)
  }

  #toLocal(index, opcode, depth) {
    this.#value(this.locals[index], depth)
    this.code.byte(opcode)
    this.code.u32(index)
  }

  /** @param type  of its one result; undefined for none */
  #enter(opcode, type) {
    this.code.put(opcode, type ?? 0x40)
    this.labels.push({ types: opcode === 0x03 || type === undefined ? [] : [type] })
  }

  #end() {
    this.labels.pop()
    this.code.byte(0x0b)
  }

  #block(depth, opcode) {
    if (opcode === 0x04) this.#value(i32, depth - 1)
    this.#enter(opcode, undefined)
    this.#statements(depth - 1)
    if (opcode === 0x04 && this.dice.oneIn(2)) {
      this.code.byte(0x05)
      this.#statements(depth - 1)
    }
    this.#end()
  }

  /** A block whose type stands in the type section: takes and gives several values. */
  #multiBlock(depth) {
    const { dice, code } = this
    const place = dice.below(this.blockTypes.length)
    const { params, results } = this.blockTypes[place]
    for (const type of params) this.#value(type, depth - 1)
    const opcode = dice.pick([0x02, 0x03])
    code.byte(opcode)
    code.s32(this.functionTypes.length + place)
    this.labels.push({ types: opcode === 0x03 ? params : results })
    for (const _ of params) code.byte(0x1a)
    this.#statements(depth - 1)
    for (const type of results) this.#value(type, depth - 1)
    this.#end()
    for (const _ of results) code.byte(0x1a)
  }

  #branchIf(depth) {
    const { code } = this
    const label = this.dice.below(this.labels.length)
    const { types } = this.labels[this.labels.length - 1 - label]
    for (const type of types) this.#value(type, depth - 1)
    this.#value(i32, depth - 1)
    code.byte(0x0d)
    code.u32(label)
    for (const _ of types) code.byte(0x1a)
  }

  /** Something that does not go on, inside a block, with dead code behind it. */
  #leave(depth) {
    const { dice, code } = this
    this.#value(i32, depth - 1)
    this.#enter(0x04, undefined)
    const label = dice.below(this.labels.length)
    const { types } = this.labels[this.labels.length - 1 - label]
    switch (dice.below(4)) {
      case 0:
        code.byte(0x00)
        break
      case 1:
        for (const type of this.labels[0].types) this.#value(type, depth - 1)
        code.byte(0x0f)
        break
      case 2: {
        for (const type of types) this.#value(type, depth - 1)
        this.#value(i32, depth - 1)
        const same = this.labels
          .map((other, i) => ({ other, depth: this.labels.length - 1 - i }))
          .filter(({ other }) => other.types.join() === types.join())
        const count = dice.below(4)
        code.byte(0x0e)
        code.u32(count)
        for (let i = 0; i < count; i++) code.u32(dice.pick(same).depth)
        code.u32(label)
        break
      }
      default:
        for (const type of types) this.#value(type, depth - 1)
        code.byte(0x0c)
        code.u32(label)
    }
    // Operands come out of nowhere in code that is never reached.
    if (dice.oneIn(2)) code.put(0x6a, 0x1a)
    if (dice.oneIn(3)) this.#statements(depth - 1)
    if (dice.oneIn(4)) code.put(0x02, 0x40, 0x03, 0x40, 0x0b, 0x0b)
    this.#end()
  }

  #bulk(depth) {
    const { dice, code } = this
    const small = () => {
      this.#value(i32, depth - 1)
      if (!dice.oneIn(8)) code.put(0x41, 0xff, 0x01, 0x71)
    }
    const segment = dice.below(Math.max(1, this.dataSegments))
    const kind = dice.pick(this.dataSegments > 0 ? [8, 9, 10, 11] : [10, 11])
    if (kind !== 9) for (let i = 0; i < 3; i++) small()
    code.put(0xfc, kind)
    if (kind === 8) code.put(segment, 0)
    if (kind === 9) code.put(segment)
    if (kind === 10) code.put(0, 0)
    if (kind === 11) code.put(0)
  }

  #tableStatement(depth) {
    const { dice, code } = this
    const place = () => {
      this.#value(i32, depth - 1)
      if (!dice.oneIn(8)) code.put(0x41, 1, 0x71)
    }
    const reference = () => {
      if (dice.oneIn(2)) return code.put(0xd0, funcref)
      code.byte(0xd2)
      code.u32(this.functions.length - 1)
    }
    switch (dice.below(7)) {
      case 0:
        place()
        code.put(0x25, 0, 0xd1, 0x1a)
        return
      case 1:
        place()
        reference()
        return code.put(0x26, 0)
      case 2:
        reference()
        place()
        return code.put(0xfc, 15, 0, 0x1a)
      case 3:
        place()
        reference()
        place()
        return code.put(0xfc, 17, 0)
      case 4:
        for (let i = 0; i < 3; i++) place()
        return code.put(0xfc, 14, 0, 0)
      case 5:
        for (let i = 0; i < 3; i++) place()
        return code.put(0xfc, 12, 1, 0)
      default:
        return code.put(0xfc, 13, 1)
    }
  }

  #call(callee, depth) {
    const { dice, code } = this
    const { params } = this.functions[callee]
    for (const type of params) this.#value(type, depth)
    if (dice.oneIn(3)) {
      this.#value(i32, depth)
      if (!dice.oneIn(6)) code.put(0x41, 3, 0x71)
      code.byte(0x11)
      code.u32(callee)
      return code.byte(0)
    }
    code.byte(0x10)
    code.u32(callee)
  }

  #callAndDrop(depth) {
    const callee = this.dice.below(this.functions.length)
    this.#call(callee, depth - 1)
    for (const _ of this.functions[callee].results) this.code.byte(0x1a)
  }
}

/** The same without floats and vectors: what these compute can be compared bit for bit. */
const integerProducers = new Map(
  [0, ...integer].map((type) => [type, producers.get(type).filter(isOfIntegers)]),
)

function isOfIntegers({ params, prefix }) {
  return prefix === undefined && params.every((type) => integer.includes(type))
}
