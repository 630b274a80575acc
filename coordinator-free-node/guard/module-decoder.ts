/**
 * Reads a module section by section into `ModuleParts`: what function bodies refer to, and where the bytes are that
 * go into the guarded module as they came. Function bodies are left to function-body.ts.
 *
 * Source: WebAssembly core specification 2.0, chapter 5 "Binary Format".
 */
import { bounds } from './bounds.js'
import { ByteReader } from './byte-reader.js'
import { invalid, outside } from './module-fault.js'
import { isReference, isValueType, nameOfType, valueType } from './value-types.js'

export interface FunctionType {
  params: Uint8Array
  results: Uint8Array
  /** Equal types have equal numbers, whatever their indexes. */
  identity: number
}

export type ExternKind = 'function' | 'table' | 'memory' | 'global'

export interface ModuleImport {
  module: string
  name: string
  kind: ExternKind
  offset: number
}

export interface ModuleExport {
  name: string
  kind: ExternKind
  index: number
}

export interface Limits {
  least: number
  most: number | undefined
  offset: number
}

/** Bytes `from` up to, not including, `to` of the module. */
export interface Span {
  from: number
  to: number
}

/** A section whose entries are kept: their bytes, without the count before them. */
export interface Entries extends Span {
  count: number
}

export interface ModuleParts {
  bytes: Uint8Array
  types: FunctionType[]
  imports: ModuleImport[]
  importedFunctions: number
  importedTables: number
  importedMemories: number
  importedGlobals: number
  /** Type index of every function, imported ones first. */
  functions: number[]
  tables: (Limits & { type: number })[]
  memories: Limits[]
  globals: { type: number; isMutable: boolean }[]
  exports: ModuleExport[]
  start: number | undefined
  elementTypes: number[]
  dataCount: number | undefined
  /** Functions in element segments and global initialisers: callable through a table, and `ref.func` may name them. */
  referred: Set<number>
  /** Of the functions that are not imported. */
  bodies: Span[]
  /** By section id. */
  sections: Map<number, Entries>
}

export const sectionId = {
  type: 1,
  import: 2,
  function: 3,
  table: 4,
  memory: 5,
  global: 6,
  export: 7,
  start: 8,
  element: 9,
  code: 10,
  data: 11,
  dataCount: 12,
} as const

/** Sections come in this order, whatever their ids. */
const sectionOrder = [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 10, 11]
const tagSection = 13

const kinds: readonly ExternKind[] = ['function', 'table', 'memory', 'global']

/** @throws {ModuleFault} */
export function decodeModule(bytes: Uint8Array): ModuleParts {
  return new ModuleDecoder(bytes).decode()
}

class ModuleDecoder {
  readonly #reader: ByteReader
  readonly #parts: ModuleParts
  readonly #identities = new Map<string, number>()

