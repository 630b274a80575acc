/**
 * Who belongs to a private grid: a short chain of certificates from the grid's key to a node, checked offline by any
 * other. Pure: whoever asks brings the clock and verifies signatures.
 *
 *     grid key  ->  member (may invite)  ->  member  ->  ...
 *                                        ->  invitation  ->  member, until the invitation expires
 *
 * An invitation is a key of its own, whose private half travels in the invitation's text: who holds the text certifies
 * himself. The first member he meets that may invite gives him a certificate of its own, which outlives the invitation.
 */
import { z } from 'zod'
import { bytesSchema } from './bytes.js'
import { decode, encode } from './codec.js'
import { hashOf, type PeerId, peerIdSchema } from './ids.js'
import { limits } from './limits.js'
import { type SealPurpose, sealedBytes } from './seal.js'

/** What a member may do: submit jobs, work for others, let others in. */
export const roles = ['submit', 'host', 'invite'] as const
export type Role = (typeof roles)[number]

const utcMs = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER)
const signature = bytesSchema.refine((bytes) => bytes.length === 64)

const kinds = ['member', 'invitation'] as const

export const certificateBodySchema = z.strictObject({
  kind: z.enum(kinds),
  /** The member's peer id; for an invitation that of its key. */
  subject: peerIdSchema,
  roles: z.array(z.enum(roles)).min(1).max(roles.length),
  expiresUtcMs: utcMs,
  /** Invitation: how long who comes by it stays a member. */
  memberMs: utcMs.optional(),
  /** Invitation: for this peer alone. */
  forPeer: peerIdSchema.optional(),
  /** Member: the invitation by which it came. */
  through: peerIdSchema.optional(),
  /** Member: who stood above that invitation, from the grid's key down, where they do not stand in this chain. */
  via: z.array(peerIdSchema).max(limits.inviterRowMax).optional(),
})
export type CertificateBody = z.infer<typeof certificateBodySchema>

/** As it is signed: short, since an invitation is to fit a line. Roles are bits, times seconds. */
const packedBodySchema = z.tuple([
  z.number().int().min(0).max(1),
  peerIdSchema,
  z.number().int().min(1).max(7),
  utcMs,
  utcMs.nullable(),
  peerIdSchema.nullable(),
  peerIdSchema.nullable(),
  z.array(peerIdSchema).max(limits.inviterRowMax),
])

function packBody(body: CertificateBody): Uint8Array {
  const { kind, subject, expiresUtcMs, memberMs, forPeer, through, via = [] } = body
  return encode([
    kinds.indexOf(kind),
    subject,
    body.roles.reduce((bits, role) => bits | (1 << roles.indexOf(role)), 0),
    Math.floor(expiresUtcMs / 1_000),
    memberMs === undefined ? null : Math.floor(memberMs / 1_000),
    forPeer ?? null,
    through ?? null,
    via,
  ] satisfies z.infer<typeof packedBodySchema>)
}

/** @throws {GridError} MH_BAD_MESSAGE, blaming the remote */
function unpackBody(bytes: Uint8Array): CertificateBody {
  const packed = decode(bytes, packedBodySchema, 'a certificate')
  const [kind, subject, bits, expiresS, memberS, forPeer, through, via] = packed
  return {
    kind: kinds[kind] ?? 'member',
    subject,
    roles: roles.filter((_, i) => (bits & (1 << i)) !== 0),
    expiresUtcMs: expiresS * 1_000,
    ...(memberS === null ? {} : { memberMs: memberS * 1_000 }),
    ...(forPeer === null ? {} : { forPeer }),
    ...(through === null ? {} : { through }),
    ...(via.length === 0 ? {} : { via }),
  }
}

/** Body and signature. */
const certificateSchema = z.tuple([bytesSchema.refine((bytes) => bytes.length <= 512), signature])
export type Certificate = z.infer<typeof certificateSchema>
const chainSchema = z.array(certificateSchema).min(1).max(limits.membershipDepthMax)

export interface MemberFacts {
  peer: PeerId
  roles: readonly Role[]
  /**
   * By whom it came, from the grid's key down; itself last. An invitation is one of them until a member has confirmed
   * who came by it: then come the confirmer and those above him, those above the invitation, and the member.
   */
  lineage: readonly PeerId[]
  /** The earliest end of a certificate in its chain, wall clock. */
  expiresUtcMs: number
}

export interface CheckedChain extends MemberFacts {
  /** What its last certificate is: an invitation by itself makes nobody a member, least of all its own key. */
  kind: CertificateBody['kind']
  /** Members above it, without the invitations between them. */
  inviters: readonly PeerId[]
  /** It certified itself by an invitation: set to how long its membership lasts once a member confirms it. */
  memberMs: number | undefined
  /** The invitation by which it came, or said to have come. */
  through: PeerId | undefined
}

export type Verify = (signer: PeerId, content: Uint8Array, signature: Uint8Array) => boolean
export type Sign = (content: Uint8Array) => Uint8Array

/** How the overlay calls a private grid: nobody can found another one of the same name by accident. */
export function gridNameOf(name: string, authority: PeerId): string {
  return `${name}-${hashOf(new TextEncoder().encode(authority)).slice(0, 16)}`
}

