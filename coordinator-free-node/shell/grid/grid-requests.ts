/** What a client may ask of its node about the private grid that it is a member of. */
import { type Members, revokedIn } from '../../core/membership/members.js'
import { GridError } from '../../protocol/errors.js'
import type {
  GatewayRequest,
  GatewayResults,
  GridMemberView,
  GridView,
} from '../../protocol/gateway-api.js'
import type { PeerId } from '../../protocol/ids.js'
import type { NodeParts } from '../node-parts.js'
import type { PrivateGrid } from './private-grid.js'

type Methods = 'grid' | 'invite' | 'revoke'
type Requests = {
  [Method in Methods]: (request: GatewayRequest<Method>) => Promise<GatewayResults[Method]>
}

export function gridRequests({ grid, state, overlay, driver, journal }: NodeParts): Requests {
  return {
    grid: async () =>
      gridView(mustBeMember(grid), state.members, state.self, (peer) =>
        state.neighbours.neighbours.has(peer),
      ),
    async invite({ roles, forMs, memberMs, peer }) {
      const member = mustBeMember(grid)
      const addresses = overlay.addresses()
      const { text, invitation, expiresUtcMs } = member.invite({
        roles: [...new Set(roles)],
        forMs,
        memberMs,
        peer,
        addresses,
      })
      return { grid: member.name, text, invitation, roles, expiresUtcMs, forPeer: peer }
    },
    async revoke({ member: ref }) {
      const own = mustBeMember(grid)
      const revoked = subjectOf(state.members, ref)
      const chain = [...state.members.known.values()].find(({ lineage }) =>
        lineage.includes(revoked),
      )?.chain
      const record = own.revoke(revoked, chain)
      driver.dispatch({ type: 'revocation-issued', record })
      // Whoever revokes wants it to hold after a crash, too.
      await journal.idle()
      const gone = [...state.members.known.values()].filter(({ lineage }) =>
        lineage.includes(revoked),
      )
      return { revoked, members: gone.map(({ peer }) => peer) }
    },
  }
}

function mustBeMember(grid: PrivateGrid | undefined): PrivateGrid {
  if (grid !== undefined) return grid
  throw new GridError('MH_USAGE', 'this node is a member of no private grid', {
    blame: 'user',
    hint: 'found one with "manyhands grid create NAME", or join one with "manyhands grid join INVITATION"',
  })
}

function gridView(
  grid: PrivateGrid,
  members: Members,
  self: PeerId,
  isConnected: (peer: PeerId) => boolean,
): GridView {
  const views = [...members.known.values()].map((record): GridMemberView => {
    const { peer, roles, lineage, expiresMs, seenMs } = record
    return {
      peer,
      self: false,
      roles,
      cameBy: lineage.at(-2),
      expiresUtcMs: expiresMs,
      seenUtcMs: seenMs,
      connected: isConnected(peer),
      revoked: revokedIn(members, lineage) !== undefined,
    }
  })
  const own: GridMemberView = {
    peer: self,
    self: true,
    roles: grid.roles,
    cameBy: grid.belonging.lineage.at(-2),
    expiresUtcMs: grid.expiresUtcMs,
    seenUtcMs: undefined,
    connected: true,
    revoked: revokedIn(members, grid.belonging.lineage) !== undefined,
  }
  const strangers = [...members.revoked.keys()].filter((peer) => !members.known.has(peer))
  return {
    name: grid.name,
    overlayName: grid.overlayName,
    authority: grid.authority,
    founder: grid.isFounder,
    members: [own, ...views.sort((a, b) => (b.seenUtcMs ?? 0) - (a.seenUtcMs ?? 0))],
    revokedElse: strangers,
  }
}

/** A member or an invitation, whole or by the last characters of its id. */
function subjectOf({ known }: Members, ref: string): PeerId {
  const subjects = new Set<PeerId>()
  for (const { lineage } of known.values()) for (const subject of lineage) subjects.add(subject)
  if (subjects.has(ref as PeerId) || /^12D3KooW[1-9A-HJ-NP-Za-km-z]{44}$/.test(ref))
    return ref as PeerId
  const fitting = [...subjects].filter((subject) => subject.endsWith(ref))
  const [only] = fitting
  if (only !== undefined && fitting.length === 1) return only
  throw new GridError(
    'MH_USAGE',
    fitting.length === 0
      ? `no member or invitation known here ends in "${ref}"`
      : `${fitting.length} members and invitations end in "${ref}"`,
    {
      blame: 'user',
      hint: '"manyhands grid members" shows them; the whole id always works',
    },
  )
}
