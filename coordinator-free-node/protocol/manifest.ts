/**
 * What a requester asks for: a task, an input space and the rules of acceptance. Signed; its hash is the job id,
 * so nobody can change a job under its name.
 */

import { z } from 'zod'
import { bytesSchema } from './bytes.js'
import { decode, encode } from './codec.js'
import { blobHashSchema, hashOf, type JobId, peerIdSchema } from './ids.js'
import { limits } from './limits.js'
import { taskDescriptorSchema } from './task-bundle.js'

/** Integers from `start` up to, not including, `end`, cut into units of `unitItems`; costs no memory. */
const rangeInputs = z.strictObject({
  kind: z.literal('range'),
  start: z.number().int().min(Number.MIN_SAFE_INTEGER).max(Number.MAX_SAFE_INTEGER),
  end: z.number().int().min(Number.MIN_SAFE_INTEGER).max(Number.MAX_SAFE_INTEGER),
  unitItems: z
    .number()
    .int()
    .min(1)
    .max(2 ** 40),
})

/** Inputs that the requester hands over one unit after the other; their number may be unknown at first. */
const listInputs = z.strictObject({ kind: z.literal('list') })

/** When a unit's result counts as canonical. */
export const acceptanceSchema = z.discriminatedUnion('rule', [
  /** As soon as the standing of the hosts that agree bit for bit makes an error rarer than this. */
  z.strictObject({
    rule: z.literal('credibility'),
    maxErrorRate: z.number().min(1e-12).max(0.5),
  }),
  /** Plain voting: as soon as so many hosts agree bit for bit. */
  z.strictObject({ rule: z.literal('quorum'), quorum: z.number().int().min(1).max(7) }),
  /** As soon as the task's own `check` passes it, on the requester's node; nothing is repeated. */
  z.strictObject({ rule: z.literal('check') }),
])
export type Acceptance = z.infer<typeof acceptanceSchema>

/** Wrong results that a job tolerates when its user says nothing: one in ten thousand units. */
export const maxErrorRateDefault = 1e-4

export const manifestSchema = z.strictObject({
  version: z.literal(1),
  requester: peerIdSchema,
  /** Distinguishes two otherwise equal jobs. */
  nonce: z.string().min(8).max(64),
  /** What a person calls the job. */
  name: z.string().min(1).max(100),
  task: taskDescriptorSchema,
  taskHash: blobHashSchema,
  /** Job-wide parameters, handed to every unit as they are. */
  params: bytesSchema.refine((bytes) => bytes.length <= limits.paramsBytesMax),
  inputs: z.discriminatedUnion('kind', [rangeInputs, listInputs]),
  /** `all` computes every unit; `first-hit` ends with the first verified unit that reports a hit. */
  goal: z.enum(['all', 'first-hit']),
  acceptance: acceptanceSchema,
})
export type Manifest = z.infer<typeof manifestSchema>
export type JobInputs = Manifest['inputs']

/** A job's id: the hash of its sealed manifest, which is also the blob that hosts fetch. */
export function jobIdOf(sealedManifest: Uint8Array): JobId {
  return hashOf(sealedManifest) as string as JobId
}

export function packManifest(manifest: Manifest): Uint8Array {
  return encode(manifest)
}

/** @throws {GridError} MH_BAD_MESSAGE */
export function unpackManifest(bytes: Uint8Array): Manifest {
  return decode(bytes, manifestSchema, 'a manifest')
}

/** Units of a job whose input space is known from the manifest alone; undefined for a list. */
export function unitCountOf(inputs: JobInputs): number | undefined {
  if (inputs.kind === 'list') return undefined
  return Math.max(0, Math.ceil((inputs.end - inputs.start) / inputs.unitItems))
}

/** The half-open range of integers that unit `unit` of a range job covers. */
export function rangeOfUnit(
  inputs: Extract<JobInputs, { kind: 'range' }>,
  unit: number,
): { start: number; end: number } {
  const start = inputs.start + unit * inputs.unitItems
  return { start, end: Math.min(inputs.end, start + inputs.unitItems) }
}

/**
 * A range unit's input as every tier sees it: two signed 64-bit little-endian integers, start and end.
 * Shape: 16 bytes.
 */
export function encodeRange(range: { start: number; end: number }): Uint8Array {
  const bytes = new Uint8Array(16)
  const view = new DataView(bytes.buffer)
  view.setBigInt64(0, BigInt(range.start), true)
  view.setBigInt64(8, BigInt(range.end), true)
  return bytes
}