export function certify(body: CertificateBody, sign: Sign): Certificate {
  const bytes = packBody(certificateBodySchema.parse(body))
  return [bytes, sign(sealedBytes('membership', bytes))]
}

export function packChain(chain: readonly Certificate[]): Uint8Array {
  return encode(chain)
}

/** @throws {GridError} MH_BAD_MESSAGE, blaming the remote */
export function unpackChain(packed: Uint8Array): Certificate[] {
  return decode(packed, chainSchema, 'a membership')
}

export interface ChainQuestion {
  authority: PeerId
  /** Undefined: a chain at any time, as revocations need it. */
  nowUtcMs: number | undefined
  verify: Verify
}

/** @returns what the chain proves of its last subject, or why it proves nothing, for its holder */
export function checkChain(
  chain: readonly Certificate[],
  { authority, nowUtcMs, verify }: ChainQuestion,
): CheckedChain | { fault: string } {
  let issuer: PeerId = authority
  let above: CertificateBody | undefined
  const lineage: PeerId[] = []
  const inviters: PeerId[] = []
  let expiresUtcMs = Number.MAX_SAFE_INTEGER
  let memberMs: number | undefined
  let through: PeerId | undefined
  for (const [bytes, signature] of chain) {
    if (!verify(issuer, sealedBytes('membership', bytes), signature))
      return { fault: 'its membership is of another grid, or was altered' }
    const body = unpackBody(bytes)
    const fault = faultBelow(above, body)
    if (fault !== undefined) return { fault }
    expiresUtcMs = Math.min(expiresUtcMs, body.expiresUtcMs)
    if (nowUtcMs !== undefined && expiresUtcMs <= nowUtcMs)
      return {
        fault:
          above?.kind === 'invitation' || body.kind === 'invitation'
            ? expired.invitation
            : expired.membership,
      }
    if (above?.kind === 'member') inviters.push(above.subject)
    inviters.push(...(body.via ?? []))
    if (above?.kind === 'invitation') through = above.subject
    else through = body.through
    lineage.push(...(body.via ?? []), body.subject)
    memberMs = above?.kind === 'invitation' ? (above.memberMs ?? 0) : undefined
    issuer = body.subject
    above = body
  }
  if (above === undefined) return { fault: 'it shows no membership' }
  const { kind, subject, roles } = above
  return { kind, peer: subject, roles, lineage, inviters, expiresUtcMs, memberMs, through }
}

const expired = {
  invitation: 'its invitation has expired: ask for a new one',
  membership: 'its membership has expired: ask for a new invitation',
}

/** Why a certificate may not follow the one above it; the grid's own key may issue anything. */
function faultBelow(above: CertificateBody | undefined, body: CertificateBody): string | undefined {
  if (above === undefined) return undefined
  if (body.roles.some((role) => !above.roles.includes(role)))
    return 'its membership claims a role that it was not given'
  if (above.kind === 'invitation') {
    if (body.kind !== 'member') return 'its invitation does not invite others'
    if (above.forPeer !== undefined && above.forPeer !== body.subject)
      return 'its invitation is for somebody else'
    return undefined
  }
  return above.roles.includes('invite')
    ? undefined
    : 'it was invited by a member who may not invite'
}

const revocationBodySchema = z.strictObject({ revoked: peerIdSchema })
export const revocationSchema = z.strictObject({
  body: bytesSchema.refine((bytes) => bytes.length <= 256),
  signer: peerIdSchema,
  signature,
  /** The chain of the revoked, which shows that the signer stands above; the grid's key needs none. */
  chain: bytesSchema.refine((bytes) => bytes.length <= 6 * 1024).optional(),
})
export type PackedRevocation = z.infer<typeof revocationSchema>

const revocationPurpose: SealPurpose = 'revocation'

export function revoke(
  revoked: PeerId,
  signer: PeerId,
  sign: Sign,
  chain: Uint8Array | undefined,
): PackedRevocation {
  const body = encode({ revoked })
  const signature = sign(sealedBytes(revocationPurpose, body))
  return chain === undefined ? { body, signer, signature } : { body, signer, signature, chain }
}

/** @returns who is revoked; or why the revocation counts for nothing */
export function checkRevocation(
  { body, signer, signature, chain }: PackedRevocation,
  { authority, verify }: Omit<ChainQuestion, 'nowUtcMs'>,
): { revoked: PeerId } | { fault: string } {
  if (!verify(signer, sealedBytes(revocationPurpose, body), signature))
    return { fault: 'the signature of a revocation is wrong' }
  const { revoked } = decode(body, revocationBodySchema, 'a revocation')
  if (signer === authority) return { revoked }
  const checked =
    chain === undefined
      ? { fault: 'a revocation shows no chain' }
      : checkChain(unpackChain(chain), { authority, nowUtcMs: undefined, verify })
  if ('fault' in checked) return checked
  const { lineage, through } = checked
  // The invitation of a member that was confirmed stands just above it.
  const at = revoked === through ? lineage.length - 1 : lineage.indexOf(revoked)
  const signerAt = lineage.indexOf(signer)
  return signerAt >= 0 && signerAt < at
    ? { revoked }
    : { fault: 'a revocation is not signed by anybody above the revoked' }
}
