/**
 * A node's place in its private grid: what it shows others, whom it believes, whom it lets in. Certificates are checked
 * here, with clock and keys; what follows from them is the core's to decide.
 */
import { randomBytes } from 'node:crypto'
import type { MemberRecord, RevocationRecord } from '../../core/kit/records.js'
import type { Belonging, Provisional } from '../../core/membership/members.js'
import { GridError } from '../../protocol/errors.js'
import type { PeerId } from '../../protocol/ids.js'
import { formatInvitation } from '../../protocol/invitation.js'
import { limits } from '../../protocol/limits.js'
import {
  type Certificate,
  type CheckedChain,
  certify,
  checkChain,
  checkRevocation,
  type PackedRevocation,
  packChain,
  type Role,
  revoke,
  unpackChain,
} from '../../protocol/membership.js'
import { type Identity, identityFromSeed } from '../identity.js'
import { type GridPapers, overlayNameOf } from './grid-papers.js'

export interface InviteOptions {
  roles: readonly Role[]
  /** How long it can be used. */
  forMs: number
  /** How long who comes by it stays a member. */
  memberMs: number
  /** For this peer alone. */
  peer: PeerId | undefined
  /** Where this node is met; the first few go in. */
  addresses: readonly string[]
}

/** Addresses in an invitation: more make it longer than one likes to send. */
const addressesMax = 2

export class PrivateGrid {
  readonly overlayName: string
  readonly name: string
  readonly authority: PeerId
  #papers: GridPapers
  readonly #identity: Identity
  #own: CheckedChain

  /** @throws {GridError} MH_NOT_A_MEMBER when this node's membership has expired */
  constructor(papers: GridPapers, identity: Identity, nowUtcMs = Date.now()) {
    this.#papers = papers
    this.#identity = identity
    this.name = papers.name
    this.authority = papers.authority
    this.overlayName = overlayNameOf(papers)
    const own = checkChain(unpackChain(papers.chain), {
      authority: this.authority,
      nowUtcMs,
      verify: identity.signer.verify,
    })
    if ('fault' in own || own.peer !== identity.signer.self) {
      const why = 'fault' in own ? own.fault : 'its membership is of another node'
      throw new GridError(
        'MH_NOT_A_MEMBER',
        `this node is no member of the grid "${this.name}": ${why}`,
        {
          blame: 'user',
          hint: 'join anew with "manyhands grid join", or go back to the open grid with "manyhands grid leave"',
        },
      )
    }
    this.#own = own
  }

