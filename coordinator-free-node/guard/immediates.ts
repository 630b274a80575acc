/** What follows an instruction's code in a function that was checked before. */
import type { ByteReader } from './byte-reader.js'
import { plainInstructions, simdInstructions } from './instructions.js'

/** Numbers that follow a bulk instruction. */
export const bulkImmediates: Record<number, number> = {
  8: 2,
  9: 1,
  10: 2,
  11: 1,
  12: 2,
  13: 1,
  14: 2,
  15: 1,
  16: 1,
  17: 1,
}

/** Goes past what follows an instruction's code, where its meaning does not matter. */
export function skipImmediates(reader: ByteReader, opcode: number): void {
  switch (opcode) {
    case 0x02:
    case 0x03:
    case 0x04:
      reader.s33()
      return
    case 0x0c:
    case 0x0d:
    case 0x10:
    case 0x20:
    case 0x21:
    case 0x22:
    case 0x23:
    case 0x24:
    case 0x25:
    case 0x26:
    case 0xd2:
      reader.u32()
      return
    case 0x0e:
      for (let left = reader.u32(); left >= 0; left--) reader.u32()
      return
    case 0x11:
      reader.u32()
      reader.u32()
      return
    case 0x1c:
      reader.u32()
      reader.byte()
      return
    case 0x3f:
    case 0x40:
    case 0xd0:
      reader.byte()
      return
    case 0x41:
      reader.s32()
      return
    case 0x42:
      reader.skipS64()
      return
    case 0x43:
      reader.skip(4)
      return
    case 0x44:
      reader.skip(8)
      return
    case 0xfc: {
      const count = bulkImmediates[reader.u32()] ?? 0
      for (let i = 0; i < count; i++) reader.u32()
      return
    }
    case 0xfd: {
      const instruction = simdInstructions[reader.u32()]
      if (instruction?.align !== undefined) {
        reader.u32()
        reader.u32()
      }
      if (instruction?.lanes !== undefined) reader.byte()
      if (instruction?.wide !== undefined) reader.skip(16)
      return
    }
    default:
      if (plainInstructions[opcode]?.align === undefined) return
      reader.u32()
      reader.u32()
  }
}
