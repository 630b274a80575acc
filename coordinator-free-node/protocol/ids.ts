/**
 * Names of things, as branded strings and numbers so that one cannot be passed for another.
 *
 * Hashes are SHA-256, lowercase hexadecimal: they are what a person reads in a log, pastes into a command
 * and uses as a file name.
 */
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import { z } from 'zod'

const hash = z.string().regex(/^[0-9a-f]{64}$/, 'expected 64 lowercase hexadecimal digits')

/** A node's identity: its libp2p peer id (Ed25519), base58. */
export const peerIdSchema = z
  .string()
  .regex(/^[1-9A-HJ-NP-Za-km-z]{10,100}$/, 'expected a peer id such as 12D3KooW...')
  .brand<'PeerId'>()
export type PeerId = z.infer<typeof peerIdSchema>

/** SHA-256 of a job's manifest bytes. */
export const jobIdSchema = hash.brand<'JobId'>()
export type JobId = z.infer<typeof jobIdSchema>

/** SHA-256 of any content that travels by hash: task bundles, manifests. */
export const blobHashSchema = hash.brand<'BlobHash'>()
export type BlobHash = z.infer<typeof blobHashSchema>

/** Position of a work unit in its job's input space, from 0. */
export type UnitIndex = number

/** Number of a lease, unique within its steward; restarts go on counting. */
export type LeaseId = number

/** @param content  any bytes; @returns their SHA-256, 64 lowercase hexadecimal digits */
export function hashOf(content: Uint8Array): BlobHash {
  return bytesToHex(sha256(content)) as BlobHash
}

/** The first digits of a hash or the last of a peer id: enough for a person to tell two apart. */
export function shortId(id: string): string {
  return id.startsWith('12D3') ? id.slice(-8) : id.slice(0, 10)
}
