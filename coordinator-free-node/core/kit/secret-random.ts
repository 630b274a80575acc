/**
 * Choices that nobody outside may foresee: whom to check, who checks. SHA-256 of a key and a counter; knowing all
 * choices so far says nothing about the next. The same key gives the same choices, so that a simulation can be repeated.
 */
import { hashOf } from '../../protocol/ids.js'

export interface SecretRandom {
  readonly key: Uint8Array
  counter: number
  /** Hexadecimal digits not used yet. */
  digits: string
}

/** @param key  32 bytes that nobody knows */
export function secretRandom(key: Uint8Array): SecretRandom {
  return { key, counter: 0, digits: '' }
}

/** Eight hexadecimal digits a number. */
const digitsEach = 8

/** @returns an integer in 0..2**32-1 */
export function nextSecretUint32(random: SecretRandom): number {
  if (random.digits === '') {
    const block = new Uint8Array(random.key.length + 8)
    block.set(random.key)
    new DataView(block.buffer).setFloat64(random.key.length, random.counter++)
    random.digits = hashOf(block)
  }
  const number = Number.parseInt(random.digits.slice(0, digitsEach), 16)
  random.digits = random.digits.slice(digitsEach)
  return number
}

/** @returns a number in [0, 1) */
export function nextSecretFraction(random: SecretRandom): number {
  return nextSecretUint32(random) / 2 ** 32
}
