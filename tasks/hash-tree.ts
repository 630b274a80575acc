/**
 * SHA-256 of many files, as `sha256sum` lists them. The caller says which files there are and how to read them, so
 * that this runs wherever JavaScript does; examples/hash-tree.mjs walks a folder.
 */
import { bytesToHex } from '@noble/hashes/utils.js'
import { z } from 'zod'
import { defineTask, type Task } from './contract.js'
import { type TreeFiles, TreePlan } from './hash-tree-plan.js'

export type { TreeFile, TreeFiles } from './hash-tree-plan.js'

const params = z.strictObject({
  pieceBytes: z
    .number()
    .int()
    .min(64)
    .max(2 ** 22)
    .multipleOf(64)
    .default(2 ** 20)
    .describe('bytes of one file in a unit; larger files take one unit after another'),
  unitBytes: z
    .number()
    .int()
    .min(64)
    .max(2 ** 22)
    .default(2 ** 22)
    .describe('bytes of small files that share a unit'),
  chainsMax: z
    .number()
    .int()
    .min(1)
    .max(1024)
    .default(64)
    .describe('files larger than a piece that are hashed side by side; each holds a file open'),
})

const result = z.object({
  files: z.number().int(),
  bytes: z.number().int(),
  /** The list: a line a file, in the order in which they were given, as coreutils 9's sha256sum writes them. */
  sums: z.custom<Uint8Array>((value) => ArrayBuffer.isView(value), 'expected bytes'),
})

const NEWLINE = 0x0a
const escapes = new Map([
  [0x5c, 0x5c],
  [NEWLINE, 0x6e],
  [0x0d, 0x72],
])

/**
 * A line of the list. A name with a backslash, a newline or a carriage return is escaped, and the line starts with
 * a backslash to say so.
 *
 * @param digest  64 hexadecimal digits
 */
export function sumLine(digest: string, name: string | Uint8Array): Uint8Array {
  const text = new TextEncoder()
  const bytes = typeof name === 'string' ? text.encode(name) : name
  const isEscaped = bytes.some((byte) => escapes.has(byte))
  const line = [...text.encode(`${isEscaped ? '\\' : ''}${digest}  `)]
  for (const byte of bytes) {
    const letter = escapes.get(byte)
    if (letter === undefined) line.push(byte)
    else line.push(0x5c, letter)
  }
  line.push(NEWLINE)
  return Uint8Array.from(line)
}

/** Puts lines, which come in any order, into the order of the files. */
class SumList {
  readonly #waiting = new Map<number, Uint8Array>()
  #next = 0
  #bytes = new Uint8Array(65_536)
  #length = 0

  add(index: number, line: Uint8Array): void {
    this.#waiting.set(index, line)
    for (;;) {
      const next = this.#waiting.get(this.#next)
      if (next === undefined) return
      this.#waiting.delete(this.#next)
      this.#next += 1
      this.#append(next)
    }
  }

  get bytes(): Uint8Array {
    return this.#bytes.slice(0, this.#length)
  }

  #append(line: Uint8Array): void {
    if (this.#length + line.length > this.#bytes.length) {
      const grown = new Uint8Array(2 * (this.#length + line.length))
      grown.set(this.#bytes.subarray(0, this.#length))
      this.#bytes = grown
    }
    this.#bytes.set(line, this.#length)
    this.#length += line.length
  }
}

export type HashTreeTask = Task<typeof params, typeof result, Uint8Array>

/**
 * A task that hashes these files, for one job: it feeds results back into its own plan.
 *
 * @param files  in the order of the list; read once, as the grid has room
 * @example
 * const file = { name: './empty', chunks: () => [] }
 * const { sums } = await grid.run(hashTree([file]), {})
 */
export function hashTree(files: TreeFiles): HashTreeTask {
  let plan: TreePlan | undefined
  return defineTask({
    name: 'hash-tree',
    summary: 'List the SHA-256 of many files as sha256sum does',
    params,
    result,
    kernel: { tier: 'wasm', module: new URL('./kernels/hash-tree.wasm', import.meta.url) },
    plan(options) {
      if (plan !== undefined) {
        throw new Error('hash-tree: hashTree(files) is for one job; call it again for the next')
      }
      plan = new TreePlan(files, options)
      return { inputs: plan }
    },
    /** Digests or states of the unit's records. Shape: records x 32. */
    decode: (output) => output,
    onPart: (part) => plan?.accept(part),
    async assemble(parts) {
      const list = new SumList()
      let count = 0
      let bytes = 0
      for await (const { unit, part } of parts) {
        const records = plan?.recordsOf(unit) ?? []
        if (part.length !== 32 * records.length) {
          throw new Error(`hash-tree: unit ${unit} gave ${part.length} bytes`)
        }
        for (const [index, { file, isLast }] of records.entries()) {
          if (!isLast) continue
          const digest = bytesToHex(part.subarray(32 * index, 32 * index + 32))
          list.add(file.index, sumLine(digest, file.name))
          count += 1
          bytes += file.bytes
        }
      }
      return { files: count, bytes, sums: list.bytes }
    },
  })
}
