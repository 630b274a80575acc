/** Puts a guarded module together: sections as they came, but for those that the guard changes. */
import { stackSlotsMax } from './bounds.js'
import { ByteWriter } from './byte-writer.js'
import { type ModuleExport, type ModuleParts, sectionId } from './module-decoder.js'
import { valueType } from './value-types.js'

/** Exports of the guard's own. */
export const guardExports = {
  /** Mutable i64: fuel that is left; 0 until the host gives some. */
  fuel: 'guard:fuel',
  /** Mutable i32: slots of the call stack that are left, or why the module stopped (`stackSignals`). */
  stack: 'guard:stack',
  /** What was the start function. */
  start: 'guard:start',
} as const

export interface ForcedLimits {
  memories: { least: number; most: number }[]
  tables: { type: number; least: number; most: number }[]
}

export interface ModuleSpec {
  parts: ModuleParts
  exports: readonly ModuleExport[]
  limits: ForcedLimits
  /** Of the module's own functions, in their order, metered. */
  bodies: readonly Uint8Array[]
  /** Functions that `ref.func` names and that have to be declared anew, since the exports that did are gone. */
  undeclared: readonly number[]
}

export function writeModule({
  parts,
  exports,
  limits,
  bodies,
  undeclared,
}: ModuleSpec): Uint8Array {
  const out = new ByteWriter()
  out.copy(parts.bytes, 0, 8)
  const write = (id: number, content: ByteWriter) => {
    out.byte(id)
    out.u32(content.length)
    out.copy(content.bytes)
  }
  /** A section of entries as they came, and some put behind them. */
  const writeEntries = (id: number, more = 0, add?: (content: ByteWriter) => void) => {
    const section = parts.sections.get(id)
    const count = (section?.count ?? 0) + more
    if (count === 0) return
    const content = new ByteWriter()
    content.u32(count)
    if (section !== undefined) content.copy(parts.bytes, section.from, section.to)
    add?.(content)
    write(id, content)
  }
  writeEntries(sectionId.type)
  writeEntries(sectionId.import)
  writeEntries(sectionId.function)
  writeLimits(write, sectionId.table, limits.tables.slice(parts.importedTables))
  writeLimits(write, sectionId.memory, limits.memories.slice(parts.importedMemories))
  writeEntries(sectionId.global, 2, (content) => {
    content.put(valueType.i64, 1, 0x42, 0, 0x0b)
    content.put(valueType.i32, 1, 0x41)
    content.s32(stackSlotsMax)
    content.byte(0x0b)
  })
  write(sectionId.export, exportsOf(parts, exports))
  writeEntries(sectionId.element, undeclared.length > 0 ? 1 : 0, (content) => {
    if (undeclared.length === 0) return
    content.put(3, 0)
    content.u32(undeclared.length)
    for (const index of undeclared) content.u32(index)
  })
  if (parts.dataCount !== undefined) {
    const content = new ByteWriter()
    content.u32(parts.dataCount)
    write(sectionId.dataCount, content)
  }
  if (bodies.length > 0) {
    const content = new ByteWriter()
    content.u32(bodies.length)
    for (const body of bodies) {
      content.u32(body.length)
      content.copy(body)
    }
    write(sectionId.code, content)
  }
  writeEntries(sectionId.data)
  return out.bytes.slice()
}

function writeLimits(
  write: (id: number, content: ByteWriter) => void,
  id: number,
  entries: readonly { type?: number; least: number; most: number }[],
): void {
  if (entries.length === 0) return
  const content = new ByteWriter()
  content.u32(entries.length)
  for (const { type, least, most } of entries) {
    if (type !== undefined) content.byte(type)
    content.byte(1)
    content.u32(least)
    content.u32(most)
  }
  write(id, content)
}

const exportKinds = { function: 0, table: 1, memory: 2, global: 3 } as const

function exportsOf(parts: ModuleParts, kept: readonly ModuleExport[]): ByteWriter {
  const globals = parts.globals.length
  const all: ModuleExport[] = [
    ...kept,
    { name: guardExports.fuel, kind: 'global', index: globals },
    { name: guardExports.stack, kind: 'global', index: globals + 1 },
  ]
  if (parts.start !== undefined)
    all.push({ name: guardExports.start, kind: 'function', index: parts.start })
  const content = new ByteWriter()
  content.u32(all.length)
  for (const { name, kind, index } of all) {
    const text = new TextEncoder().encode(name)
    content.u32(text.length)
    content.copy(text)
    content.byte(exportKinds[kind])
    content.u32(index)
  }
  return content
}
