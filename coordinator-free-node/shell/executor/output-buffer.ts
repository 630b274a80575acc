/** Bytes that a kernel appends to its output, piece by piece; a million one-byte pieces cost a million bytes. */
export class OutputBuffer {
  #bytes = new Uint8Array()
  #length = 0

  get length(): number {
    return this.#length
  }

  append(piece: Uint8Array): void {
    const length = this.#length + piece.length
    if (length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(length, 2 * this.#bytes.length))
      larger.set(this.#bytes.subarray(0, this.#length))
      this.#bytes = larger
    }
    this.#bytes.set(piece, this.#length)
    this.#length = length
  }

  /** The bytes so far; not a copy. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length)
  }
}
