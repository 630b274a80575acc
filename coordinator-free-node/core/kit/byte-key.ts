/** Digests as keys of maps: two digests are the same iff their keys are. */

const digestBytes = 32

/** @param digests  digests end to end; @param index  which one; @returns a short string that stands for it */
export function digestKey(digests: Uint8Array, index: number): string {
  let key = ''
  for (let i = index * digestBytes; i < (index + 1) * digestBytes; i += 2)
    key += String.fromCharCode(((digests[i] ?? 0) << 8) | (digests[i + 1] ?? 0))
  return key
}
