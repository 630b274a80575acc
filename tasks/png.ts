/** A minimal PNG writer: 8 bits a channel, red, green, blue. */
import { zlibSync } from 'fflate'

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? 0xedb88320 ^ (crc >>> 1) : crc >>> 1
  return crc
})

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes) crc = (crcTable[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8)
  return ~crc >>> 0
}

/** Length, type, body, checksum of type and body. */
function chunk(type: string, body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(12 + body.length)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, body.length)
  for (let i = 0; i < 4; i++) bytes[4 + i] = type.charCodeAt(i)
  bytes.set(body, 8)
  view.setUint32(8 + body.length, crc32(bytes.subarray(4, 8 + body.length)))
  return bytes
}

function header(width: number, height: number): Uint8Array {
  const bytes = new Uint8Array(13)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, width)
  view.setUint32(4, height)
  bytes.set([8, 2], 8)
  return bytes
}

/** Rows as differences from the row above (filter 2), which pictures with smooth colours compress best by. */
function filterRows(pixels: Uint8Array, rowBytes: number, height: number): Uint8Array {
  const rows = new Uint8Array((rowBytes + 1) * height)
  for (let y = 0; y < height; y++) {
    const to = y * (rowBytes + 1)
    const from = y * rowBytes
    rows[to] = 2
    for (let i = 0; i < rowBytes; i++) {
      const above = y === 0 ? 0 : (pixels[from - rowBytes + i] ?? 0)
      rows[to + 1 + i] = (pixels[from + i] ?? 0) - above
    }
  }
  return rows
}

/**
 * @param pixels  red, green, blue of each pixel, row by row from the top. Shape: height x width x 3.
 * @returns the bytes of a PNG file
 */
export function encodePng(width: number, height: number, pixels: Uint8Array): Uint8Array {
  const chunks = [
    Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
    chunk('IHDR', header(width, height)),
    chunk('IDAT', zlibSync(filterRows(pixels, width * 3, height))),
    chunk('IEND', new Uint8Array(0)),
  ]
  const bytes = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of chunks) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}
