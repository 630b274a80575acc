/** What a `check` is given of a unit: its input and the result that a host claims, in the place of an input. */
import type { ResultKind } from '../../protocol/outcome.js'

export interface Claim {
  kind: Exclude<ResultKind, 'trap'>
  input: Uint8Array
  output: Uint8Array
}

/** Kind, and the length of the input. */
const headBytes = 8

export function packClaim({ kind, input, output }: Claim): Uint8Array {
  const bytes = new Uint8Array(headBytes + input.length + output.length)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, kind === 'hit' ? 1 : 0, true)
  view.setUint32(4, input.length, true)
  bytes.set(input, headBytes)
  bytes.set(output, headBytes + input.length)
  return bytes
}

/** @param bytes  from `packClaim`; @returns views of them */
export function unpackClaim(bytes: Uint8Array): Claim {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const end = headBytes + view.getUint32(4, true)
  return {
    kind: view.getUint32(0, true) === 1 ? 'hit' : 'done',
    input: bytes.subarray(headBytes, end),
    output: bytes.subarray(end),
  }
}
