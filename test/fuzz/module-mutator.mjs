/** Damages modules: most mutants are refused at once, some get far, and a few are valid and mean something else. */
import { Dice } from './dice.mjs'

/** Bytes that begin things outside the profile: tail calls, exceptions, atomics, GC, 64-bit and shared memories. */
const strange = [0x06, 0x08, 0x12, 0x13, 0x14, 0x18, 0x1f, 0x63, 0x64, 0x6e, 0xfb, 0xfe, 0x04, 0x03]

/** @param {Uint8Array} module @param {number} seed @param {Uint8Array} [other]  to splice with @returns {Uint8Array} */
export function mutate(module, seed, other = module) {
  const dice = new Dice(seed)
  let bytes = module.slice()
  for (let i = 1 + dice.below(4); i > 0; i--) bytes = mutateOnce(bytes, dice, other)
  return bytes
}

function mutateOnce(bytes, dice, other) {
  if (bytes.length < 9) return bytes
  // The first eight are the head, which says little.
  const at = dice.oneIn(20) ? dice.below(bytes.length) : 8 + dice.below(bytes.length - 8)
  const joined = (...parts) => Uint8Array.from(parts.flatMap((part) => [...part]))
  switch (dice.below(9)) {
    case 0:
      bytes[at] ^= 1 << dice.below(8)
      return bytes
    case 1:
      bytes[at] = dice.below(256)
      return bytes
    case 2:
      bytes[at] = dice.pick(strange)
      return bytes
    case 3:
      return joined(bytes.subarray(0, at), [dice.below(256)], bytes.subarray(at))
    case 4:
      return joined(bytes.subarray(0, at), bytes.subarray(at + 1 + dice.below(4)))
    case 5:
      return dice.oneIn(3) ? bytes.slice(0, at) : bytes
    case 6:
      // A number as large as it gets, or one that never ends.
      bytes.set(
        [0xff, 0xff, 0xff, 0xff, dice.oneIn(2) ? 0x0f : 0xff].slice(0, bytes.length - at),
        at,
      )
      return bytes
    case 7: {
      const from = dice.below(other.length)
      const piece = other.subarray(from, from + 1 + dice.below(24))
      return joined(
        bytes.subarray(0, at),
        piece,
        bytes.subarray(at + (dice.oneIn(2) ? piece.length : 0)),
      )
    }
    default: {
      const end = Math.min(bytes.length, at + 1 + dice.below(16))
      return joined(bytes.subarray(0, end), bytes.subarray(at, end), bytes.subarray(end))
    }
  }
}
