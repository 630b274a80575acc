/**
 * A picture of the Mandelbrot set as a PNG file. Hosts colour rows with + - * / alone, so that they agree bit for
 * bit whatever their processor.
 */
import { z } from 'zod'
import { defineTask } from './contract.js'
import { encodePng } from './png.js'

const params = z
  .strictObject({
    width: z.number().int().min(1).max(16_384).default(1280).describe('width, pixels'),
    height: z.number().int().min(1).max(16_384).default(720).describe('height, pixels'),
    centerX: z.number().min(-4).max(4).default(-0.743643887037151).describe('middle, real part'),
    centerY: z
      .number()
      .min(-4)
      .max(4)
      .default(0.13182590420533)
      .describe('middle, imaginary part; up is positive'),
    scale: z
      .number()
      .min(1e-13)
      .max(16)
      .default(0.00008)
      .describe('width of the picture in the plane; smaller is deeper'),
    iterations: z
      .number()
      .int()
      .min(1)
      .max(1_000_000)
      .default(2000)
      .describe('iterations before a point counts as inside; deeper pictures need more'),
    samples: z
      .number()
      .int()
      .min(1)
      .max(8)
      .default(2)
      .describe('points a pixel, in each direction; more is smoother and squarely slower'),
    colours: z
      .number()
      .min(0.01)
      .max(100)
      .default(0.5)
      .describe('turns of the palette each time that the iterations double'),
    unitRows: z.number().int().min(1).max(160).default(4).describe('rows in a unit'),
  })
  .refine(({ width, height }) => width * height <= 2 ** 26, {
    path: ['height'],
    error: 'expected at most 2^26 pixels in the picture',
  })

/** Where along the palette, 0 to 1, which red, green, blue; the last turns into the first. */
const stops = [
  { at: 0, colour: [0, 7, 100] },
  { at: 0.16, colour: [32, 107, 203] },
  { at: 0.42, colour: [237, 255, 255] },
  { at: 0.6425, colour: [255, 170, 0] },
  { at: 0.8575, colour: [30, 2, 20] },
  { at: 1, colour: [0, 7, 100] },
] as const

/** Colours between the stops, eased so that no edge shows. Shape: 256 x 3. */
function palette(): Uint8Array {
  const bytes = new Uint8Array(768)
  for (let i = 0; i < 256; i++) {
    const at = i / 256
    const next = stops.findIndex((stop) => stop.at > at)
    const from = stops[next - 1] ?? stops[0]
    const to = stops[next] ?? stops[0]
    const t = (at - from.at) / (to.at - from.at)
    const eased = t * t * (3 - 2 * t)
    for (const channel of [0, 1, 2] as const) {
      const [x, y] = [from.colour[channel], to.colour[channel]]
      bytes[3 * i + channel] = x + (y - x) * eased + 0.5
    }
  }
  return bytes
}

export const mandelbrot = defineTask({
  name: 'mandelbrot',
  summary: 'Draw a part of the Mandelbrot set as a PNG picture',
  params,
  result: z.custom<Uint8Array>((value) => ArrayBuffer.isView(value), 'expected the bytes of a PNG'),
  kernel: { tier: 'wasm', module: new URL('./kernels/mandelbrot.wasm', import.meta.url) },
  plan({ width, height, centerX, centerY, scale, iterations, samples, colours, unitRows }) {
    const bytes = new Uint8Array(816)
    const view = new DataView(bytes.buffer)
    const size = scale / width
    for (const [index, value] of [width, height, iterations, samples].entries()) {
      view.setUint32(4 * index, value, true)
    }
    const left = centerX - scale / 2
    const top = centerY + (size * height) / 2
    for (const [index, value] of [left, top, size, colours].entries()) {
      view.setFloat64(16 + 8 * index, value, true)
    }
    bytes.set(palette(), 48)
    return { inputs: { start: 0, end: height, unitItems: unitRows }, params: bytes }
  },
  /** Red, green, blue of each pixel of the unit's rows. */
  decode: (output) => output,
  async assemble(parts, { width, height, unitRows }) {
    const pixels = new Uint8Array(width * height * 3)
    for await (const { unit, part } of parts) pixels.set(part, unit * unitRows * width * 3)
    return encodePng(width, height, pixels)
  },
})
