/** Writes a module's bytes into a buffer that grows by doubling. */
export class ByteWriter {
  #bytes = new Uint8Array(256)
  #length = 0

  get length(): number {
    return this.#length
  }

  /** What was written; not a copy. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length)
  }

  byte(value: number): void {
    if (this.#length === this.#bytes.length) this.#grow(1)
    this.#bytes[this.#length++] = value
  }

  /** Single bytes, as they are. */
  put(...values: number[]): void {
    for (const value of values) this.byte(value)
  }

  copy(source: Uint8Array, from = 0, to = source.length): void {
    if (to <= from) return
    this.#grow(to - from)
    this.#bytes.set(source.subarray(from, to), this.#length)
    this.#length += to - from
  }

  /** LEB128, unsigned. @param value  an integer from 0 to 2^32 - 1 */
  u32(value: number): void {
    let rest = value
    while (rest >= 0x80) {
      this.byte((rest % 0x80) | 0x80)
      rest = Math.floor(rest / 0x80)
    }
    this.byte(rest)
  }

  /** LEB128, signed. @param value  within 32 bits */
  s32(value: number): void {
    let rest = value | 0
    while (rest < -0x40 || rest >= 0x40) {
      this.byte((rest & 0x7f) | 0x80)
      rest >>= 7
    }
    this.byte(rest & 0x7f)
  }

  /** Room for a number to come: five bytes of LEB128, enough for 34 bits without a sign. @returns where it is */
  reserve(): number {
    const at = this.#length
    this.put(0x80, 0x80, 0x80, 0x80, 0x00)
    return at
  }

  /** @param value  an integer from 0 to 2^34 - 1 */
  fill(at: number, value: number): void {
    let rest = value
    for (let i = 0; i < 4; i++) {
      this.#bytes[at + i] = (rest % 0x80) | 0x80
      rest = Math.floor(rest / 0x80)
    }
    this.#bytes[at + 4] = rest
  }

  #grow(count: number): void {
    const needed = this.#length + count
    if (needed <= this.#bytes.length) return
    const larger = new Uint8Array(Math.max(needed, 2 * this.#bytes.length))
    larger.set(this.bytes)
    this.#bytes = larger
  }
}
