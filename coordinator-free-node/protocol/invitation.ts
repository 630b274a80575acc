/**
 * An invitation to a private grid as text: what a person sends to another. Whoever holds it may join until it expires.
 *
 *     mhgrid1-<base64url of MessagePack>-<six digits of its hash>
 */
import { z } from 'zod'
import { bytesSchema } from './bytes.js'
import { decode, encode } from './codec.js'
import { GridError } from './errors.js'
import { hashOf, peerIdSchema } from './ids.js'
import { limits } from './limits.js'

/** What a person may call a grid; the overlay adds the hash of its key. */
export const gridLabelSchema = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9-]{0,39}$/, 'expected up to 40 letters, digits and dashes')

export const invitationSchema = z.strictObject({
  name: gridLabelSchema,
  /** The grid's key. */
  authority: peerIdSchema,
  /** Chain that ends in the invitation's certificate. */
  chain: bytesSchema.refine((bytes) => bytes.length <= 6 * 1024),
  /** Private key of the invitation. */
  seed: bytesSchema.refine((bytes) => bytes.length === 32),
  /** Members to meet first. */
  addresses: z.array(z.string().max(limits.addressCharsMax)).max(4),
})
export type Invitation = z.infer<typeof invitationSchema>

const prefix = 'mhgrid1-'
const peerAtEnd = /\/p2p\/[^/]+$/
/** A text longer than this is no invitation: the longest chain and addresses fit. */
const charsMax = 16 * 1024

export function formatInvitation(invitation: Invitation): string {
  const { name, authority, chain, seed, addresses } = invitation
  const peer = peerAtEnd.exec(addresses[0] ?? '')?.[0] ?? ''
  // All are the inviter's: its id goes in once.
  const places = addresses.map((address) =>
    address.endsWith(peer) ? address.slice(0, -peer.length || undefined) : address,
  )
  const bytes = encode([name, authority, chain, seed, peer, places])
  return `${prefix}${toBase64url(bytes)}-${hashOf(bytes).slice(0, 6)}`
}

/** @throws {GridError} MH_USAGE, saying what is wrong with the text */
export function parseInvitation(text: string): Invitation {
  const bare = text.replace(/\s+/g, '')
  if (!bare.startsWith(prefix) || bare.length > charsMax)
    throw faulty(`it does not begin with "${prefix}"`)
  const bytes = fromBase64url(bare.slice(prefix.length, -7))
  if (bytes === undefined || bare.at(-7) !== '-' || hashOf(bytes).slice(0, 6) !== bare.slice(-6))
    throw faulty('a part of it is missing or mistyped')
  try {
    const [name, authority, chain, seed, peer, places] = decode(
      bytes,
      z.tuple([
        z.unknown(),
        z.unknown(),
        z.unknown(),
        z.unknown(),
        z.string(),
        z.array(z.string()).max(4),
      ]),
      'it',
    )
    const addresses = places.map((place) => (place.includes('/p2p/') ? place : place + peer))
    return invitationSchema.parse({ name, authority, chain, seed, addresses })
  } catch {
    throw faulty('it was made by a newer version, or by another program')
  }
}

function faulty(why: string): GridError {
  return new GridError('MH_USAGE', `this is no invitation to a grid: ${why}`, {
    blame: 'user',
    hint: `copy the whole text that "manyhands grid invite" printed, from ${prefix} to its end`,
  })
}

function toBase64url(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
}

function fromBase64url(text: string): Uint8Array | undefined {
  // One character is left over where four stand for three bytes: no bytes give that.
  if (!/^[A-Za-z0-9_-]*$/.test(text) || text.length % 4 === 1) return undefined
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'))
  const bytes = Uint8Array.from(binary, (char) => char.charCodeAt(0))
  // The last character has bits to spare: one spelling is right.
  return toBase64url(bytes) === text ? bytes : undefined
}
