/** What a WebAssembly module says of itself. Read by the guard's own decoder: no engine sees the module, nothing runs. */
import { ByteReader } from '../../guard/byte-reader.js'
import { guardModule } from '../../guard/guard.js'
import { decodeModule, type ModuleParts, sectionId } from '../../guard/module-decoder.js'
import { ModuleFault } from '../../guard/module-fault.js'
import { nameOfType } from '../../guard/value-types.js'
import { plainLine } from '../../shell/plain-text.js'

export interface ModuleFacts {
  /** `kernel` exports `run`, `command` is a WASI program; undefined for what is neither. */
  shape: 'kernel' | 'command' | undefined
  /** Why hosts refuse it. */
  fault: string | undefined
  imports: { module: string; name: string }[]
  exports: string[]
  /** The requester's node can tell right results from wrong ones by it. */
  hasCheck: boolean
  /** Of its own. */
  functions: number
  /** At the start, and the most that the module itself asks for, bytes. */
  memoryBytes: { least: number; most: number | undefined } | undefined
  codeBytes: number
  dataBytes: number
  /** Compilers and languages, where they left their names. */
  madeBy: string[]
  /** What is in it beside code and data. */
  customSections: { name: string; bytes: number }[]
}

export interface FunctionLine {
  index: number
  name: string | undefined
  type: string
  bytes: number
}

const pageBytes = 65_536
const shownCharsMax = 120
/** A function's name in C++ or Rust may be long; beyond this it is no name. */
const nameBytesMax = 16_384
const madeByMax = 16

export function moduleFacts(code: Uint8Array, memoryBytesMax: number): ModuleFacts {
  const parts = partsOf(code)
  const fault = faultOf(code, memoryBytesMax)
  const custom = customSections(code)
  const names = new Set(parts?.exports.map(({ name }) => name))
  const memory = parts?.memories[0]
  const sized = (id: number) => {
    const section = parts?.sections.get(id)
    return section === undefined ? 0 : section.to - section.from
  }
  return {
    shape: names.has('run') ? 'kernel' : names.has('_start') ? 'command' : undefined,
    fault,
    imports: (parts?.imports ?? []).map(({ module, name }) => ({
      module: plainLine(module, shownCharsMax),
      name: plainLine(name, shownCharsMax),
    })),
    exports: [...names].map((name) => plainLine(name, shownCharsMax)),
    hasCheck: names.has('check'),
    functions: parts?.bodies.length ?? 0,
    memoryBytes: memory && {
      least: memory.least * pageBytes,
      most: memory.most === undefined ? undefined : memory.most * pageBytes,
    },
    codeBytes: sized(sectionId.code),
    dataBytes: sized(sectionId.data),
    madeBy: producersOf(custom.get('producers')),
    customSections: [...custom].map(([name, bytes]) => ({
      name: plainLine(name, shownCharsMax),
      bytes: bytes.length,
    })),
  }
}

function partsOf(code: Uint8Array): ModuleParts | undefined {
  try {
    return decodeModule(code)
  } catch (error) {
    if (error instanceof ModuleFault) return undefined
    throw error
  }
}

function faultOf(code: Uint8Array, memoryBytesMax: number): string | undefined {
  try {
    guardModule(code, { memoryBytesMax })
    return undefined
  } catch (error) {
    if (error instanceof ModuleFault) return plainLine(error.message, 3 * shownCharsMax)
    throw error
  }
}

/** A line for each function of its own, with its name where the module still has it. */
export function functionLines(code: Uint8Array, most: number): FunctionLine[] {
  const parts = partsOf(code)
  if (parts === undefined) return []
  const names = namesOf(customSections(code).get('name'))
  const exported = new Map(
    parts.exports.flatMap(({ kind, index, name }) =>
      kind === 'function' ? [[index, name] as const] : [],
    ),
  )
  return parts.bodies.slice(0, most).map(({ from, to }, at) => {
    const index = parts.importedFunctions + at
    const name = names.get(index) ?? exported.get(index)
    const type = parts.types[parts.functions[index] ?? -1]
    const words = (types: Uint8Array) => [...types].map(nameOfType).join(' ')
    return {
      index,
      name: name === undefined ? undefined : plainLine(name, shownCharsMax),
      type: type === undefined ? '' : `(${words(type.params)}) -> (${words(type.results)})`,
      bytes: to - from,
    }
  })
}

/** Readable pieces of its data, in their order. */
export function textsOf(code: Uint8Array, most: number): string[] {
  const section = partsOf(code)?.sections.get(sectionId.data)
  if (section === undefined) return []
  const data = Buffer.from(code.buffer, code.byteOffset + section.from, section.to - section.from)
  const texts: string[] = []
  for (const [text] of data.toString('latin1').matchAll(/[\x20-\x7e]{6,}/g)) {
    if (!/[A-Za-z]{3}/.test(text)) continue
    texts.push(plainLine(text, shownCharsMax))
    if (texts.length >= most) break
  }
  return texts
}

/** By their names; of two with one name the last. A module that is damaged in the middle has those before. */
function customSections(code: Uint8Array): Map<string, Uint8Array> {
  const found = new Map<string, Uint8Array>()
  const headBytes = 8
  const reader = new ByteReader(code, Math.min(headBytes, code.length))
  tolerant(() => {
    while (!reader.isAtEnd) {
      const id = reader.byte()
      const length = reader.u32()
      const from = reader.at
      reader.skip(length)
      if (id !== 0) continue
      const section = new ByteReader(code, from, from + length)
      const name = section.name(nameBytesMax)
      found.set(name, code.subarray(section.at, from + length))
    }
  })
  return found
}

/** Functions' names by their indexes: subsection 1 of `name`. */
function namesOf(section: Uint8Array | undefined): Map<number, string> {
  const names = new Map<number, string>()
  if (section === undefined) return names
  const reader = new ByteReader(section)
  tolerant(() => {
    while (!reader.isAtEnd) {
      const id = reader.byte()
      const end = reader.u32() + reader.at
      if (id !== 1) {
        reader.skip(end - reader.at)
        continue
      }
      const count = reader.count('names', section.length)
      for (let i = 0; i < count; i++) names.set(reader.u32(), reader.name(nameBytesMax))
      return
    }
  })
  return names
}

/** `clang 17.0.6`, `language C11`. */
function producersOf(section: Uint8Array | undefined): string[] {
  const madeBy: string[] = []
  if (section === undefined) return madeBy
  const reader = new ByteReader(section)
  tolerant(() => {
    const fields = reader.count('fields', section.length)
    for (let field = 0; field < fields; field++) {
      const kind = reader.name(nameBytesMax)
      const values = reader.count('values', section.length)
      for (let i = 0; i < values; i++) {
        const name = reader.name(nameBytesMax)
        const version = reader.name(nameBytesMax)
        const words = `${kind === 'language' ? 'language ' : ''}${name} ${version}`.trim()
        if (madeBy.length < madeByMax) madeBy.push(plainLine(words, shownCharsMax))
      }
    }
  })
  return madeBy
}

/** Custom sections are nobody's duty: what is wrong in one ends the reading of it. */
function tolerant(read: () => void): void {
  try {
    read()
  } catch (error) {
    if (!(error instanceof ModuleFault)) throw error
  }
}
