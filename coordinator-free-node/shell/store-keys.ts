/** How keys of the store are spelled: numbers in hexadecimal of fixed length, so that they sort. */

/** Digits of a unit in a key: 2**48 units, in order. */
export const unitDigits = 12

export function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0')
}

/** The number at the end of a key. */
export function unitOfKey(key: string): number {
  return Number.parseInt(key.slice(key.lastIndexOf('/') + 1), 16)
}

/** Every key that begins with `prefix/`. */
export function under(prefix: string): { from: string; to: string } {
  // '0' follows '/' in every encoding that matters here.
  return { from: `${prefix}/`, to: `${prefix}0` }
}
