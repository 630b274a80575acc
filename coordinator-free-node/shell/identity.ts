/**
 * The node's Ed25519 key: made once, kept by the store as libp2p's protobuf, used for the peer id and every signature.
 *
 * Signing and verifying go through node:crypto because they must be synchronous (29 and 85 microseconds).
 */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto'
import {
  privateKeyFromProtobuf,
  privateKeyFromRaw,
  privateKeyToProtobuf,
} from '@libp2p/crypto/keys'
import type { Ed25519PrivateKey } from '@libp2p/interface'
import { peerIdFromPrivateKey, peerIdFromString } from '@libp2p/peer-id'
import type { Signer } from '../ports/signer.js'
import { GridError } from '../protocol/errors.js'
import type { PeerId } from '../protocol/ids.js'

/** Parsed keys of others kept at hand: parsing costs as much as half a verification; 4096 of them are 4 MB. */
const verifyKeysMax = 4096
const signatureBytes = 64

export interface Identity {
  privateKey: Ed25519PrivateKey
  signer: Signer
}

/** @returns a fresh private key, as `loadIdentity` takes it; whoever has these bytes is this node */
export function createIdentity(): Uint8Array {
  const jwk = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' })
  const raw = Buffer.concat([base64url(jwk.d), base64url(jwk.x)])
  return privateKeyToProtobuf(privateKeyFromRaw(new Uint8Array(raw)))
}

/**
 * @param bytes  what `createIdentity` returned
 * @throws {GridError} MH_STATE_CORRUPT when the bytes are no Ed25519 key
 */
export function loadIdentity(bytes: Uint8Array): Identity {
  const privateKey = parsePrivateKey(bytes)
  const self = peerIdFromPrivateKey(privateKey).toString() as PeerId
  const signKey = createPrivateKey({
    key: {
      kty: 'OKP',
      crv: 'Ed25519',
      d: Buffer.from(privateKey.raw.subarray(0, 32)).toString('base64url'),
      x: Buffer.from(privateKey.publicKey.raw).toString('base64url'),
    },
    format: 'jwk',
  })
  const verifyKeys = new VerifyKeys()
  const signer: Signer = {
    self,
    sign: (content) => new Uint8Array(sign(null, content, signKey)),
    verify: (signer, content, signature) => isSigned(verifyKeys.get(signer), content, signature),
  }
  return { privateKey, signer }
}

/** Whether a peer signed this; needs no identity of one's own. */
export function verifySignature(
  signer: PeerId,
  content: Uint8Array,
  signature: Uint8Array,
): boolean {
  return isSigned(publicKeyOf(signer), content, signature)
}

function isSigned(key: KeyObject | undefined, content: Uint8Array, signature: Uint8Array): boolean {
  if (key === undefined || signature.length !== signatureBytes) return false
  return verify(null, content, key, signature)
}

/** @param seed  32 bytes; the same give the same key: for keys that travel, as in an invitation */
export function identityFromSeed(seed: Uint8Array): Identity {
  const key = createPrivateKey({
    key: Buffer.concat([pkcs8Head, seed]),
    format: 'der',
    type: 'pkcs8',
  })
  const { x } = key.export({ format: 'jwk' })
  const raw = Buffer.concat([seed, base64url(x)])
  return loadIdentity(privateKeyToProtobuf(privateKeyFromRaw(new Uint8Array(raw))))
}

/** What stands before an Ed25519 seed in PKCS #8 (RFC 8410). */
const pkcs8Head = Buffer.from('302e020100300506032b657004220420', 'hex')

function parsePrivateKey(bytes: Uint8Array): Ed25519PrivateKey {
  let cause: unknown
  try {
    const key = privateKeyFromProtobuf(bytes)
    if (key.type === 'Ed25519') return key
  } catch (error) {
    cause = error
  }
  throw new GridError('MH_STATE_CORRUPT', 'the identity key is not an Ed25519 private key', {
    blame: 'local',
    hint: 'Restore the file from a backup, or remove it to start over under a new name.',
    cause,
  })
}

function base64url(text: string | undefined): Buffer {
  return Buffer.from(text ?? '', 'base64url')
}

/** Peer ids to keys, the least recently used goes first. */
class VerifyKeys {
  readonly #keys = new Map<PeerId, KeyObject>()

  get(peer: PeerId): KeyObject | undefined {
    const known = this.#keys.get(peer)
    const key = known ?? publicKeyOf(peer)
    if (key === undefined) return undefined
    if (known !== undefined) this.#keys.delete(peer)
    this.#keys.set(peer, key)
    const [oldest] = this.#keys.keys()
    if (this.#keys.size > verifyKeysMax && oldest !== undefined) this.#keys.delete(oldest)
    return key
  }
}

function publicKeyOf(peer: PeerId): KeyObject | undefined {
  try {
    const id = peerIdFromString(peer)
    // One key has several spellings (base58, several CIDs); only one may vote.
    if (id.type !== 'Ed25519' || id.toString() !== peer) return undefined
    const x = Buffer.from(id.publicKey.raw).toString('base64url')
    return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
  } catch {
    return undefined
  }
}
