/** What a client may ask of its node about the private grid that it is a member of. */
import type { RevocationRecord } from '../../core/kit/records.js'
import { type Members, revokedIn } from '../../core/membership/members.js'
import type { Store } from '../../ports/store.js'
import { GridError } from '../../protocol/errors.js'
import type {
  GatewayRequest,
  GatewayResults,
  GridMemberView,
  GridView,
} from '../../protocol/gateway-api.js'
import type { PeerId } from '../../protocol/ids.js'
import type { NodeParts } from '../node-parts.js'
import { keepInvited, listInvited, readInvited } from './grid-papers.js'
import type { PrivateGrid } from './private-grid.js'

type Methods = 'grid' | 'invite' | 'revoke'
type Requests = {
  [Method in Methods]: (request: GatewayRequest<Method>) => Promise<GatewayResults[Method]>
}

export function gridRequests({
  grid,
  state,
  overlay,
  driver,
  journal,
  store,
}: NodeParts): Requests {
  return {
    grid: async () =>
      gridView(mustBeMember(grid), state.members, state.self, (peer) =>
        state.neighbours.neighbours.has(peer),
      ),
    async invite({ roles, forMs, memberMs, peer }) {
      const own = mustBeMember(grid)
      const addresses = overlay.addresses()
      const wanted = [...new Set(roles)]
      const made = own.invite({ roles: wanted, forMs, memberMs, peer, addresses })
      const { text, invitation, expiresUtcMs, chain } = made
      await keepInvited(store, invitation, { chain, expiresUtcMs })
      return { grid: own.name, text, invitation, roles: wanted, expiresUtcMs, forPeer: peer }
    },
    async revoke({ member: ref }) {
      const own = mustBeMember(grid)
      const subject = subjectOf(state.members, await listInvited(store), ref)
      const records: RevocationRecord[] = []
      for (const [revoked, chain] of await concerned(store, state.members, subject))
        records.push(own.revoke(revoked, chain))
      for (const record of records) driver.dispatch({ type: 'revocation-issued', record })
      // Whoever revokes wants it to hold after a crash, too.
      await journal.idle()
      const gone = [...state.members.known.values()].filter(
        ({ lineage }) => revokedIn(state.members, lineage) !== undefined,
      )
      const isNew = (lineage: readonly PeerId[]) =>
        records.some(({ revoked }) => lineage.includes(revoked))
      const members = gone.filter(({ lineage }) => isNew(lineage)).map(({ peer }) => peer)
      return { revoked: subject, members }
    },
  }
}

/**
 * Whom a revocation is about: with a member goes the invitation by which it came, or it would come again under another
 * name; with an invitation all who came by it. Each with the chain that shows who stands above.
 */
async function concerned(
  store: Store,
  { known }: Members,
  subject: PeerId,
): Promise<[PeerId, Uint8Array | undefined][]> {
  const member = known.get(subject)
  if (member !== undefined) {
    const { through, chain } = member
    return through === undefined
      ? [[subject, chain]]
      : [
          [subject, chain],
          [through, chain],
        ]
  }
  const byIt = [...known.values()].filter(({ through }) => through === subject)
  const inviting = (await readInvited(store, subject)) ?? byIt[0]?.chain
  return [
    [subject, inviting],
    ...byIt.map(({ peer, chain }): [PeerId, Uint8Array] => [peer, chain]),
  ]
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
    const { peer, roles, lineage, through, expiresMs, seenMs } = record
    return {
      peer,
      self: false,
      roles,
      cameBy: through ?? lineage.at(-2),
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
function subjectOf({ known }: Members, invited: readonly PeerId[], ref: string): PeerId {
  const subjects = new Set<PeerId>(invited)
  for (const { lineage, through } of known.values())
    for (const subject of [...lineage, ...(through === undefined ? [] : [through])])
      subjects.add(subject)
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
