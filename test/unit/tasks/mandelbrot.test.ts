import { inflateSync } from 'node:zlib'
import { describe, expect, test } from '@jest/globals'
import { mandelbrot } from '../../../tasks/mandelbrot.js'
import { encodePng } from '../../../tasks/png.js'
import { loadKernel, rangeInput, runTask } from './kernel-host.js'

function log2(x: number): number {
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, x)
  const exponent = (view.getUint16(0) >>> 4) - 1023
  view.setUint16(0, (view.getUint16(0) & 0xf) | 0x3ff0)
  const mantissa = view.getFloat64(0)
  const s = (mantissa - 1) / (mantissa + 1)
  const q = s * s
  let series = 1 / 13
  for (const odd of [11, 9, 7, 5, 3, 1]) series = 1 / odd + q * series
  return exponent + 2.8853900817779268 * s * series
}

/** Iterations until escape with a fraction; undefined inside. No short cut for the cardioid. */
function escapeDepth(cx: number, cy: number, iterations: number): number | undefined {
  let [x, y] = [0, 0]
  for (let n = 0; n < iterations; n++) {
    ;[x, y] = [x * x - y * y + cx, (x + x) * y + cy]
    const distance = x * x + y * y
    if (distance > 65536) return n + 5 - log2(log2(distance))
  }
  return undefined
}

/** One row as the kernel colours it. */
function rowOf(params: Uint8Array, row: number): number[] {
  const view = new DataView(params.buffer)
  const [width, iterations, samples] = [0, 8, 12].map((at) => view.getUint32(at, true))
  const [left, top, size, colours] = [16, 24, 32, 40].map((at) => view.getFloat64(at, true))
  const bytes: number[] = []
  for (let column = 0; column < width!; column++) {
    const sums = [0, 0, 0]
    for (let sample = 0; sample < samples! ** 2; sample++) {
      const y = top! - (row + (Math.floor(sample / samples!) + 0.5) / samples!) * size!
      const x = left! + (column + ((sample % samples!) + 0.5) / samples!) * size!
      const depth = escapeDepth(x, y, iterations!)
      if (depth === undefined) continue
      const place = log2(depth + 1) * colours! * 256
      const whole = Math.floor(place)
      const part = Math.floor((place - whole) * 256)
      for (let channel = 0; channel < 3; channel++) {
        const here = params[48 + (whole & 255) * 3 + channel]!
        const there = params[48 + ((whole + 1) & 255) * 3 + channel]!
        sums[channel]! += here * (256 - part) + there * part
      }
    }
    bytes.push(...sums.map((sum) => Math.floor(sum / (samples! ** 2 * 256))))
  }
  return bytes
}

/** What stands in a PNG of ours. */
function readPng(png: Uint8Array) {
  const bytes = Buffer.from(png)
  const [width, height] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)]
  const dataLength = bytes.readUInt32BE(33)
  const rows = inflateSync(bytes.subarray(41, 41 + dataLength))
  const pixels = Buffer.alloc(width * height * 3)
  for (let y = 0; y < height; y++) {
    const at = y * (width * 3 + 1)
    expect(rows[at]).toBe(2)
    for (let i = 0; i < width * 3; i++) {
      const above = y === 0 ? 0 : pixels[(y - 1) * width * 3 + i]!
      pixels[y * width * 3 + i] = above + rows[at + 1 + i]!
    }
  }
  return { width, height, pixels, magic: bytes.subarray(0, 8).toString('latin1') }
}

describe('mandelbrot kernel', () => {
  test.each([
    ['the whole set', { centerX: -0.7, centerY: 0, scale: 3.6, samples: 1 }],
    ['a deep view, smoothed', { samples: 3 }],
    ['a turned palette', { centerX: -1.25, centerY: 0.02, scale: 0.1, colours: 1.7 }],
  ])('agrees with plain JavaScript on %s', async (_name, view) => {
    const { run } = await loadKernel('mandelbrot')
    const given = { width: 60, height: 40, iterations: 600, ...view }
    const { params } = await mandelbrot.plan(mandelbrot.params.parse(given))
    const { output, hit } = run(rangeInput(17, 20), params)
    expect(hit).toBe(false)
    expect([...output]).toEqual([17, 18, 19].flatMap((row) => rowOf(params!, row)))
  })
})

describe('mandelbrot', () => {
  test('gives a PNG of all rows in their places', async () => {
    const view = { width: 33, height: 22, centerX: -0.7, centerY: 0.1, scale: 3, samples: 1 }
    const png = readPng(await runTask(mandelbrot, { ...view, unitRows: 5 }, { window: 3 }))
    expect(png).toMatchObject({ width: 33, height: 22, magic: '\x89PNG\r\n\x1a\n' })
    const { params } = await mandelbrot.plan(mandelbrot.params.parse(view))
    const rows = Array.from({ length: 22 }, (_, row) => rowOf(params!, row))
    expect([...png.pixels]).toEqual(rows.flat())
  })

  test.each([
    [{ width: 0 }, 'width'],
    [{ width: 16384, height: 16384 }, 'height'],
    [{ scale: 0 }, 'scale'],
    [{ iterations: 'many' as never }, 'iterations'],
    [{ samples: 9 }, 'samples'],
  ])('refuses %j and names the field', (given, field) => {
    expect(mandelbrot.params.safeParse(given).error?.issues[0]?.path).toEqual([field])
  })
})

test('a PNG carries the checksums of its chunks', () => {
  const png = Buffer.from(encodePng(1, 1, Uint8Array.of(255, 0, 0)))
  expect(png.subarray(-12).toString('hex')).toBe('0000000049454e44ae426082')
  expect(readPng(png).pixels).toEqual(Buffer.from([255, 0, 0]))
})
