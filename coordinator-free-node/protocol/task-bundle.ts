/**
 * A task as it travels: descriptor and code in one content-addressed blob. Its hash is the task's name on the
 * grid, so a host that has run it once never fetches it again.
 */

import { z } from 'zod'
import { bytesSchema } from './bytes.js'
import { decode, encode } from './codec.js'
import { type BlobHash, hashOf } from './ids.js'
import { limits } from './limits.js'

/**
 * How a task is executed.
 * - `wasm`: a WebAssembly module that imports only what the grid offers (docs/tasks.md)
 * - `js`: JavaScript source inside QuickJS
 * - `builtin`: the name of a kernel that ships with every node; no code travels
 * - `native`: unguarded JavaScript; off unless the volunteer names the submitter
 */
export const tiers = ['builtin', 'wasm', 'js', 'native'] as const

export const taskDescriptorSchema = z.strictObject({
  /** What a person calls it: letters, digits, dots and dashes. */
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'expected letters, digits, dots, dashes'),
  tier: z.enum(tiers),
  /** Wall-clock limit of one unit, milliseconds; over it the replica ends without a vote. */
  unitMsMax: z.number().int().min(10).max(3_600_000),
  /** Memory of one unit, bytes. */
  unitMemoryBytesMax: z
    .number()
    .int()
    .min(65_536)
    .max(2 ** 31),
  /** Fuel of one unit; out of it the unit traps, on every host at the same place. @default limits.unitFuelMax */
  unitFuelMax: z.number().int().min(1000).max(Number.MAX_SAFE_INTEGER).optional(),
})
export type TaskDescriptor = z.infer<typeof taskDescriptorSchema>

export const taskBundleSchema = z.strictObject({
  descriptor: taskDescriptorSchema,
  /** `wasm`: the module. `js` and `native`: UTF-8 source. `builtin`: UTF-8 name of the kernel. */
  code: bytesSchema.refine((code) => code.length <= limits.bundleBytesMax),
})
export type TaskBundle = z.infer<typeof taskBundleSchema>

/** @returns the bundle's bytes and their hash, which names the task on the grid */
export function packBundle(bundle: TaskBundle): { bytes: Uint8Array; hash: BlobHash } {
  const bytes = encode(bundle)
  return { bytes, hash: hashOf(bytes) }
}

/** @throws {GridError} MH_BAD_MESSAGE when the bytes are no task bundle */
export function unpackBundle(bytes: Uint8Array): TaskBundle {
  return decode(bytes, taskBundleSchema, 'a task bundle')
}
