/** Identities that are the same in every run, so that a seed is a run. */
import { generateKeyPairFromSeed, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import { loadIdentity } from '../../dist/coordinator-free-node/shell/identity.js'

/** The node itself, then its peers. */
export function makePersons(count = 5) {
  return Promise.all(Array.from({ length: count }, (_, i) => makePerson(i)))
}

export async function makePerson(number) {
  const seed = new Uint8Array(32)
  new DataView(seed.buffer).setUint32(0, number)
  return loadIdentity(privateKeyToProtobuf(await generateKeyPairFromSeed('Ed25519', seed)))
}
