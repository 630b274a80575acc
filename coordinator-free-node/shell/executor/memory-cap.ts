/**
 * Forces a WebAssembly module's own memories to a maximum, by rewriting its memory section. Engines have no limit a
 * host could set from outside, so the module itself has to carry it.
 *
 * Source: WebAssembly core specification, binary format, sections 5.5.5 (memory) and 5.3.8 (limits).
 */
import { joinBytes } from './chunk.js'

const pageBytes = 65_536
const headBytes = 8
const memorySection = 5

/** What every host says of a module that only some engines read. */
export const notValid = 'not a valid WebAssembly module'

/** Why a module cannot run under a cap; a result that every host agrees on. */
export class ModuleFault extends Error {}

/**
 * @param module  a valid module
 * @param bytesMax  most that each memory may grow to
 * @throws {ModuleFault} when it asks for more at the start, or its memory cannot be capped
 */
export function capMemory(module: Uint8Array, bytesMax: number): Uint8Array {
  const pagesMax = Math.floor(bytesMax / pageBytes)
  const parts: Uint8Array[] = [module.subarray(0, headBytes)]
  let at = headBytes
  while (at < module.length) {
    const start = at
    const id = module[at++]
    const size = readVarint(module, at)
    const end = size.next + size.value
    if (end > module.length) throw new ModuleFault('a section reaches beyond the module')
    if (id === memorySection) parts.push(cappedSection(module, size.next, pagesMax))
    else parts.push(module.subarray(start, end))
    at = end
  }
  return joinBytes(parts)
}

function cappedSection(module: Uint8Array, from: number, pagesMax: number): Uint8Array {
  const count = readVarint(module, from)
  // Engines since Node 22 accept several memories; the verdict must be the one of those that do not.
  if (count.value > 1) throw new ModuleFault(notValid)
  const body: number[] = [...varint(count.value)]
  let at = count.next
  for (let i = 0; i < count.value; i++) {
    const flags = module[at++] ?? 0
    // 0: no maximum, 1: with one; the other bits are shared and 64-bit memories.
    if (flags > 1) throw new ModuleFault(flags < 4 ? 'shared memories are not offered' : notValid)
    const least = readVarint(module, at)
    at = least.next
    let most = pagesMax
    if (flags === 1) {
      const declared = readVarint(module, at)
      at = declared.next
      most = Math.min(most, declared.value)
    }
    if (least.value > pagesMax)
      throw new ModuleFault(
        `the module begins with ${least.value * pageBytes} bytes of memory, its task allows ${pagesMax * pageBytes}`,
      )
    body.push(1, ...varint(least.value), ...varint(most))
  }
  return Uint8Array.from([memorySection, ...varint(body.length), ...body])
}

/** An unsigned LEB128 of up to 32 bits. */
function readVarint(bytes: Uint8Array, from: number): { value: number; next: number } {
  let value = 0
  let at = from
  for (let shift = 0; shift < 35; shift += 7) {
    const byte = bytes[at++]
    if (byte === undefined) throw new ModuleFault('the module ends within a number')
    value += (byte & 0x7f) * 2 ** shift
    if (byte < 0x80) return { value, next: at }
  }
  throw new ModuleFault('the module has a number of more than 32 bits')
}

function varint(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  do {
    const low = rest % 128
    rest = Math.floor(rest / 128)
    bytes.push(rest > 0 ? low | 0x80 : low)
  } while (rest > 0)
  return bytes
}
