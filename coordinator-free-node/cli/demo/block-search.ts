/** What the demo computes: the nonce of Bitcoin's first block, which anybody can check. Pure but for node:crypto. */
import { createHash } from 'node:crypto'

/**
 * The 80-byte header of block 0 with its nonce (the last four bytes) set to zero. Version 1, no previous block, the
 * Merkle root of the one transaction, 2009-01-03 18:15:05, difficulty bits 1d00ffff.
 */
export const GENESIS_HEADER =
  '01000000' +
  '0000000000000000000000000000000000000000000000000000000000000000' +
  '3ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a' +
  '29ab5f49' +
  'ffff001d' +
  '00000000'

export const GENESIS_NONCE = 2_083_236_893
export const GENESIS_DIGEST = '000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f'

/** Where in the window the nonce stands: late, so that nobody finds it by luck at the start. */
const NONCE_AT = 0.97
/** Enough units that each host gets many, and that killing one half-way catches it at work. */
const UNITS_WANTED = 400
const NONCES_MAX = 2 ** 32

export interface SearchWindow {
  start: number
  end: number
  /** Nonces in one work unit. */
  unitNonces: number
}

/**
 * A window of nonces that takes about `durationMs` to search.
 *
 * @param hashesPerSecond  of one thread
 * @param threads  that can run at the same time on this machine
 * @param redundancy  hosts that compute each unit
 */
export function sizeWindow(
  hashesPerSecond: number,
  threads: number,
  redundancy: number,
  durationMs: number,
): SearchWindow {
  const affordable = (hashesPerSecond * threads * (durationMs / 1000)) / redundancy
  const unitNonces = Math.max(1024, Math.ceil(affordable / UNITS_WANTED / 1024) * 1024)
  const size = Math.min(unitNonces * UNITS_WANTED, GENESIS_NONCE)
  const start = GENESIS_NONCE - Math.floor(size * NONCE_AT)
  return { start, end: Math.min(start + size, NONCES_MAX), unitNonces }
}

/** Double SHA-256 of the header with this nonce, by Node's own SHA-256, as block explorers print it. */
export function digestOfNonce(nonce: number): string {
  const header = Buffer.from(GENESIS_HEADER, 'hex')
  header.writeUInt32LE(nonce, 76)
  const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest()
  return sha256(sha256(header)).reverse().toString('hex')
}
