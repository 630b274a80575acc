/** What a node keeps of its private grid: its own certificates, and the grid's key where it was founded here. */
import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import type { Store, StoreWrite } from '../../ports/store.js'
import { bytesSchema } from '../../protocol/bytes.js'
import { decode, encode } from '../../protocol/codec.js'
import { GridError } from '../../protocol/errors.js'
import { type PeerId, peerIdSchema } from '../../protocol/ids.js'
import { gridLabelSchema, type Invitation } from '../../protocol/invitation.js'
import {
  certify,
  checkChain,
  gridNameOf,
  packChain,
  roles,
  unpackChain,
} from '../../protocol/membership.js'
import { type Identity, identityFromSeed } from '../identity.js'

const papersSchema = z.strictObject({
  name: gridLabelSchema,
  /** Peer id of the grid's key. */
  authority: peerIdSchema,
  /** From the grid's key to this node. */
  chain: bytesSchema,
  /** Private half of the grid's key, on the node that founded it. */
  seed: bytesSchema.optional(),
  /** Addresses of members, from the invitation. */
  meet: z.array(z.string()).max(4),
})
export type GridPapers = z.infer<typeof papersSchema>

const papersKey = 'grid/papers'
const yearMs = 365 * 86_400_000
const founderMs = 100 * yearMs

export async function readPapers(store: Store): Promise<GridPapers | undefined> {
  const kept = await store.get(papersKey)
  return kept === undefined ? undefined : decode(kept, papersSchema, 'the papers of the grid')
}

export async function keepPapers(store: Store, papers: GridPapers): Promise<void> {
  await store.write([{ type: 'put', key: papersKey, value: encode(papers) }])
}

/** Leaves the grid: what is known of its members goes, too. */
export async function dropPapers(store: Store): Promise<void> {
  await store.write([{ type: 'delete', key: papersKey }])
  for (const kind of ['member', 'revoked', 'invited'])
    await store.clear({ from: `${kind}/`, to: `${kind}0` })
}

const invitedSchema = z.strictObject({ chain: bytesSchema, expiresUtcMs: z.number() })
const invitedKey = (invitation: PeerId) => `invited/${invitation}`

/** What it takes to revoke an invitation that was made here; those that have expired are forgotten. */
export async function keepInvited(
  store: Store,
  invitation: PeerId,
  invited: z.infer<typeof invitedSchema>,
): Promise<void> {
  const writes: StoreWrite[] = [
    { type: 'put', key: invitedKey(invitation), value: encode(invited) },
  ]
  for await (const [key, value] of store.scan({ from: 'invited/', to: 'invited0' }))
    if (decode(value, invitedSchema, 'an invitation').expiresUtcMs < Date.now())
      writes.push({ type: 'delete', key })
  await store.write(writes)
}

export async function listInvited(store: Store): Promise<PeerId[]> {
  const invited: PeerId[] = []
  for await (const key of store.keys({ from: 'invited/', to: 'invited0' }))
    invited.push(key.slice('invited/'.length) as PeerId)
  return invited
}

export async function readInvited(
  store: Store,
  invitation: PeerId,
): Promise<Uint8Array | undefined> {
  const kept = await store.get(invitedKey(invitation))
  return kept === undefined ? undefined : decode(kept, invitedSchema, 'an invitation').chain
}

/** A grid of one: its key, and a certificate for the node that founds it. */
export function foundGrid(name: string, founder: Identity): GridPapers {
  const label = gridLabelSchema.safeParse(name)
  if (!label.success)
    throw new GridError(
      'MH_USAGE',
      `"${name}" cannot be a grid's name: ${label.error.issues[0]?.message}`,
      {
        blame: 'user',
        hint: 'for example: manyhands grid create lab',
      },
    )
  const seed = new Uint8Array(randomBytes(32))
  const { signer } = identityFromSeed(seed)
  const body = {
    kind: 'member' as const,
    subject: founder.signer.self,
    roles: [...roles],
    expiresUtcMs: Date.now() + founderMs,
  }
  const chain = packChain([certify(body, signer.sign)])
  return { name: label.data, authority: signer.self, chain, seed, meet: [] }
}

/**
 * Makes a member of whoever holds an invitation: with the key in it he certifies himself.
 *
 * @throws {GridError} MH_USAGE when it has expired, or is for somebody else
 */
export function acceptInvitation(invitation: Invitation, newcomer: Identity): GridPapers {
  const { name, authority, seed } = invitation
  const { self, verify } = newcomer.signer
  const chain = unpackChain(invitation.chain)
  const question = { authority, nowUtcMs: Date.now(), verify }
  const inviting = checkChain(chain, question)
  if ('fault' in inviting) throw refused(inviting.fault)
  const own = identityFromSeed(seed).signer
  const body = {
    kind: 'member' as const,
    subject: self,
    roles: [...inviting.roles],
    expiresUtcMs: inviting.expiresUtcMs,
  }
  const whole = [...chain, certify(body, own.sign)]
  const checked = checkChain(whole, question)
  if ('fault' in checked || own.self !== inviting.peer)
    throw refused('fault' in checked ? checked.fault : 'its key and its certificate differ')
  return { name, authority, chain: packChain(whole), meet: invitation.addresses }
}

function refused(fault: string): GridError {
  return new GridError('MH_USAGE', `this invitation cannot be used: ${fault}`, {
    blame: 'user',
    hint: 'ask whoever invited you for a new invitation, with your peer id if it is for you alone: manyhands status',
  })
}

/** How the overlay calls it. */
export function overlayNameOf({ name, authority }: GridPapers): string {
  return gridNameOf(name, authority as PeerId)
}