  get belonging(): Belonging {
    return { authority: this.authority, roles: this.#own.roles, lineage: this.#own.lineage }
  }

  get roles(): readonly Role[] {
    return this.#own.roles
  }

  get expiresUtcMs(): number {
    return this.#own.expiresUtcMs
  }

  /** Whether the grid's own key is here. */
  get isFounder(): boolean {
    return this.#papers.seed !== undefined
  }

  /** Where it was told to meet the others first. */
  get meetingPlaces(): readonly string[] {
    return this.#papers.meet
  }

  /** What this node shows. */
  get shown(): Uint8Array {
    return this.#papers.chain
  }

  /** @returns the member that a chain proves a peer to be; or why it proves nothing */
  examine(
    peer: PeerId,
    shown: Uint8Array | undefined,
    nowUtcMs: number,
  ): { record: MemberRecord; provisional: Provisional | undefined } | { fault: string } {
    if (shown === undefined)
      return { fault: 'this grid is private: ask a member for an invitation' }
    const checked = this.#check(unpackChain(shown), nowUtcMs)
    if ('fault' in checked) return checked
    if (checked.kind !== 'member')
      return { fault: 'it shows an invitation, and nobody who used it' }
    if (checked.peer !== peer) return { fault: 'the membership that it shows is of another node' }
    const { roles, lineage, expiresUtcMs, memberMs, through } = checked
    const expiresMs = expiresUtcMs
    const seenMs = nowUtcMs
    const record = { peer, roles, lineage, through, expiresMs, seenMs, chain: shown }
    const provisional =
      memberMs === undefined || memberMs === 0 || through === undefined
        ? undefined
        : { memberMs, through }
    return { record, provisional }
  }

  /** A revocation as it travels; @returns why it counts for nothing instead, if so */
  examineRevocation(packed: PackedRevocation): RevocationRecord | { fault: string } {
    const { verify } = this.#identity.signer
    const checked = checkRevocation(packed, { authority: this.authority, verify })
    return 'fault' in checked
      ? checked
      : { revoked: checked.revoked, signer: packed.signer, packed }
  }

  /** Takes a certificate of one's own in place of the one by an invitation; @returns papers to keep, if it is any better */
  adopt(chain: Uint8Array, nowUtcMs: number): GridPapers | undefined {
    const checked = this.#check(unpackChain(chain), nowUtcMs)
    if ('fault' in checked || checked.peer !== this.#own.peer) return undefined
    if (checked.kind !== 'member' || checked.expiresUtcMs <= this.#own.expiresUtcMs)
      return undefined
    if (!this.#own.roles.every((role) => checked.roles.includes(role))) return undefined
    this.#own = checked
    this.#papers = { ...this.#papers, chain }
    return this.#papers
  }

  /** @throws {GridError} MH_USAGE when this node may not invite, or not with such roles */
  invite({ roles, forMs, memberMs, peer, addresses }: InviteOptions): {
    text: string
    invitation: PeerId
    expiresUtcMs: number
    chain: Uint8Array
  } {
    this.#mustBeAbleTo('invite', 'invite others')
    for (const role of roles) this.#mustBeAbleTo(role, `give the role ${role}`)
    const seed = new Uint8Array(randomBytes(32))
    const invitation = identityFromSeed(seed).signer.self
    const expiresUtcMs = Math.min(Date.now() + forMs, this.#own.expiresUtcMs)
    const body = {
      kind: 'invitation' as const,
      subject: invitation,
      roles: [...roles],
      expiresUtcMs,
      memberMs,
    }
    const chain = this.#issue(peer === undefined ? body : { ...body, forPeer: peer })
    const { name, authority } = this
    const packed = packChain(chain)
    const places = addresses.slice(0, addressesMax)
    const text = formatInvitation({ name, authority, chain: packed, seed, addresses: [...places] })
    return { text, invitation, expiresUtcMs, chain: packed }
  }

  /**
   * A certificate for a member that came by an invitation. It names those who let it in, who go on standing above it
   * whoever confirms it.
   *
   * @returns undefined when too many did
   */
  confirm(
    member: MemberRecord,
    { memberMs, through }: Provisional,
    nowUtcMs: number,
  ): Uint8Array | undefined {
    const above = this.isFounder ? [] : this.#own.lineage
    const checked = this.#check(unpackChain(member.chain), nowUtcMs)
    if ('fault' in checked) return undefined
    const via = checked.inviters.filter((peer) => !above.includes(peer))
    if (via.length > limits.inviterRowMax) return undefined
    const expiresUtcMs = Math.min(nowUtcMs + memberMs, this.#own.expiresUtcMs)
    const roles = member.roles.filter((role) => this.#own.roles.includes(role))
    const subject = member.peer
    return packChain(
      this.#issue({ kind: 'member' as const, subject, roles, expiresUtcMs, through, via }),
    )
  }

  /** @throws {GridError} MH_USAGE when the revoked did not come by this node */
  revoke(revoked: PeerId, chain: Uint8Array | undefined): RevocationRecord {
    const { self } = this.#identity.signer
    if (revoked === self)
      throw new GridError('MH_USAGE', 'a node cannot revoke itself', {
        blame: 'user',
        hint: 'leave the grid with "manyhands grid leave"',
      })
    const key = this.#key()
    const packed = key
      ? revoke(revoked, key.self, key.sign, undefined)
      : revoke(revoked, self, this.#identity.signer.sign, chain)
    const examined = this.examineRevocation(packed)
    if (!('fault' in examined)) return examined
    throw new GridError('MH_USAGE', `${revoked} cannot be revoked from here: ${examined.fault}`, {
      blame: 'user',
      hint: 'revoke it on the node that founded the grid, or on one that invited it',
    })
  }

  #check(chain: readonly Certificate[], nowUtcMs: number): CheckedChain | { fault: string } {
    const { verify } = this.#identity.signer
    return checkChain(chain, { authority: this.authority, nowUtcMs, verify })
  }

  /** The grid's own key, on the node that founded it. */
  #key() {
    const { seed } = this.#papers
    return seed === undefined ? undefined : identityFromSeed(seed).signer
  }

  /** Signed by the grid's key where it is here: the chain stays short. */
  #issue(body: Parameters<typeof certify>[0]): Certificate[] {
    const key = this.#key()
    if (key !== undefined) return [certify(body, key.sign)]
    return [...unpackChain(this.#papers.chain), certify(body, this.#identity.signer.sign)]
  }

  #mustBeAbleTo(role: Role, what: string): void {
    if (this.#own.roles.includes(role)) return
    throw new GridError('MH_USAGE', `this node may not ${what} in the grid "${this.name}"`, {
      blame: 'user',
      hint: `its roles are ${this.#own.roles.join(', ')}; whoever invited it can give others`,
    })
  }
}
