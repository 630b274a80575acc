/**
 * Searches the nonces of a Bitcoin block header for one whose double SHA-256 is at most a target, both read as
 * little-endian numbers. Each unit answers with the smallest digest of its whole range, which nobody can name
 * without having done the work.
 */
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import { z } from 'zod'
import { defineTask } from './contract.js'

/** The header of Bitcoin's first block; its nonce is 2083236893. */
export const genesisHeader = [
  '01000000',
  '0000000000000000000000000000000000000000000000000000000000000000',
  '3ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a',
  '29ab5f49',
  'ffff001d',
  '1dac2b7c',
].join('')

const hexOf = (bytes: number) =>
  z
    .string()
    .regex(/^[0-9a-fA-F]*$/, 'expected hexadecimal digits')
    .length(2 * bytes, `expected ${2 * bytes} hexadecimal digits`)

const params = z
  .strictObject({
    header: hexOf(80)
      .default(genesisHeader)
      .describe(
        'block header, 80 bytes as hexadecimal digits; the nonce in its last 4 bytes is ignored. Default: the first block of Bitcoin',
      ),
    start: z.number().int().min(0).max(0xffffffff).default(0).describe('first nonce'),
    end: z
      .number()
      .int()
      .min(1)
      .max(2 ** 32)
      .default(2 ** 32)
      .describe('nonce after the last one, at most 2^32'),
    target: hexOf(32)
      .optional()
      .describe(
        'largest digest that is a hit, 64 hexadecimal digits as Bitcoin shows them (zeros first). Default: what the header demands',
      ),
    targetBits: z
      .number()
      .int()
      .min(0)
      .max(256)
      .optional()
      .describe('instead of a target: leading zero bits of a hit'),
    all: z
      .boolean()
      .default(false)
      .describe('search the whole window, even after a hit, for its smallest digest'),
    unitNonces: z
      .number()
      .int()
      .min(1)
      .max(2 ** 32)
      .default(2 ** 22)
      .describe('nonces in a unit; 2^22, the default, take about half a second'),
  })
  .refine(({ start, end }) => start < end, { path: ['end'], error: 'expected more than start' })
  .refine(({ target, targetBits }) => target === undefined || targetBits === undefined, {
    path: ['targetBits'],
    error: 'expected target or targetBits, not both',
  })

const candidate = z.object({
  nonce: z.number().int(),
  /** 64 hexadecimal digits as Bitcoin shows them: most significant first. */
  digest: z.string(),
})

const result = z.object({
  /** Whether a digest was at most the target. */
  found: z.boolean(),
  /** The nonce found. */
  nonce: z.number().int().optional(),
  /** The smallest digest seen, as Bitcoin shows it; the one found, if any. */
  digest: z.string(),
  /** Nonces in the units that are part of this result. */
  searched: z.number().int(),
  best: candidate,
})

/** The smallest digest of a unit. */
export interface HashSearchPart {
  nonce: number
  /** 64 hexadecimal digits, most significant first, so that text order is the order of numbers. */
  digest: string
}

/** The target that a header's compact `nBits` field stands for. */
function targetOf(header: Uint8Array): bigint {
  const bits = new DataView(header.buffer, header.byteOffset).getUint32(72, true)
  const shift = 8 * ((bits >>> 24) - 3)
  const mantissa = BigInt(bits & 0x7fffff)
  const target = shift >= 0 ? mantissa << BigInt(shift) : mantissa >> BigInt(-shift)
  const most = (1n << 256n) - 1n
  return target > most ? most : target
}

function targetDigits(given: z.output<typeof params>, header: Uint8Array): string {
  if (given.target !== undefined) return given.target
  const target =
    given.targetBits === undefined ? targetOf(header) : (1n << BigInt(256 - given.targetBits)) - 1n
  return target.toString(16).padStart(64, '0')
}

export const hashSearch = defineTask({
  name: 'hash-search',
  summary: 'Search the nonces of a block header for a double SHA-256 at most a target',
  params,
  result,
  kernel: { tier: 'wasm', module: new URL('./kernels/hash-search.wasm', import.meta.url) },
  plan(given) {
    const header = hexToBytes(given.header)
    const bytes = new Uint8Array(112)
    bytes.set(header)
    bytes.set(hexToBytes(targetDigits(given, header)).reverse(), 80)
    return {
      inputs: { start: given.start, end: given.end, unitItems: given.unitNonces },
      params: bytes,
      goal: given.all ? 'all' : 'first-hit',
    }
  },
  decode(output): HashSearchPart {
    if (output.length !== 36) throw new Error(`hash-search: a unit gave ${output.length} bytes`)
    return {
      nonce: new DataView(output.buffer, output.byteOffset).getUint32(32, true),
      digest: bytesToHex(output.slice(0, 32).reverse()),
    }
  },
  async assemble(parts, { start, end, unitNonces }) {
    let best: HashSearchPart | undefined
    let found = false
    let searched = 0
    for await (const { unit, hit, part } of parts) {
      searched += Math.min(unitNonces, end - start - unit * unitNonces)
      found ||= hit
      if (best === undefined || part.digest < best.digest) best = part
    }
    if (best === undefined) throw new Error('hash-search: the job gave no parts')
    return { found, ...(found ? { nonce: best.nonce } : {}), digest: best.digest, searched, best }
  },
})
