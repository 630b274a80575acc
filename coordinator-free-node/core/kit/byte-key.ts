/** Digests as keys of maps: two digests are the same iff their keys are. */

const digestBytes = 32
/** Filled anew for each key: appending one character after the other would leave a chain of strings behind. */
const characters: number[] = new Array(digestBytes / 2).fill(0)

/** @param digests  digests end to end; @param index  which one; @returns a short string that stands for it */
export function digestKey(digests: Uint8Array, index: number): string {
  let at = index * digestBytes
  for (let i = 0; i < characters.length; i++) {
    characters[i] = ((digests[at] ?? 0) << 8) | (digests[at + 1] ?? 0)
    at += 2
  }
  return String.fromCharCode.apply(undefined, characters)
}
