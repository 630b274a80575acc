/** The node's key in its store: made at the first need, the same for ever. */
import type { Store } from '../ports/store.js'
import { createIdentity, type Identity, loadIdentity } from './identity.js'
import { keyOf } from './journal.js'

export async function keptIdentity(store: Store): Promise<Identity> {
  const kept = await store.get(keyOf.identity)
  if (kept !== undefined) return loadIdentity(kept)
  const fresh = createIdentity()
  await store.write([{ type: 'put', key: keyOf.identity, value: fresh }])
  return loadIdentity(fresh)
}
