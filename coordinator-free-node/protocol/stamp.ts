/**
 * A small piece of work for an identity: a number that, hashed together with the peer's name, gives a digest that begins
 * with so many zero bits. Finding it takes 2^bits hashes of 16 MiB each, checking it takes one: a thousand names cost
 * their maker a thousand times the work of one.
 *
 * Work from past months does not count: nobody keeps names in store. What is asked for is up to whoever asks.
 *
 * Source: Back, "Hashcash" (2002); Percival, "Stronger key derivation via sequential memory-hard functions" (2009).
 */
import type { PeerId } from './ids.js'

export interface Stamp {
  /** Which stretch of 28 days it was made in. */
  epoch: number
  /** 8 bytes. */
  nonce: Uint8Array
}

/** scrypt's parameters: 16 MiB and some 40 ms a hash. */
export const stampWork = { N: 2 ** 14, r: 8, p: 1, maxmem: 32 * 1024 * 1024 } as const
export const stampDigestBytes = 16
export const stampSalt = 'manyhands/1/stamp'

/** The most that a node does for anybody: an hour or two of one thread. */
export const stampBitsMax = 16

const epochMs = 28 * 86_400_000
const epochBytes = 4
const nonceBytes = 8

/** @param utcMs  wall clock */
export function epochAt(utcMs: number): number {
  return Math.floor(utcMs / epochMs)
}

/** This epoch, and those beside it: clocks differ, and nobody has to work anew at midnight. */
export function isCurrent({ epoch }: Stamp, utcMs: number): boolean {
  return Math.abs(epoch - epochAt(utcMs)) <= 1
}

export function packStamp({ epoch, nonce }: Stamp): Uint8Array {
  const bytes = new Uint8Array(epochBytes + nonceBytes)
  new DataView(bytes.buffer).setUint32(0, epoch)
  bytes.set(nonce, epochBytes)
  return bytes
}

/** @returns undefined for what is no stamp */
export function unpackStamp(bytes: Uint8Array): Stamp | undefined {
  if (bytes.length !== epochBytes + nonceBytes) return undefined
  const epoch = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0)
  return { epoch, nonce: bytes.slice(epochBytes) }
}

/** What is hashed. */
export function stampInput(peer: PeerId, stamp: Stamp): Uint8Array {
  const name = new TextEncoder().encode(peer)
  const input = new Uint8Array(name.length + epochBytes + nonceBytes)
  input.set(name)
  input.set(packStamp(stamp), name.length)
  return input
}

/** Zero bits that a digest begins with: what its stamp is worth. */
export function zeroBitsOf(digest: Uint8Array): number {
  let bits = 0
  for (const byte of digest) {
    if (byte !== 0) return bits + Math.clz32(byte) - 24
    bits += 8
  }
  return bits
}

/** Told to whoever has no stamp, or one worth less. */
export function stampRefusal(bits: number): string {
  return `this node asks for a stamp of ${bits} bits`
}

/** @returns how many bits a refusal asks for; undefined when it is about something else */
export function bitsAskedFor(refusal: string): number | undefined {
  const bits = /asks for a stamp of (\d{1,3}) bits/.exec(refusal)?.[1]
  return bits === undefined ? undefined : Number(bits)
}
