/** Reads a module's bytes; whatever is missing or malformed is a ModuleFault at its place. */
import { invalid } from './module-fault.js'

export class ByteReader {
  readonly bytes: Uint8Array
  at: number
  /** First byte that is not to be read. */
  end: number

  constructor(bytes: Uint8Array, at = 0, end = bytes.length) {
    this.bytes = bytes
    this.at = at
    this.end = end
  }

  get isAtEnd(): boolean {
    return this.at >= this.end
  }

  byte(): number {
    if (this.at >= this.end) throw invalid('unexpected end', this.at)
    return this.bytes[this.at++] as number
  }

  skip(count: number): void {
    if (count > this.end - this.at) throw invalid('unexpected end', this.end)
    this.at += count
  }

  /** LEB128, unsigned, up to 32 bits. */
  u32(): number {
    const first = this.byte()
    if (first < 0x80) return first
    let value = first & 0x7f
    for (let shift = 7; shift < 28; shift += 7) {
      const byte = this.byte()
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
    const last = this.byte()
    if (last > 0x0f) throw invalid('a number of more than 32 bits', this.at - 1)
    return (value | (last << 28)) >>> 0
  }

  /** LEB128, signed, up to 32 bits. */
  s32(): number {
    let value = 0
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.byte()
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return (value << (25 - shift)) >> (25 - shift)
    }
    const last = this.byte()
    // Four bits of value, then copies of the sign.
    const sign = last & 0x78
    if (last >= 0x80 || (sign !== 0 && sign !== 0x78))
      throw invalid('a number of more than 32 bits', this.at - 1)
    return value | (last << 28)
  }

  /** LEB128, signed, up to 64 bits: checked, its value is nobody's concern. */
  skipS64(): void {
    for (let count = 1; count < 10; count++) if (this.byte() < 0x80) return
    const last = this.byte()
    if (last !== 0 && last !== 0x7f) throw invalid('a number of more than 64 bits', this.at - 1)
  }

  /** LEB128, signed, 33 bits, as block types have it. */
  s33(): number {
    let value = 0
    for (let power = 0; power < 5; power++) {
      const byte = this.byte()
      value += (byte & 0x7f) * 2 ** (7 * power)
      if (byte >= 0x80) continue
      if (power === 4) {
        const sign = byte & 0x70
        if (sign !== 0 && sign !== 0x70) break
      }
      return byte & 0x40 ? value - 2 ** (7 * (power + 1)) : value
    }
    throw invalid('a number of more than 33 bits', this.at - 1)
  }

  /** A vector's length, which has to be within `max` and within what is left: every entry has a byte. */
  count(what: string, max: number): number {
    const start = this.at
    const count = this.u32()
    if (count > max) throw invalid(`${count} ${what}, at most ${max} are allowed`, start)
    if (count > this.end - this.at) throw invalid('unexpected end', this.end)
    return count
  }

  name(bytesMax: number): string {
    const start = this.at
    const length = this.u32()
    if (length > bytesMax)
      throw invalid(`a name of ${length} bytes, at most ${bytesMax} are allowed`, start)
    const from = this.at
    this.skip(length)
    try {
      return strict.decode(this.bytes.subarray(from, this.at))
    } catch {
      throw invalid('a name that is not UTF-8', from)
    }
  }
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
