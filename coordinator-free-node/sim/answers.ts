/**
 * What a simulated unit is worth computing: the smallest of some pseudo-random values, as a search's witness is. Only
 * a full scan finds it for sure; who stops early is wrong unless the smallest came early.
 *
 * Answers are small numbers until they travel: 0 is right, a fraction the witness of a scan of that share, other
 * numbers are lies, equal when the numbers are.
 */
import type { UnitIndex } from '../protocol/ids.js'

/** Values in a unit's range: enough to tell an early stop, few enough to cost nothing. */
const unitValues = 16

/** The smallest value among the first `share` of a unit's range, an integer below 2^32. */
function witness(unit: UnitIndex, share: number): number {
  let least = 2 ** 32
  const values = Math.max(1, Math.round(unitValues * share))
  for (let i = 0; i < values; i++) {
    let x = Math.imul(unit ^ 0x5bd1e995, 0x9e3779b1) + Math.imul(i + 1, 0x85ebca6b)
    x = Math.imul(x ^ (x >>> 15), 0x2c1b3c6d)
    x = Math.imul(x ^ (x >>> 13), 0x297a2d39)
    x = (x ^ (x >>> 16)) >>> 0
    if (x < least) least = x
  }
  return least
}

/** The right result of a unit: 8 bytes. */
export function rightOutput(unit: UnitIndex): Uint8Array {
  return outputOf(unit, 0)
}

/** @param answer  see the head of this file; @returns 8 bytes, the second four naming the lie */
export function outputOf(unit: UnitIndex, answer: number): Uint8Array {
  const output = new Uint8Array(8)
  const scanned = answer > 0 && answer < 1 ? answer : 1
  const value = witness(unit, scanned)
  output[0] = value >>> 24
  output[1] = value >>> 16
  output[2] = value >>> 8
  output[3] = value
  if (answer < 1) return output
  output[4] = answer >>> 24
  output[5] = answer >>> 16
  output[6] = answer >>> 8
  output[7] = answer
  return output
}

/** Stands for the hash: equal iff the outputs are, at a hundredth of the price. */
export function digestOfOutput(output: Uint8Array): Uint8Array {
  const digest = new Uint8Array(32)
  digest.set(output)
  return digest
}

export function isRight(unit: UnitIndex, output: Uint8Array): boolean {
  const right = rightOutput(unit)
  for (let i = 0; i < right.length; i++) if (right[i] !== output[i]) return false
  return output.length === right.length
}
