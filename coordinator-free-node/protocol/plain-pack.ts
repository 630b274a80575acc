/**
 * A look over MessagePack before it is decoded: only plain values, no more of them than a bound, nested no deeper than
 * another, and nothing after the end. What passes costs the decoder and the schema no more than a few times its bytes.
 *
 * Why: a frame of 16 MiB can hold as many empty maps or wrong list elements, and each costs a hundred bytes of memory
 * once it is an object or a complaint about one. The decoder also knows extensions (records, references, dates, errors,
 * regular expressions) that no message of the grid has any use for.
 *
 * Source: the MessagePack specification, formats.
 */

export interface PackBounds {
  /** Values in all, keys included. */
  valuesMax: number
  depthMax: number
}

/** @returns what is wrong, in words; undefined when the bytes are one plain value */
export function faultOfPack(bytes: Uint8Array, bounds: PackBounds): string | undefined {
  const scan = new Scan(bytes, bounds)
  return scan.value(0) ?? (scan.at < bytes.length ? 'something follows its end' : undefined)
}

/** Read so far that only the number of a fixed format's bytes is missing. */
const fixedBytes: Readonly<Record<number, number>> = {
  192: 0, // nil
  194: 0, // false
  195: 0, // true
  202: 4, // float 32
  203: 8, // float 64
  204: 1, // unsigned
  205: 2,
  206: 4,
  207: 8,
  208: 1, // signed
  209: 2,
  210: 4,
  211: 8,
}

class Scan {
  readonly #bytes: Uint8Array
  readonly #bounds: PackBounds
  #values = 0
  at = 0

  constructor(bytes: Uint8Array, bounds: PackBounds) {
    this.#bytes = bytes
    this.#bounds = bounds
  }

  value(depth: number): string | undefined {
    if (++this.#values > this.#bounds.valuesMax) return `over ${this.#bounds.valuesMax} values`
    const token = this.#bytes[this.at++]
    if (token === undefined) return cutOff
    if (token < 0x80 || token >= 0xe0) return undefined
    if (token < 0x90) return this.#map(token & 0x0f, depth)
    if (token < 0xa0) return this.#array(token & 0x0f, depth)
    if (token < 0xc0) return this.#skip(token & 0x1f)
    const bytes = fixedBytes[token]
    if (bytes !== undefined) return this.#skip(bytes)
    if (token >= 0xc4 && token <= 0xc6) return this.#skip(this.#length(token - 0xc4))
    if (token >= 0xd9 && token <= 0xdb) return this.#skip(this.#length(token - 0xd9))
    if (token === 0xdc || token === 0xdd) return this.#array(this.#length(token - 0xdb), depth)
    if (token === 0xde || token === 0xdf) return this.#map(this.#length(token - 0xdd), depth)
    return this.#extension(token)
  }

  /** `undefined`, as the encoder writes it, is the only extension that a message may hold. */
  #extension(token: number): string | undefined {
    const isUndefined =
      token === 0xd4 && this.#bytes[this.at] === 0 && this.#bytes[this.at + 1] === 0
    this.at += 2
    return isUndefined ? undefined : 'an extension, which no message has'
  }

  #array(length: number, depth: number): string | undefined {
    if (depth === this.#bounds.depthMax) return tooDeep
    // Each element takes a byte at least.
    if (length > this.#bytes.length - this.at) return cutOff
    for (let i = 0; i < length; i++) {
      const fault = this.value(depth + 1)
      if (fault !== undefined) return fault
    }
    return undefined
  }

  #map(length: number, depth: number): string | undefined {
    if (depth === this.#bounds.depthMax) return tooDeep
    if (2 * length > this.#bytes.length - this.at) return cutOff
    for (let i = 0; i < length; i++) {
      const token = this.#bytes[this.at] ?? 0
      const isText = (token >= 0xa0 && token < 0xc0) || (token >= 0xd9 && token <= 0xdb)
      if (!isText) return 'a key that is no text'
      const fault = this.value(depth + 1) ?? this.value(depth + 1)
      if (fault !== undefined) return fault
    }
    return undefined
  }

  /** A length of 1, 2 or 4 bytes; past the end it is too long for anything. */
  #length(power: number): number {
    const width = 1 << power
    if (this.at + width > this.#bytes.length) return Number.POSITIVE_INFINITY
    let length = 0
    for (let i = 0; i < width; i++) length = length * 256 + (this.#bytes[this.at++] ?? 0)
    return length
  }

  #skip(length: number): string | undefined {
    this.at += length
    return this.at > this.#bytes.length ? cutOff : undefined
  }
}

const cutOff = 'it is cut off'
const tooDeep = 'it is nested too deeply'