  constructor(bytes: Uint8Array) {
    this.#reader = new ByteReader(bytes)
    this.#parts = {
      bytes,
      types: [],
      imports: [],
      importedFunctions: 0,
      importedTables: 0,
      importedMemories: 0,
      importedGlobals: 0,
      functions: [],
      tables: [],
      memories: [],
      globals: [],
      exports: [],
      start: undefined,
      elementTypes: [],
      dataCount: undefined,
      referred: new Set(),
      bodies: [],
      sections: new Map(),
    }
  }

  decode(): ModuleParts {
    const reader = this.#reader
    this.#readHead()
    let place = -1
    while (!reader.isAtEnd) {
      const start = reader.at
      const id = reader.byte()
      const length = reader.u32()
      const from = reader.at
      if (length > reader.bytes.length - from)
        throw invalid('a section that reaches beyond the end', start)
      const section = new ByteReader(reader.bytes, from, from + length)
      reader.skip(length)
      if (id === 0) {
        section.name(bounds.nameBytesMax)
        continue
      }
      if (id === tagSection) throw outside('exceptions are', start)
      const order = sectionOrder.indexOf(id)
      if (order < 0) throw invalid(`an unknown section ${id}`, start)
      if (order <= place) throw invalid('sections out of order', start)
      place = order
      this.#readSection(id, section)
      if (!section.isAtEnd) throw invalid('bytes left over at the end of a section', section.at)
    }
    this.#checkTotals()
    return this.#parts
  }

  #readHead(): void {
    const reader = this.#reader
    for (const byte of [0x00, 0x61, 0x73, 0x6d])
      if (reader.isAtEnd || reader.byte() !== byte)
        throw invalid('it does not begin with "\\0asm"', 0)
    for (const byte of [1, 0, 0, 0])
      if (reader.isAtEnd || reader.byte() !== byte)
        throw invalid('its version is not 1 (a component, perhaps)', 4)
  }

  #checkTotals(): void {
    const { functions, importedFunctions, bodies, dataCount, sections, bytes } = this.#parts
    if (functions.length - importedFunctions !== bodies.length)
      throw invalid('not as many function bodies as functions', bytes.length)
    const data = sections.get(sectionId.data)?.count ?? 0
    if (dataCount !== undefined && dataCount !== data)
      throw invalid('not as many data segments as were announced', bytes.length)
  }

  #readSection(id: number, section: ByteReader): void {
    const parts = this.#parts
    switch (id) {
      case sectionId.type:
        return this.#readEntries(id, section, 'types', bounds.typesMax, () =>
          this.#readType(section),
        )
      case sectionId.import:
        return this.#readEntries(id, section, 'imports', bounds.importsMax, () =>
          this.#readImport(section),
        )
      case sectionId.function:
        return this.#readEntries(id, section, 'functions', bounds.functionsMax, () =>
          parts.functions.push(this.#typeIndex(section)),
        )
      case sectionId.table:
        return this.#readEntries(id, section, 'tables', bounds.tablesMax, () =>
          this.#readTable(section),
        )
      case sectionId.memory:
        return this.#readEntries(id, section, 'memories', bounds.importsMax, () =>
          this.#readMemory(section),
        )
      case sectionId.global:
        return this.#readEntries(id, section, 'globals', bounds.globalsMax, () => {
          const global = this.#globalType(section)
          this.#constantExpression(section, global.type)
          parts.globals.push(global)
        })
      case sectionId.export:
        return this.#readExports(id, section)
      case sectionId.start: {
        const at = section.at
        parts.start = this.#functionIndex(section)
        const { params, results } = this.#typeOf(parts.start)
        if (params.length + results.length > 0)
          throw invalid('a start function that takes or gives values', at)
        return
      }
      case sectionId.element:
        return this.#readEntries(id, section, 'element segments', bounds.elementSegmentsMax, () =>
          this.#readElement(section),
        )
      case sectionId.dataCount:
        parts.dataCount = section.u32()
        return
      case sectionId.code:
        return this.#readEntries(id, section, 'function bodies', bounds.functionsMax, () =>
          this.#readBody(section),
        )
      default:
        return this.#readEntries(id, section, 'data segments', bounds.dataSegmentsMax, () =>
          this.#readData(section),
        )
    }
  }

  #readEntries(
    id: number,
    section: ByteReader,
    what: string,
    max: number,
    readEntry: () => void,
  ): void {
    const count = section.count(what, max)
    const from = section.at
    for (let i = 0; i < count; i++) readEntry()
    this.#parts.sections.set(id, { count, from, to: section.at })
  }

  #readType(section: ByteReader): void {
    const start = section.at
    const form = section.byte()
    if (form === 0x50 || form === 0x4f || form === 0x4e || form === 0x5f || form === 0x5e)
      throw outside('garbage-collected types are', start)
    if (form !== 0x60) throw invalid('a type that is no function type', start)
    const params = this.#valueTypes(section, 'parameters', bounds.parametersMax)
    const results = this.#valueTypes(section, 'results', bounds.resultsMax)
    const key = `${params.join()}:${results.join()}`
    const identity = this.#identities.get(key) ?? this.#identities.size
    this.#identities.set(key, identity)
    this.#parts.types.push({ params, results, identity })
  }

  #valueTypes(section: ByteReader, what: string, max: number): Uint8Array {
    const types = new Uint8Array(section.count(what, max))
    for (let i = 0; i < types.length; i++) types[i] = readValueType(section)
    return types
  }

  #readImport(section: ByteReader): void {
    const offset = section.at
    const parts = this.#parts
    const module = section.name(bounds.nameBytesMax)
    const name = section.name(bounds.nameBytesMax)
    const at = section.at
    const code = section.byte()
    if (code === 4) throw outside('exceptions are', at)
    const kind = kinds[code]
    if (kind === undefined) throw invalid('an import of an unknown kind', at)
    parts.imports.push({ module, name, kind, offset })
    switch (kind) {
      case 'function':
        parts.functions.push(this.#typeIndex(section))
        parts.importedFunctions++
        return
      case 'table':
        parts.importedTables++
        return this.#readTable(section)
      case 'memory':
        parts.importedMemories++
        return this.#readMemory(section)
      case 'global':
        parts.importedGlobals++
        parts.globals.push(this.#globalType(section))
    }
  }

  #readTable(section: ByteReader): void {
    const start = section.at
    if (section.bytes[start] === 0x40) throw outside('tables with an initialiser are', start)
    const type = readValueType(section)
    if (!isReference(type)) throw invalid('a table of values that are no references', start)
    const limits = readLimits(section, 2 ** 32 - 1)
    this.#parts.tables.push({ type, ...limits })
  }

  #readMemory(section: ByteReader): void {
    const start = section.at
    this.#parts.memories.push(readLimits(section, 65_536))
    if (this.#parts.memories.length > 1) throw outside('several memories are', start)
  }

  #globalType(section: ByteReader): { type: number; isMutable: boolean } {
    const type = readValueType(section)
    const at = section.at
    const flag = section.byte()
    if (flag > 1) throw invalid('a global that is neither constant nor mutable', at)
    return { type, isMutable: flag === 1 }
  }

  #readExports(id: number, section: ByteReader): void {
    const seen = new Set<string>()
    const { exports, functions, tables, memories, globals } = this.#parts
    const spaces = { function: functions, table: tables, memory: memories, global: globals }
    this.#readEntries(id, section, 'exports', bounds.exportsMax, () => {
      const start = section.at
      const name = section.name(bounds.nameBytesMax)
      if (seen.has(name)) throw invalid('two exports of one name', start)
      seen.add(name)
      const at = section.at
      const code = section.byte()
      if (code === 4) throw outside('exceptions are', at)
      const kind = kinds[code]
      if (kind === undefined) throw invalid('an export of an unknown kind', at)
      const index = section.u32()
      if (index >= spaces[kind].length) throw invalid(`an export of no ${kind}`, at)
      exports.push({ name, kind, index })
    })
  }

  #readElement(section: ByteReader): void {
    const start = section.at
    const flags = section.u32()
    if (flags > 7) throw invalid('an element segment of an unknown kind', start)
    const isActive = (flags & 1) === 0
    const hasExpressions = (flags & 4) !== 0
    let table: number | undefined
    if (isActive) {
      table = (flags & 2) === 0 ? 0 : section.u32()
      if (this.#parts.tables[table] === undefined)
        throw invalid('an element segment without a table', start)
      this.#constantExpression(section, valueType.i32)
    }
    let type: number = valueType.funcref
    if ((flags & 3) !== 0) {
      const at = section.at
      if (hasExpressions) type = readValueType(section)
      else if (section.byte() !== 0) throw invalid('elements of an unknown kind', at)
      if (!isReference(type)) throw invalid('elements that are no references', at)
    }
    if (table !== undefined && this.#parts.tables[table]?.type !== type)
      throw invalid('elements of another type than their table', start)
    const count = section.count('elements', bounds.guardedBytesMax)
    for (let i = 0; i < count; i++)
      if (hasExpressions) this.#constantExpression(section, type)
      else this.#parts.referred.add(this.#functionIndex(section))
    this.#parts.elementTypes.push(type)
  }

  #readBody(section: ByteReader): void {
    const start = section.at
    const length = section.u32()
    if (length > bounds.functionBytesMax)
      throw invalid(
        `a function of ${length} bytes, at most ${bounds.functionBytesMax} are allowed`,
        start,
      )
    const from = section.at
    section.skip(length)
    this.#parts.bodies.push({ from, to: section.at })
  }

  #readData(section: ByteReader): void {
    const start = section.at
    const flags = section.u32()
    if (flags > 2) throw invalid('a data segment of an unknown kind', start)
    if (flags !== 1) {
      const memory = flags === 2 ? section.u32() : 0
      if (memory !== 0 || this.#parts.memories.length === 0)
        throw invalid('a data segment without a memory', start)
      this.#constantExpression(section, valueType.i32)
    }
    section.skip(section.u32())
  }

  /** One constant, or a global that the host gave. */
  #constantExpression(section: ByteReader, expected: number): void {
    const start = section.at
    const found = this.#constant(section)
    if (found !== expected)
      throw invalid(
        `a constant of type ${nameOfType(found)} where ${nameOfType(expected)} belongs`,
        start,
      )
    const at = section.at
    if (section.byte() !== 0x0b) throw outside('computed constants are', at)
  }

  #constant(section: ByteReader): number {
    const start = section.at
    const opcode = section.byte()
    switch (opcode) {
      case 0x41:
        section.s32()
        return valueType.i32
      case 0x42:
        section.skipS64()
        return valueType.i64
      case 0x43:
        section.skip(4)
        return valueType.f32
      case 0x44:
        section.skip(8)
        return valueType.f64
      case 0xfd:
        if (section.u32() !== 12) throw invalid('an initialiser that is not constant', start)
        section.skip(16)
        return valueType.v128
      case 0xd0: {
        const type = readValueType(section)
        if (!isReference(type)) throw invalid('a null of a type that is no reference', start)
        return type
      }
      case 0xd2:
        this.#parts.referred.add(this.#functionIndex(section))
        return valueType.funcref
      case 0x23: {
        const index = section.u32()
        const global = this.#parts.globals[index]
        if (global === undefined) throw invalid(`there is no global ${index}`, start)
        if (global.isMutable) throw invalid('an initialiser that is not constant', start)
        if (index >= this.#parts.importedGlobals) throw outside('computed constants are', start)
        return global.type
      }
      default:
        throw invalid('an initialiser that is not constant', start)
    }
  }

  #typeIndex(section: ByteReader): number {
    const start = section.at
    const index = section.u32()
    if (index >= this.#parts.types.length) throw invalid(`there is no type ${index}`, start)
    return index
  }

  #functionIndex(section: ByteReader): number {
    const start = section.at
    const index = section.u32()
    if (index >= this.#parts.functions.length) throw invalid(`there is no function ${index}`, start)
    return index
  }

  #typeOf(functionIndex: number): FunctionType {
    const type = this.#parts.types[this.#parts.functions[functionIndex] as number]
    return type as FunctionType
  }
}

export function readValueType(reader: ByteReader): number {
  const start = reader.at
  const type = reader.byte()
  if (isValueType(type)) return type
  if (type === 0x63 || type === 0x64) throw outside('typed function references are', start)
  if (type >= 0x65 && type <= 0x78) throw outside('garbage-collected types are', start)
  throw invalid(`an unknown type 0x${type.toString(16)}`, start)
}

function readLimits(section: ByteReader, max: number): Limits {
  const offset = section.at
  const flags = section.byte()
  if (flags === 2 || flags === 3) throw outside('shared memories are', offset)
  if (flags >= 4 && flags <= 7) throw outside('64-bit memories are', offset)
  if (flags > 7) throw outside('memories of other page sizes are', offset)
  const least = section.u32()
  const most = flags === 1 ? section.u32() : undefined
  if (least > max || (most !== undefined && (most > max || most < least)))
    throw invalid(`limits of ${least} to ${most ?? 'any'}, at most ${max} are possible`, offset)
  return { least, most, offset }
}
