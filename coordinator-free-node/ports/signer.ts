/** The node's key, and the judging of other nodes' signatures. Synchronous: it stands in the path of a message. */
import type { PeerId } from '../protocol/ids.js'

export interface Signer {
  readonly self: PeerId
  /** @returns 64 bytes, Ed25519 */
  sign(content: Uint8Array): Uint8Array
  /** False for a wrong signature and for a peer id that carries no key. */
  verify(signer: PeerId, content: Uint8Array, signature: Uint8Array): boolean
}
