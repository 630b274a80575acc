/** Private grids in words. */
import type {
  GridMemberView,
  GridView,
  InvitationView,
  RevokedView,
} from '../protocol/gateway-api.js'
import { shortId } from '../protocol/ids.js'
import type { GridPlace } from '../shell/grid/membership-change.js'
import { formatDurationMs } from './format.js'
import { formatTable } from './table.js'

export function renderPlace(place: GridPlace, how: 'founded' | 'joined'): string {
  const { name, peer, roles } = place
  const next =
    how === 'founded'
      ? 'start it with "manyhands node", then let others in with "manyhands grid invite"'
      : `start it with "manyhands node"; it may ${inWords(roles)}`
  return `${how} the private grid "${name}" as ${peer}\n${next}`
}

export function renderInvitation(view: InvitationView, file: string | undefined): string {
  const { grid, text, invitation, roles, expiresUtcMs, forPeer } = view
  const whom = forPeer === undefined ? 'whoever holds it' : shortId(forPeer)
  return [
    file === undefined ? text : `written to ${file}`,
    '',
    `lets ${whom} join "${grid}" until ${dayOf(expiresUtcMs)}, to ${inWords(roles)}`,
    `there: manyhands grid join ${file ?? 'TEXT'}; taken back with: manyhands grid revoke ${shortId(invitation)}`,
  ].join('\n')
}

export function renderMembers(view: GridView, nowUtcMs: number): string {
  const { name, founder, members, revokedElse } = view
  const head = `private grid "${name}"${founder ? ', founded here' : ''}`
  const rows = members.map((member) => [
    member.self ? `${shortId(member.peer)} (this node)` : shortId(member.peer),
    member.roles.join(', '),
    member.cameBy === undefined ? "the grid's key" : shortId(member.cameBy),
    seenOf(member, nowUtcMs),
    dayOf(member.expiresUtcMs),
  ])
  const table = formatTable(
    ['MEMBER', 'MAY', 'CAME BY', 'SEEN', 'UNTIL'].map((title) => ({ title })),
    rows,
  )
  const others =
    revokedElse.length === 0
      ? []
      : [`revoked as well, never met here: ${revokedElse.map(shortId).join(', ')}`]
  return [head, table, ...others].join('\n')
}

export function renderRevoked({ revoked: member, members }: RevokedView): string {
  if (members.length === 0)
    return `revoked ${member}: nobody that this node has met is a member by it; whoever comes is refused`
  return `revoked ${member}: out ${members.length === 1 ? 'is' : 'are'} ${members.map(shortId).join(', ')}`
}

function seenOf({ self, connected, revoked, seenUtcMs }: GridMemberView, nowUtcMs: number): string {
  if (revoked) return 'revoked'
  if (self) return ''
  if (connected) return 'here'
  return seenUtcMs === undefined ? '' : `${formatDurationMs(nowUtcMs - seenUtcMs)} ago`
}

const verbs = { submit: 'submit jobs', host: 'work for others', invite: 'invite others' } as const

function inWords(roles: readonly (keyof typeof verbs)[]): string {
  return roles.map((role) => verbs[role]).join(', ')
}

function dayOf(utcMs: number): string {
  return new Date(utcMs).toISOString().slice(0, 16).replace('T', ' ')
}
